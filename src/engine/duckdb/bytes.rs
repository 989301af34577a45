//! What the bytes of a file say of it, before the engine takes them for something else.
//!
//! The engine reads a compressed file that was cut off as a shorter one, without a word: an export
//! whose upload broke off would lose people. And text in an encoding that it was not told becomes
//! other text. Both are found here.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

/// How a file is compressed, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packed {
    Gzip,
    Zstd,
}

impl Packed {
    /// What the ending of a name says.
    pub(super) fn by_name(path: &str) -> Option<Packed> {
        let name = path.to_lowercase();
        match name.rsplit_once('.')?.1 {
            "gz" => Some(Packed::Gzip),
            "zst" => Some(Packed::Zstd),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Packed::Gzip => "gzip",
            Packed::Zstd => "zstd",
        }
    }

    fn ending(self) -> &'static str {
        match self {
            Packed::Gzip => ".gz",
            Packed::Zstd => ".zst",
        }
    }
}

/// How the bytes of a text begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// Nothing that says more.
    None,
    /// A byte order mark of UTF-8.
    Utf8,
    /// UTF-16 with the little end first, and whether a mark says so.
    Utf16 { marked: bool },
    /// UTF-16 with the big end first, which the engine cannot read.
    Utf16Big,
}

/// Why a file is not what its name says: what it is, and what to do about it.
pub(super) type Otherwise = (String, String);

/// What a text file is, when it is not what its name says.
pub(super) fn misnamed(path: &str) -> Option<Otherwise> {
    let mut head = [0; 4];
    let filled = fill(&mut File::open(path).ok()?, &mut head).ok()?;
    let head = &head[..filled];
    let name = Path::new(path).file_name()?.to_string_lossy().into_owned();
    let packed = Packed::by_name(path);
    let is = match head {
        [0x1f, 0x8b, ..] => Some(Packed::Gzip),
        [0x28, 0xb5, 0x2f, 0xfd] | [0x50..=0x5f, 0x2a, 0x4d, 0x18] => Some(Packed::Zstd),
        _ => None,
    };
    match (packed, is) {
        (Some(named), is) if is != Some(named) && !head.is_empty() => {
            let what = format!("is not compressed with {}", named.name());
            Some((what, format!("take `{}` off its name", named.ending())))
        }
        (None, Some(is)) => Some((
            format!("is compressed with {}", is.name()),
            format!("name it `{name}{}`", is.ending()),
        )),
        (None, None) if head == b"PK\x03\x04" => Some((
            "is a zip archive or a workbook".into(),
            "unpack it, or save the sheet as CSV".into(),
        )),
        (None, None) if head == b"PAR1" => {
            Some(("is a Parquet file".into(), "let its name end in `.parquet`".into()))
        }
        _ => None,
    }
}

/// How the text of a file begins, with the compression off. What cannot be looked into says nothing.
pub(super) fn mark(path: &str) -> Mark {
    let mut head = [0; 4];
    let read = opened(path).map_or(Ok(0), |mut text| fill(&mut text, &mut head));
    match (read, head) {
        (Ok(3..), [0xef, 0xbb, 0xbf, _]) => Mark::Utf8,
        (Ok(2..), [0xff, 0xfe, ..]) => Mark::Utf16 { marked: true },
        (Ok(2..), [0xfe, 0xff, ..]) => Mark::Utf16Big,
        // Names of columns begin with letters of Latin script nearly always.
        (Ok(4..), [a, 0, b, 0]) if a != 0 && b != 0 => Mark::Utf16 { marked: false },
        (Ok(4..), [0, a, 0, b]) if a != 0 && b != 0 => Mark::Utf16Big,
        _ => Mark::None,
    }
}

/// Reads a compressed file to its end, and tells what is wrong with it. Others are whole as far as
/// anybody can tell.
pub(super) fn damage(path: &str) -> Option<Otherwise> {
    let packed = Packed::by_name(path)?;
    let mut file = BufReader::with_capacity(1 << 16, File::open(path).ok()?);
    let read = match packed {
        Packed::Gzip => io::copy(&mut MultiGzDecoder::new(file), &mut io::sink()).map(drop),
        Packed::Zstd => zstd_frames(&mut file),
    };
    let what = match read {
        Ok(()) => return None,
        Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => "is cut off",
        Err(_) => "is damaged",
    };
    Some((what.into(), "get the file again: it ends too early, or was changed on its way".into()))
}

/// Walks over the frames and blocks of a Zstandard file (RFC 8878). The sums over their content are
/// the engine's to check, which it does.
fn zstd_frames(file: &mut impl BufRead) -> io::Result<()> {
    let damaged = || io::Error::from(io::ErrorKind::InvalidData);
    while !file.fill_buf()?.is_empty() {
        match u32::from_le_bytes(take(file)?) {
            0x184d_2a50..=0x184d_2a5f => {
                let length = u32::from_le_bytes(take(file)?);
                skip(file, u64::from(length))?;
            }
            0xfd2f_b528 => {
                let [descriptor] = take(file)?;
                let single = descriptor & 0x20 != 0;
                let window = u64::from(!single);
                let dictionary = [0, 1, 2, 4][usize::from(descriptor & 3)];
                let size = match descriptor >> 6 {
                    0 => u64::from(single),
                    flag => 1 << flag,
                };
                skip(file, window + dictionary + size)?;
                loop {
                    let [a, b, c] = take(file)?;
                    let header = u32::from_le_bytes([a, b, c, 0]);
                    let length = u64::from(header >> 3);
                    match (header >> 1) & 3 {
                        0 | 2 => skip(file, length)?,
                        1 => skip(file, 1)?,
                        _ => return Err(damaged()),
                    }
                    if header & 1 == 1 {
                        break;
                    }
                }
                if descriptor & 4 != 0 {
                    skip(file, 4)?;
                }
            }
            _ => return Err(damaged()),
        }
    }
    Ok(())
}

fn take<const N: usize>(from: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn skip(from: &mut impl Read, length: u64) -> io::Result<()> {
    match io::copy(&mut from.take(length), &mut io::sink())? {
        skipped if skipped == length => Ok(()),
        _ => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

fn fill(from: &mut impl Read, head: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < head.len() {
        match from.read(&mut head[filled..])? {
            0 => break,
            n => filled += n,
        }
    }
    Ok(filled)
}

/// The first line with a byte that stands for a letter in Windows-1252 and for none in Latin-1.
pub(super) fn line_beyond_latin_1(path: &str) -> Option<u64> {
    let mut line = 1;
    for byte in BufReader::new(opened(path)?).bytes() {
        match byte.ok()? {
            0x80..=0x9f => return Some(line),
            b'\n' => line += 1,
            _ => {}
        }
    }
    None
}

/// A file with its compression off; nothing for what cannot be read here.
fn opened(path: &str) -> Option<Box<dyn Read>> {
    let file = BufReader::new(File::open(path).ok()?);
    match Packed::by_name(path) {
        None => Some(Box::new(file)),
        Some(Packed::Gzip) => Some(Box::new(MultiGzDecoder::new(file))),
        Some(Packed::Zstd) => None,
    }
}

/// The first line of a text that ends in another way than its first one does, outside of quotes.
/// The engine refuses such a file without saying why.
pub(super) fn other_line_end(path: &str, quote: Option<u8>) -> Option<u64> {
    let (mut line, mut first, mut quoted, mut after_return) = (1, None, false, false);
    let mut ends = |line: u64, end: &'static str| *first.get_or_insert(end) != end && line > 1;
    for byte in BufReader::new(opened(path)?).bytes() {
        let byte = byte.ok()?;
        let returned = std::mem::take(&mut after_return);
        if returned && byte != b'\n' {
            if ends(line, "\r") {
                return Some(line);
            }
            line += 1;
        }
        match byte {
            _ if Some(byte) == quote => quoted = !quoted,
            b'\r' if !quoted => after_return = true,
            b'\n' if !quoted => {
                if ends(line, if returned { "\r\n" } else { "\n" }) {
                    return Some(line);
                }
                line += 1;
            }
            b'\n' => line += 1,
            _ => {}
        }
    }
    (after_return && ends(line, "\r")).then_some(line)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    /// Two frames, the first of a raw, a repeated and a compressed-looking block with a sum behind,
    /// put together by hand from RFC 8878; between them one to be skipped.
    fn frames() -> Vec<u8> {
        let magic = 0xfd2f_b528_u32.to_le_bytes();
        let block = |last: u32, kind: u32, size: u32| {
            (size << 3 | kind << 1 | last).to_le_bytes()[..3].to_vec()
        };
        let mut bytes = magic.to_vec();
        // With a sum, no single segment: a byte for the window follows.
        bytes.extend([0b0000_0100, 0x58]);
        bytes
            .extend([block(0, 0, 3), b"abc".to_vec(), block(0, 1, 70_000), b"x".to_vec()].concat());
        bytes.extend([block(1, 2, 2), vec![9, 9], vec![1, 2, 3, 4]].concat());
        bytes.extend([0x184d_2a53_u32.to_le_bytes(), 5_u32.to_le_bytes()].concat());
        bytes.extend(b"extra");
        // A single segment whose size stands in two bytes.
        bytes.extend([&magic[..], &[0b0110_0000, 1, 0], &block(1, 0, 0)].concat());
        bytes
    }

    #[test]
    fn frames_of_zstd_end_where_they_say_and_nowhere_before() {
        let bytes = frames();
        assert!(zstd_frames(&mut bytes.as_slice()).is_ok());
        let second = bytes.len() - 10;
        for length in 1..bytes.len() {
            let cut = zstd_frames(&mut &bytes[..length]);
            // Behind a whole frame, nothing says that another one followed.
            let whole = length == second || length == second - 13;
            assert_eq!(cut.is_ok(), whole, "{length} of {}: {cut:?}", bytes.len());
        }
        let mut wrong = bytes.clone();
        wrong[6] |= 0b110;
        assert_eq!(
            zstd_frames(&mut wrong.as_slice()).unwrap_err().kind(),
            io::ErrorKind::InvalidData
        );
    }

    #[test]
    fn a_line_that_ends_otherwise_is_found_outside_of_quotes() {
        let mut file = tempfile::Builder::new().suffix(".csv").tempfile().unwrap();
        let mut first = |text: &str| {
            file.as_file().set_len(0).unwrap();
            file.reopen().unwrap().write_all(text.as_bytes()).unwrap();
            file.flush().unwrap();
            other_line_end(file.path().to_str().unwrap(), Some(b'"'))
        };
        assert_eq!(first("a\nb\nc"), None);
        assert_eq!(first("a\r\n\"x\ny\"\r\nc\r\n"), None);
        assert_eq!(first("a\r\nb\nc\r\n"), Some(2));
        assert_eq!(first("a\n\"x\ny\"\nb\r\n"), Some(4));
        assert_eq!(first("a\nb\rc\n"), Some(2));
        assert_eq!(first("a\rb\rc"), None);
        assert_eq!(first("a\nb\r"), Some(2));
    }
}
