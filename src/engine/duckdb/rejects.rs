//! Rows of CSV files that cannot be read, set aside when a script asks for that.
//!
//! The engine can skip rows itself, but which ones depends on the columns that a query reads, and after
//! a quote without an end it drops the rest of the file without a word. So the file is sorted here once:
//! what is left is read as strictly as any other file, and every line is in one of the two.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;

use super::bytes::Packed;

/// No row is longer: half of the engine's buffer.
const LONGEST: usize = super::files::CSV_BUFFER / 2;
/// So much of a file says how its lines end.
const START: usize = 65_536;

/// Rows of one source that were set aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// The source, as people know it.
    pub source: String,
    /// Where a run puts them.
    pub target: PathBuf,
    /// Where the script says so.
    pub span: crate::source::Span,
    /// How many.
    pub rows: u64,
    /// Where they wait.
    pub(crate) staged: PathBuf,
    /// The files of the source, and those that are read instead.
    pub(super) files: Vec<String>,
    pub(super) clean: Vec<String>,
}

impl Rejected {
    /// The files that the rows come from.
    pub fn files(&self) -> &[String] {
        &self.files
    }
}

/// How the rows of a file are told apart.
pub(super) struct Dialect {
    pub delimiter: String,
    pub quote: Option<char>,
    pub header: bool,
    /// Whether the bytes must be UTF-8.
    pub utf8: bool,
}

/// The first lines of a file, each without its end, in whatever encoding.
pub(super) fn first_lines(path: &Path, utf8: bool, count: usize) -> io::Result<Vec<String>> {
    let mut lines = Lines::open(path)?;
    let mut found = Vec::new();
    while found.len() < count
        && let Some(line) = lines.next()?
    {
        let text = without_end(&line);
        let text = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text);
        found.push(match utf8 {
            true => String::from_utf8_lossy(text).into_owned(),
            false => text.iter().map(|b| char::from(*b)).collect(),
        });
    }
    Ok(found)
}

/// Writes the head of a file of rejects.
pub(super) fn begin(rejects: &Path) -> io::Result<BufWriter<File>> {
    let mut out = BufWriter::new(File::create(rejects)?);
    out.write_all(b"file,line,reason,text\n")?;
    Ok(out)
}

/// Sorts the rows of a file of `width` columns: those that can be read go to `clean`, the others,
/// with the name of the file, to `rejects`. Gives how many those are.
pub(super) fn sort(
    path: &Path,
    name: &str,
    dialect: &Dialect,
    width: usize,
    clean: &Path,
    rejects: &mut dyn Write,
) -> io::Result<u64> {
    let mut lines = Lines::open(path)?;
    let mut clean = BufWriter::new(File::create(clean)?);
    let mut waiting: VecDeque<Vec<u8>> = VecDeque::new();
    let (mut number, mut count) = (1u64, 0u64);
    if dialect.header
        && let Some(header) = lines.next()?
    {
        clean.write_all(without_end(&header))?;
        clean.write_all(b"\n")?;
        number += 1;
    }
    'rows: loop {
        let (mut row, mut taken) = (Vec::new(), 0);
        let wrong = loop {
            if taken == waiting.len() {
                match lines.next()? {
                    Some(line) => waiting.push_back(line),
                    None if taken == 0 => break 'rows,
                    None => break "a quote does not end".to_owned(),
                }
            }
            let line = &waiting[taken];
            row.extend_from_slice(line);
            taken += 1;
            if row.len() > LONGEST {
                break "is too long".to_owned();
            }
            if dialect.utf8 && std::str::from_utf8(line).is_err() {
                break "is not UTF-8".to_owned();
            }
            // Only a further quote ends one that is open; else each line would be looked at again
            // with each one behind it.
            if taken > 1 && !dialect.has_quote(line) {
                continue;
            }
            let text = without_end(&row);
            // As the engine reads them: blank lines are none, and a delimiter may end a row.
            let fits = |found: usize| {
                found == width
                    || text.is_empty()
                    || (found == width + 1 && text.ends_with(dialect.delimiter.as_bytes()))
            };
            match dialect.width(text) {
                Width::Open => {}
                Width::Broken => break "text follows a quote that ends".to_owned(),
                Width::Of(found) if fits(found) => {
                    clean.write_all(text)?;
                    clean.write_all(b"\n")?;
                    waiting.drain(..taken);
                    number += taken as u64;
                    continue 'rows;
                }
                Width::Of(1) => break format!("has 1 value for {width} columns"),
                Width::Of(found) => break format!("has {found} values for {width} columns"),
            }
        };
        // A quote may have swallowed rows that are fine: only its own line is set aside.
        if let Some(line) = waiting.pop_front() {
            let mut record = format!("{},{number},{},", quoted(name), quoted(&wrong)).into_bytes();
            record.push(b'"');
            for byte in without_end(&line) {
                record.push(*byte);
                if *byte == b'"' {
                    record.push(b'"');
                }
            }
            record.extend_from_slice(b"\"\n");
            rejects.write_all(&record)?;
        }
        number += 1;
        count += 1;
    }
    clean.flush()?;
    Ok(count)
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

enum Width {
    /// So many values.
    Of(usize),
    /// A quote does not end yet.
    Open,
    /// Something follows a quote that ended.
    Broken,
}

impl Dialect {
    fn has_quote(&self, line: &[u8]) -> bool {
        let mut bytes = [0; 4];
        self.quote.is_some_and(|q| find(line, q.encode_utf8(&mut bytes).as_bytes()).is_some())
    }

    fn width(&self, row: &[u8]) -> Width {
        let mut quote_bytes = [0; 4];
        let quote: Option<&[u8]> = match self.quote {
            Some(quote) => Some(quote.encode_utf8(&mut quote_bytes).as_bytes()),
            None => None,
        };
        let delimiter = self.delimiter.as_bytes();
        let mut rest = row;
        let mut values = 0;
        loop {
            values += 1;
            let spaces = rest.iter().take_while(|b| **b == b' ').count();
            let inside =
                quote.and_then(|q| rest[spaces..].strip_prefix(q).map(|inside| (q, inside)));
            if let Some((quote, mut inside)) = inside {
                loop {
                    let Some(end) = find(inside, quote) else { return Width::Open };
                    inside = &inside[end + quote.len()..];
                    match inside.strip_prefix(quote) {
                        Some(behind) => inside = behind,
                        None => break,
                    }
                }
                let spaces = inside.iter().take_while(|b| **b == b' ').count();
                rest = &inside[spaces..];
                if rest.is_empty() {
                    return Width::Of(values);
                }
                match rest.strip_prefix(delimiter) {
                    Some(behind) => rest = behind,
                    None => return Width::Broken,
                }
            } else {
                match find(rest, delimiter) {
                    Some(end) => rest = &rest[end + delimiter.len()..],
                    None => return Width::Of(values),
                }
            }
        }
    }
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|w| w == wanted)
}

fn without_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// The lines of a file with their ends.
struct Lines {
    file: Box<dyn BufRead>,
    end: u8,
}

impl Lines {
    fn open(path: &Path) -> io::Result<Lines> {
        let plain = File::open(path)?;
        let mut file: Box<dyn BufRead> = match Packed::by_name(&path.to_string_lossy()) {
            Some(Packed::Gzip) => {
                let unpacked = MultiGzDecoder::new(BufReader::new(plain));
                Box::new(BufReader::with_capacity(START, unpacked))
            }
            _ => Box::new(BufReader::with_capacity(START, plain)),
        };
        let start = file.fill_buf()?;
        let end = if !start.contains(&b'\n') && start.contains(&b'\r') { b'\r' } else { b'\n' };
        Ok(Lines { file, end })
    }

    fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut line = Vec::new();
        // One without an end must not take all memory: what is behind counts as a line of its own.
        let most = LONGEST as u64 + 1;
        let read = self.file.by_ref().take(most).read_until(self.end, &mut line)?;
        Ok((read > 0).then_some(line))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(text: &[u8], width: usize, utf8: bool) -> (String, String, u64) {
        let folder = tempfile::tempdir().unwrap();
        let [from, clean, rejects] = ["from", "clean", "rejects"].map(|n| folder.path().join(n));
        std::fs::write(&from, text).unwrap();
        let dialect = Dialect { delimiter: ",".into(), quote: Some('"'), header: true, utf8 };
        let mut out = begin(&rejects).unwrap();
        let count = sort(&from, "f.csv", &dialect, width, &clean, &mut out).unwrap();
        out.flush().unwrap();
        drop(out);
        let read = |p| String::from_utf8_lossy(&std::fs::read(p).unwrap()).into_owned();
        let rejects = read(&rejects);
        (read(&clean), rejects.strip_prefix("file,line,reason,text\n").unwrap().into(), count)
    }

    #[test]
    fn every_line_is_in_one_of_the_two() {
        let text = b"id,name\n1,a\n2\n3,c,d\n4,\"d \"\"q\"\",x\"\n5,\"e\nnew\"\n6,\"bad\"x\n7,g\xff\n8, \"h\" \n9,i,\n\n\
                     10,\"open\n11,k\n12,l\r\n";
        let (clean, rejects, count) = sorted(text, 2, true);
        assert_eq!(
            clean,
            "id,name\n1,a\n4,\"d \"\"q\"\",x\"\n5,\"e\nnew\"\n8, \"h\" \n9,i,\n\n11,k\n12,l\n"
        );
        assert_eq!(
            rejects,
            "\"f.csv\",3,\"has 1 value for 2 columns\",\"2\"\n\
             \"f.csv\",4,\"has 3 values for 2 columns\",\"3,c,d\"\n\
             \"f.csv\",8,\"text follows a quote that ends\",\"6,\"\"bad\"\"x\"\n\
             \"f.csv\",9,\"is not UTF-8\",\"7,g\u{fffd}\"\n\
             \"f.csv\",13,\"a quote does not end\",\"10,\"\"open\"\n"
        );
        assert_eq!(count, 5);
    }

    #[test]
    fn a_quote_that_swallows_rows_costs_only_its_own_line() {
        let (clean, rejects, count) = sorted(b"id,name\n1,\"a\n2,b\n3,\"c\"\n4,d\n", 2, true);
        assert_eq!((clean.as_str(), count), ("id,name\n2,b\n3,\"c\"\n4,d\n", 1));
        assert_eq!(rejects, "\"f.csv\",2,\"text follows a quote that ends\",\"1,\"\"a\"\n");
    }

    #[test]
    fn gzip_is_unpacked_and_one_that_was_cut_off_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let [from, clean, rejects] =
            ["f.csv.gz", "clean", "rejects"].map(|n| folder.path().join(n));
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(b"id,name\n1,a\n2\n").unwrap();
        let packed = packed.finish().unwrap();
        let dialect = Dialect { delimiter: ",".into(), quote: Some('"'), header: true, utf8: true };
        std::fs::write(&from, &packed).unwrap();
        let sort = || sort(&from, "f", &dialect, 2, &clean, &mut begin(&rejects).unwrap());
        assert_eq!(sort().unwrap(), 1);
        assert_eq!(std::fs::read(&clean).unwrap(), b"id,name\n1,a\n");
        std::fs::write(&from, &packed[..packed.len() - 9]).unwrap();
        assert!(sort().is_err());
    }

    #[test]
    fn other_encodings_and_line_ends_are_read() {
        assert_eq!(sorted(b"id,name\r1,\xe9\r2\r", 2, false).2, 1);
        assert_eq!(sorted(b"id,name\n", 2, true), ("id,name\n".into(), String::new(), 0));
        assert_eq!(sorted(b"", 2, true), (String::new(), String::new(), 0));
    }
}
