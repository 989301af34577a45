//! Files as other programs export them, against the real engine: encodings, compression, line ends,
//! what is cut off or is something else than its name says.

use std::io::Write;

use flate2::{Compression, write::GzEncoder};

use super::file_tests::{Folder, types_of};
use crate::diagnostic::codes::data;
use crate::model::schema::FileOptions;

fn gzip(text: &str) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(text.as_bytes()).unwrap();
    packed.finish().unwrap()
}

fn utf16(text: &str, big: bool, marked: bool) -> Vec<u8> {
    let units = if marked { format!("\u{feff}{text}") } else { text.to_owned() };
    let bytes = |unit: u16| if big { unit.to_be_bytes() } else { unit.to_le_bytes() };
    units.encode_utf16().flat_map(bytes).collect()
}

fn encoded(encoding: &str) -> FileOptions {
    FileOptions { encoding: Some(encoding.into()), ..FileOptions::default() }
}

const TEXT: &str = "id,city\n1,Orléans\n2,Nîmes\n";

#[test]
fn utf_16_says_so_itself_and_is_read() {
    let mut f = Folder::with("m.csv", utf16(TEXT, false, true));
    let relation = f.open("m.csv");
    assert_eq!(types_of(&relation), "id int, city text");
    assert_eq!(f.rows(&relation), [["1", "Orléans"], ["2", "Nîmes"]]);
    // Spreadsheets call it «Unicode text», and put tabs between.
    f.write("t.txt", utf16("id\tcity\r\n1\tOrléans\r\n", false, true));
    let relation = f.open("t.txt");
    assert_eq!(f.rows(&relation), [["1", "Orléans"]]);
    let relation = f.open_with("m.csv", &encoded("utf-16")).unwrap();
    assert_eq!(f.rows(&relation).len(), 2);
}

#[test]
fn an_encoding_that_is_not_the_stated_one_is_refused_by_its_name() {
    let cases: [(&str, Vec<u8>, Option<&str>, &str); 9] = [
        ("bare.csv", utf16("id,city\n1,x\n", false, false), None, "is UTF-16, not utf-8"),
        ("big.csv", utf16(TEXT, true, true), None, "is UTF-16BE, not utf-8"),
        ("big2.csv", utf16(TEXT, true, true), Some("utf-16"), "is UTF-16BE, not utf-16"),
        ("big3.csv", utf16("id,city\n", true, false), Some("utf-16"), "is UTF-16BE, not utf-16"),
        ("wide.csv", utf16(TEXT, false, true), Some("latin-1"), "is UTF-16, not latin-1"),
        ("wide8.csv", utf16(TEXT, false, true), Some("utf-8"), "is UTF-16, not utf-8"),
        (
            "bom.csv",
            [b"\xef\xbb\xbf", TEXT.as_bytes()].concat(),
            Some("latin-1"),
            "is UTF-8, not latin-1",
        ),
        (
            "bom16.csv",
            [b"\xef\xbb\xbf", TEXT.as_bytes()].concat(),
            Some("utf-16"),
            "is UTF-8, not utf-16",
        ),
        ("win.csv", b"id,city\n1,x\n2,\x93Orl\xe9ans\x94\n".to_vec(), Some("latin-1"), "line 3 of"),
    ];
    for (name, bytes, encoding, says) in cases {
        let mut f = Folder::with(name, bytes);
        let options = FileOptions { encoding: encoding.map(Into::into), ..FileOptions::default() };
        let error = f.open_with(name, &options).unwrap_err();
        assert_eq!(error.code, data::CSV_ENCODING, "{name}: {}", error.title);
        assert!(error.title.contains(says) && error.title.contains(name), "{}", error.title);
        assert!(error.help.is_some(), "{name}");
        if name == "win.csv" {
            assert!(error.title.contains("Windows-1252"), "{}", error.title);
        }
    }
    let mut f = Folder::with("w.csv", "id\n1\n");
    let error = f.open_with("w.csv", &encoded("windows-1252")).unwrap_err();
    assert_eq!(error.code, data::CSV_OPTION);
    assert_eq!(error.help.unwrap(), "convert the file: `iconv -f windows-1252 -t UTF-8`");
    // No text of a script becomes a command to paste.
    let error = f.open_with("w.csv", &encoded("x; rm -rf ~")).unwrap_err();
    assert_eq!(error.help.unwrap(), "convert the file to UTF-8");
}

#[test]
fn json_in_another_encoding_is_refused_by_its_name() {
    for big in [false, true] {
        let mut f = Folder::with("w.json", utf16("{\"id\": 1}\n", big, true));
        let error = f.error("w.json");
        assert_eq!(error.code, data::FILE_UNREADABLE);
        assert!(error.title.contains("UTF-16"), "{}", error.title);
    }
    let mut f = Folder::with("b.json", "\u{feff}{\"id\": 1}\n");
    let relation = f.open("b.json");
    assert_eq!(f.rows(&relation), [["1"]]);
}

#[test]
fn a_compressed_file_that_is_cut_off_anywhere_loses_nobody() {
    let rows: String = (0..20_000).map(|n| format!("{n},{}\n", n * 7919 % 10_007)).collect();
    for (name, head) in [("p.csv.gz", "id,n\n"), ("p.tsv.gz", "id,n\n"), ("p.json.gz", "")] {
        let text = match head {
            "" => (0..20_000)
                .map(|n| format!("{{\"id\": {n}, \"n\": {}}}\n", n * 7919 % 10_007))
                .collect(),
            head => format!("{head}{rows}"),
        };
        let whole = gzip(&text);
        let mut f = Folder::with(name, &whole);
        let relation = f.open(name);
        assert_eq!(f.rows(&relation).len(), 20_000, "{name}");
        for left in [whole.len() - 1, whole.len() - 8, whole.len() - 9, whole.len() / 2, 30] {
            f.write(name, &whole[..left]);
            let error = f.error(name);
            assert_eq!(error.code, data::FILE_UNREADABLE, "{left} of {name}: {}", error.title);
            assert!(error.title.contains("is cut off"), "{left} of {name}: {}", error.title);
        }
        // A byte that changed on its way, in the middle and in the sum at the end.
        for at in [whole.len() / 2, whole.len() - 6] {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x55;
            f.write(name, &bytes);
            let error = f.error(name);
            assert_eq!(error.code, data::FILE_UNREADABLE, "{at} of {name}: {}", error.title);
        }
        // Two archives in one file are one text.
        let parts = text.split_at(text.len() / 2);
        f.write(name, [gzip(parts.0), gzip(parts.1)].concat());
        let relation = f.open(name);
        assert_eq!(f.rows(&relation).len(), 20_000, "{name}");
    }
}

#[test]
fn a_zstd_file_that_is_cut_off_loses_nobody() {
    let mut f = Folder::new();
    let path = f.path("z.csv.zst");
    f.session
        .execute(&format!(
            "COPY (SELECT range AS id, md5(range::VARCHAR) AS v FROM range(200000)) TO {} \
             (FORMAT csv, COMPRESSION zstd)",
            super::literal(&path)
        ))
        .unwrap();
    let whole = std::fs::read(&path).unwrap();
    let relation = f.open("z.csv.zst");
    assert_eq!(f.rows(&relation).len(), 200_000);
    for left in [whole.len() - 1, whole.len() / 2, whole.len() / 3, 20] {
        f.write("z.csv.zst", &whole[..left]);
        let error = f.error("z.csv.zst");
        assert_eq!(error.code, data::FILE_UNREADABLE, "{left}: {}", error.title);
        assert!(error.title.contains("is cut off"), "{left}: {}", error.title);
    }
}

#[test]
fn a_file_that_is_something_else_than_its_name_says_is_told_what_it_is() {
    for (name, bytes, says) in [
        ("a.csv", gzip(TEXT), "is compressed with gzip"),
        ("a.json", gzip("{}"), "is compressed with gzip"),
        ("b.csv", b"\x28\xb5\x2f\xfd\x04\x00".to_vec(), "is compressed with zstd"),
        ("c.csv", b"PK\x03\x04\x14\x00\x06\x00".to_vec(), "is a zip archive or a workbook"),
        ("d.csv", b"PAR1\x15\x04".to_vec(), "is a Parquet file"),
        ("e.csv.gz", TEXT.into(), "is not compressed with gzip"),
        ("f.csv.zst", gzip(TEXT), "is not compressed with zstd"),
    ] {
        let mut f = Folder::with(name, bytes);
        let error = f.error(name);
        assert_eq!(error.code, data::FILE_UNREADABLE, "{name}: {}", error.title);
        assert!(error.title.contains(says), "{}", error.title);
        assert!(error.help.is_some());
    }
}

#[test]
fn line_ends_of_every_kind_are_read_and_a_mixture_names_its_line() {
    for end in ["\n", "\r\n", "\r"] {
        // Within quotes a line may end as it likes.
        let text = ["id,a", "1,\"x\ny\"", "2,z", ""].join(end);
        let mut f = Folder::with("e.csv", text);
        let relation = f.open("e.csv");
        assert_eq!(f.rows(&relation), [["1", "x\ny"], ["2", "z"]], "{end:?}");
    }
    for (text, line) in [
        ("id,a\r\n1,x\n2,y\r\n", 2),
        ("id,a\n1,x\r\n2,y\n", 2),
        ("id,a\n1,x\n2,y\r3,z\n", 3),
        ("id,a\n1,\"x\ny\"\n2,y\r\n", 4),
    ] {
        let mut f = Folder::with("m.csv", text);
        let error = f.error("m.csv");
        assert_eq!(error.code, data::CSV_ROW, "{text:?}: {}", error.title);
        assert!(error.title.starts_with(&format!("line {line} of ")), "{text:?}: {}", error.title);
    }
}

#[test]
fn nul_bytes_are_kept_as_they_are_and_end_nothing() {
    let mut f = Folder::with("n.csv", "id,a\n1,x\0y\n2,\0\n3,z\n");
    let relation = f.open("n.csv");
    assert_eq!(f.rows(&relation), [["1", "x\0y"], ["2", "\0"], ["3", "z"]]);
    // What a crash left at the end of a file is a row of another length.
    f.write("n.csv", format!("id,a\n1,x\n{}", "\0".repeat(512)));
    let error = f.error("n.csv");
    assert_eq!(error.code, data::CSV_ROW);
    assert!(error.title.starts_with("line 3 of "), "{}", error.title);
}

#[test]
fn dialects_of_spreadsheets_and_exports_are_read_as_they_are() {
    for (text, types, first) in [
        ("id;price\n1;1,50\n", "id int, price text", vec!["1", "1,50"]),
        ("id\tcity\n1\tx,y\n", "id int, city text", vec!["1", "x,y"]),
        ("id|city\n1|x\n", "id int, city text", vec!["1", "x"]),
        ("\u{feff}id;city\r\n1;x\r\n", "id int, city text", vec!["1", "x"]),
        ("\u{feff}\"id\",\"city\"\r\n\"1\",\"x, y\"\r\n", "id int, city text", vec!["1", "x, y"]),
        ("id,city,\n1,x,\n", "id int, city text, column3 text", vec!["1", "x", "∅"]),
        ("id,city\n1,x\n\n\n", "id int, city text", vec!["1", "x"]),
        ("id,city\n1,x", "id int, city text", vec!["1", "x"]),
        ("id,inch\n1,5\" pipe\n", "id int, inch text", vec!["1", "5\" pipe"]),
        ("id,n\n1,NULL\n", "id int, n text", vec!["1", "NULL"]),
        ("id,n\n1,\\N\n", "id int, n text", vec!["1", "\\N"]),
        (" id , city \n1, x\n", "id int, city text", vec!["1", " x"]),
    ] {
        let mut f = Folder::with("d.csv", text);
        let relation = f.open("d.csv");
        assert_eq!(types_of(&relation), types, "{text:?}");
        assert_eq!(f.rows(&relation), [first], "{text:?}");
    }
}

#[test]
fn what_stands_above_a_header_is_refused() {
    let mut f = Folder::with("s.csv", "sep=;\nid;city\n1;x\n");
    let error = f.error("s.csv");
    assert_eq!(error.code, data::CSV_NO_HEADER);
    assert!(error.title.contains("`sep=;`"), "{}", error.title);
    f.write("c.csv", "# exported on Monday\nid,city\n1,x\n");
    let error = f.error("c.csv");
    assert_eq!(error.code, data::CSV_ROW);
    assert!(error.title.contains("has 2 values for 1 column"), "{}", error.title);
}

#[test]
fn files_of_a_pattern_that_differ_are_refused_and_empty_ones_named() {
    let mut f = Folder::with("d/a.csv", "id,n\n1,5\n");
    // Typed otherwise: all of the column is text, and no value is lost.
    f.write("d/b.csv", "id,n\n2,007\n");
    let relation = f.open("d/*.csv");
    assert_eq!(types_of(&relation), "id int, n text");
    assert_eq!(f.rows(&relation), [["1", "5"], ["2", "007"]]);
    // Only a header is fine.
    f.write("d/c.csv", "id,n\n");
    let relation = f.open("d/*.csv");
    assert_eq!(f.rows(&relation).len(), 2);
    for (text, code, says) in [
        ("", data::CSV_NO_HEADER, "c.csv"),
        ("id\n3\n", data::FILES_DIFFER, "lacks the column `n`"),
        ("id,n,more\n3,1,2\n", data::FILES_DIFFER, "has a column `more`"),
        ("id,n\n3,4,5\n", data::CSV_ROW, "line 2 of"),
        ("id;n\n3;4\n", data::FILES_DIFFER, "c.csv"),
    ] {
        f.write("d/c.csv", text);
        let error = f.error("d/*.csv");
        assert_eq!(error.code, code, "{text:?}: {}", error.title);
        assert!(error.title.contains(says) && error.title.contains("c.csv"), "{}", error.title);
    }
}

#[test]
fn json_that_is_cut_off_is_refused_and_every_form_of_it_read() {
    for (name, text) in [
        ("cut.json", "[{\"id\": 1}, {\"id\": 2"),
        ("cut.ndjson", "{\"id\": 1}\n{\"id\""),
        ("note.json", "// note\n[{\"id\": 1}]"),
        ("table.json", "id,a\n1,x\n"),
        ("twice.json", "{\"id\": 1, \"id\": 2}\n"),
        ("none.json", "[]"),
        ("numbers.json", "[1, 2, 3]"),
    ] {
        let mut f = Folder::with(name, text);
        let error = f.error(name);
        let codes = [data::FILE_UNREADABLE, data::DUPLICATE_HEADER];
        assert!(codes.contains(&error.code), "{name}: {}", error.title);
        assert!(error.title.contains(name), "{name}: {}", error.title);
    }
    let mut f = Folder::with("marked.json", "\u{feff}[{\"id\": 1}]");
    let error = f.error("marked.json");
    assert!(error.title.contains("byte order mark"), "{}", error.title);
    for (name, text) in [
        ("array.json", "[{\"id\": 1, \"a\": \"x\"}, {\"id\": 2}]"),
        ("lines.ndjson", "{\"id\": 1, \"a\": \"x\"}\r\n\r\n{\"id\": 2}\r\n"),
        ("pretty.json", "{\n  \"id\": 1,\n  \"a\": \"x\"\n}\n{\n  \"id\": 2\n}"),
        ("mark.json", "\u{feff}{\"id\": 1, \"a\": \"x\"}\n{\"id\": 2}\n"),
    ] {
        let mut f = Folder::with(name, text);
        let relation = f.open(name);
        assert_eq!(f.rows(&relation), [["1", "x"], ["2", "∅"]], "{name}");
    }
}
