//! Files against the real engine: the CSV cases of the field, Parquet and JSON.

use std::path::Path;

use super::*;
use crate::diagnostic::{Diagnostic, codes::data};
use crate::model::schema::{DeclaredColumn, FileFormat, FileOptions, Relation, Scan};
use crate::model::types::Type;
use crate::model::value::Value;
use crate::source::Span;

pub(super) const HERE: Span = Span { start: 0, end: 1 };
const THERE: Span = Span { start: 5, end: 9 };

pub(super) struct Folder {
    dir: tempfile::TempDir,
    pub(super) session: Session,
}

impl Folder {
    pub(super) fn new() -> Folder {
        let dir = tempfile::tempdir().unwrap();
        Folder { dir, session: Session::open(&EngineOptions::default()).unwrap() }
    }

    pub(super) fn with(name: &str, bytes: impl AsRef<[u8]>) -> Folder {
        let folder = Folder::new();
        folder.write(name, bytes);
        folder
    }

    pub(super) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    pub(super) fn path(&self, name: &str) -> String {
        self.dir.path().join(name).to_string_lossy().into_owned()
    }

    pub(super) fn open_with(
        &mut self,
        name: &str,
        options: &FileOptions,
    ) -> Result<Relation, Diagnostic> {
        self.session.file(name, self.dir.path(), options, HERE)
    }

    pub(super) fn open(&mut self, name: &str) -> Relation {
        self.open_with(name, &FileOptions::default()).unwrap()
    }

    pub(super) fn error(&mut self, name: &str) -> Diagnostic {
        self.open_with(name, &FileOptions::default()).unwrap_err()
    }

    /// All rows, ordered by all columns, as texts; `∅` is a missing value.
    pub(super) fn rows(&self, relation: &Relation) -> Vec<Vec<String>> {
        let columns: Vec<String> = relation
            .columns
            .iter()
            .map(|c| format!("coalesce(CAST({} AS VARCHAR), '∅')", identifier(&c.name)))
            .collect();
        let sql = format!(
            "SELECT {} FROM {} ORDER BY ALL",
            columns.join(", "),
            files::scan_sql(&relation.scan)
        );
        let rows = self.session.query(&sql).unwrap();
        rows.into_iter()
            .map(|row| {
                row.into_iter()
                    .map(|v| match v {
                        Value::Text(t) => t,
                        other => panic!("{other:?}"),
                    })
                    .collect()
            })
            .collect()
    }
}

fn declared(columns: &[(&str, Type, Option<&str>)]) -> FileOptions {
    let columns = columns
        .iter()
        .map(|(name, ty, format)| DeclaredColumn {
            name: name.to_string(),
            ty: ty.clone(),
            format: format.map(str::to_string),
            span: THERE,
        })
        .collect();
    FileOptions { columns, ..FileOptions::default() }
}

pub(super) fn types_of(relation: &Relation) -> String {
    let parts: Vec<String> =
        relation.columns.iter().map(|c| format!("{} {}", c.name, c.ty)).collect();
    parts.join(", ")
}

fn csv(relation: &Relation) -> &crate::model::schema::CsvFormat {
    match &relation.scan {
        Scan::Files { format: FileFormat::Csv(format), .. } => format,
        other => panic!("{other:?}"),
    }
}

#[test]
fn plain_values_get_their_types_and_money_is_decimal() {
    let mut f = Folder::with(
        "a.csv",
        "id,amount,rate,active,born,at,moment,name\n\
         1,10,0.5,true,1990-01-31,2025-01-02 03:04:05,2025-01-02T03:04:05Z,é\n\
         -2,10.25,1.5e-05,FALSE,2000-02-29,2025-01-02T03:04,2025-01-02 03:04:05+01:00,x\n\
         ,,,,,,,\n",
    );
    let r = f.open("a.csv");
    assert_eq!(
        types_of(&r),
        "id int, amount decimal(18, 2), rate float, active bool, born date, at timestamp, \
         moment timestamp with a time zone, name text"
    );
    assert_eq!(
        f.rows(&r)[0],
        [
            "-2",
            "10.25",
            "1.5e-05",
            "false",
            "2000-02-29",
            "2025-01-02 03:04:00",
            "2025-01-02 02:04:05+00",
            "x"
        ]
    );
    assert!(f.rows(&r)[2].iter().all(|v| v == "∅"));
}

#[test]
fn case_96_codes_with_leading_zeros_stay_text_and_link_with_text() {
    let mut f = Folder::with("a.csv", "zip\n94107\n");
    f.write("b.csv", "zip\n94107\n01220\n");
    let b = f.open("b.csv");
    assert_eq!(types_of(&b), "zip text");
    let a = f.open_with("a.csv", &declared(&[("zip", Type::Text, None)])).unwrap();
    assert_eq!(types_of(&a), "zip text");
    let sql = format!(
        "SELECT count(*) FROM {} AS a JOIN {} AS b ON a.zip = b.zip",
        files::scan_sql(&a.scan),
        files::scan_sql(&b.scan)
    );
    assert_eq!(f.session.query(&sql).unwrap()[0][0], Value::Int(1));
}

#[test]
fn case_97_a_plus_after_thousands_of_numbers_is_kept() {
    let mut text = String::from("phone\n");
    for i in 0..30_000 {
        text.push_str(&format!("{}\n", 600_000_000 + i));
    }
    text.push_str("+33600000009\n");
    let mut f = Folder::with("p.csv", text);
    let r = f.open("p.csv");
    assert_eq!(types_of(&r), "phone text");
    assert_eq!(f.rows(&r)[0], ["+33600000009"]);
}

#[test]
fn case_98_no_row_is_rejected_when_a_late_value_is_no_number() {
    let mut text = String::from("app\n");
    text.push_str(&"10.5\n".repeat(30_000));
    text.push_str("11.0.1\n10.6\n");
    let mut f = Folder::with("v.csv", text);
    let r = f.open("v.csv");
    assert_eq!(types_of(&r), "app text");
    assert_eq!(f.rows(&r).len(), 30_002);
}

#[test]
fn case_99_long_ids_stay_apart() {
    let mut f = Folder::with("i.csv", "id\n12345678901234567890\n12345678901234567891\n");
    let r = f.open("i.csv");
    assert_eq!(types_of(&r), "id int");
    assert_eq!(f.rows(&r), [["12345678901234567890"], ["12345678901234567891"]]);

    let forty = "1".repeat(40);
    f.write("l.csv", format!("id\n{forty}\n1\n"));
    let r = f.open("l.csv");
    assert_eq!(types_of(&r), "id text");
    assert_eq!(f.rows(&r)[1], [forty]);
}

#[test]
fn case_99_one_fraction_in_a_json_column_does_not_collapse_its_ids() {
    let mut f = Folder::with(
        "i.json",
        "{\"id\": 12345678901234567890}\n{\"id\": 12345678901234567891}\n{\"id\": 1.5}\n",
    );
    let r = f.open("i.json");
    assert_eq!(types_of(&r), "id decimal(21, 1)");
    assert_eq!(f.rows(&r), [["1.5"], ["12345678901234567890.0"], ["12345678901234567891.0"]]);
}

#[test]
fn case_100_quoted_empty_is_an_empty_text_and_nothing_is_missing() {
    let mut f = Folder::with("n.csv", "id,note\n1,\"\"\n2,\n3,x\n");
    let r = f.open("n.csv");
    assert_eq!(f.rows(&r), [["1", ""], ["2", "∅"], ["3", "x"]]);
}

#[test]
fn case_100_quoted_empty_in_a_number_column_is_missing() {
    let mut f = Folder::with("n.csv", "id,n,d\n1,\"\",\"\"\n2,,\n3,5,13/01/2025\n");
    let r = f.open("n.csv");
    assert_eq!(types_of(&r), "id int, n int, d date");
    assert_eq!(f.rows(&r), [["1", "∅", "∅"], ["2", "∅", "∅"], ["3", "5", "2025-01-13"]]);
}

#[test]
fn case_101_a_byte_order_mark_is_no_part_of_the_name() {
    let mut f = Folder::with("b.csv", b"\xef\xbb\xbfid,name\n1,x\n");
    let r = f.open("b.csv");
    assert_eq!(types_of(&r), "id int, name text");
    assert_eq!(f.rows(&r), [["1", "x"]]);
}

#[test]
fn case_102_a_latin_1_file_names_the_line_and_reads_when_declared() {
    let mut f = Folder::with("l.csv", b"id,city\n1,Paris\n2,Orl\xe9ans\n");
    let error = f.error("l.csv");
    assert_eq!(error.code, data::CSV_ENCODING);
    assert!(error.title.contains("line 3") && error.title.contains("UTF-8"), "{}", error.title);
    let latin = FileOptions { encoding: Some("latin-1".into()), ..FileOptions::default() };
    let r = f.open_with("l.csv", &latin).unwrap();
    assert_eq!(f.rows(&r)[1], ["2", "Orléans"]);
    let wide: Vec<u8> = "id,city\n1,Orléans\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    f.write("w.csv", wide);
    let utf16 = FileOptions { encoding: Some("UTF-16".into()), ..FileOptions::default() };
    let r = f.open_with("w.csv", &utf16).unwrap();
    assert_eq!(f.rows(&r), [["1", "Orléans"]]);
    let odd = FileOptions { encoding: Some("utf-7".into()), ..FileOptions::default() };
    assert_eq!(f.open_with("w.csv", &odd).unwrap_err().code, data::CSV_OPTION);
}

#[test]
fn case_102_a_wrong_byte_far_behind_the_sample_is_found_before_the_run() {
    let mut bytes = b"id,city\n".to_vec();
    for i in 0..5_000 {
        bytes.extend(format!("{i},Paris\n").bytes());
    }
    bytes.extend(b"5000,Orl\xe9ans\n");
    let mut f = Folder::with("l.csv", bytes);
    let error = f.error("l.csv");
    assert_eq!(error.code, data::CSV_ENCODING);
    assert!(error.title.contains("line 5002"), "{}", error.title);
}

#[test]
fn case_103_header_only_has_no_rows_and_zero_bytes_no_header() {
    let mut f = Folder::with("h.csv", "id,email\n");
    let types = declared(&[("id", Type::Int, None)]);
    let r = f.open_with("h.csv", &types).unwrap();
    assert_eq!(types_of(&r), "id int, email text");
    assert_eq!(f.rows(&r).len(), 0);
    for (name, bytes) in [("z.csv", ""), ("blank.csv", "\n"), ("commas.csv", ",,\n1,2,3\n")] {
        f.write(name, bytes);
        let error = f.error(name);
        assert_eq!(error.code, data::CSV_NO_HEADER, "{name}");
        assert!(error.title.contains("no header"));
    }
}

#[test]
fn case_104_the_header_is_declared_never_guessed() {
    let mut f = Folder::with("a.csv", "A1\nB2\nC3\n");
    let bare = FileOptions { header: Some(false), ..FileOptions::default() };
    let r = f.open_with("a.csv", &bare).unwrap();
    assert_eq!(types_of(&r), "column1 text");
    assert_eq!(f.rows(&r), [["A1"], ["B2"], ["C3"]]);
    let named = FileOptions { header: Some(false), ..declared(&[("code", Type::Text, None)]) };
    let r = f.open_with("a.csv", &named).unwrap();
    assert_eq!(types_of(&r), "code text");
    assert_eq!(f.rows(&r).len(), 3);
    let many = declared(&[("a", Type::Text, None), ("b", Type::Text, None)]);
    let error = f.open_with("a.csv", &FileOptions { header: Some(false), ..many }).unwrap_err();
    assert_eq!(error.code, data::DECLARED_COLUMN);
    // All texts, as the header: still the header.
    let r = f.open("a.csv");
    assert_eq!(types_of(&r), "A1 text");
    assert_eq!(f.rows(&r).len(), 2);
}

#[test]
fn case_105_codes_and_nicknames_stay_text() {
    let mut f = Folder::with("w.csv", "sku,flag,nick\n1e5,T,nan\n2e10,F,inf\n3e7,T,7\n");
    let r = f.open("w.csv");
    assert_eq!(types_of(&r), "sku text, flag text, nick text");
    assert_eq!(f.rows(&r)[0], ["1e5", "T", "nan"]);
    f.write("x.csv", "nick,flag\n7,true\nnan,T\n");
    assert_eq!(types_of(&f.open("x.csv")), "nick text, flag text");
}

#[test]
fn case_106_headers_that_differ_only_by_case_are_an_error() {
    let mut f = Folder::with("h.csv", "id,Email,email\n1,a,b\n");
    let error = f.error("h.csv");
    assert_eq!(error.code, data::DUPLICATE_HEADER);
    assert!(error.title.contains("`Email` and `email`"), "{}", error.title);
    f.write("h.json", "{\"id\": 1, \"Id\": 2}\n");
    assert_eq!(f.error("h.json").code, data::DUPLICATE_HEADER);
    f.write("twice.csv", "a,a\n1,2\n");
    assert_eq!(f.error("twice.csv").code, data::DUPLICATE_HEADER);
}

#[test]
fn case_53_dates_that_read_both_ways_need_a_format() {
    let mut f = Folder::with("d.csv", "id,d\n1,03/04/2025\n2,05/06/2025\n");
    let error = f.error("d.csv");
    assert_eq!(error.code, data::CSV_AMBIGUOUS_DATE);
    let error = f.open_with("d.csv", &declared(&[("d", Type::Date, None)])).unwrap_err();
    assert_eq!((error.code, error.span()), (data::CSV_AMBIGUOUS_DATE, Some(THERE)));
    let month_first = declared(&[("d", Type::Date, Some("MM/DD/YYYY"))]);
    let r = f.open_with("d.csv", &month_first).unwrap();
    assert_eq!(f.rows(&r), [["1", "2025-03-04"], ["2", "2025-05-06"]]);
    let day_first = declared(&[("d", Type::Date, Some("DD/MM/YYYY"))]);
    let r = f.open_with("d.csv", &day_first).unwrap();
    assert_eq!(f.rows(&r), [["1", "2025-04-03"], ["2", "2025-06-05"]]);
    // As text nothing is decided.
    let r = f.open_with("d.csv", &declared(&[("d", Type::Text, None)])).unwrap();
    assert_eq!(f.rows(&r)[0], ["1", "03/04/2025"]);
}

#[test]
fn dates_that_read_one_way_are_dates() {
    let mut f = Folder::with("d.csv", "d,t\n03/04/2025,25.12.2024 10:30\n31/12/2024,\n");
    let r = f.open("d.csv");
    assert_eq!(types_of(&r), "d date, t timestamp");
    assert_eq!(f.rows(&r), [["2024-12-31", "∅"], ["2025-04-03", "2024-12-25 10:30:00"]]);
    f.write("no.csv", "d\n03/04/2025\n31/31/2025\n");
    assert_eq!(types_of(&f.open("no.csv")), "d text");
}

#[test]
fn formats_may_differ_by_column() {
    let mut f = Folder::with("d.csv", "a,b\n01.02.2025,2025/02/01 10:00\n");
    let options = declared(&[
        ("a", Type::Date, Some("DD.MM.YYYY")),
        ("b", Type::Timestamp, Some("YYYY/MM/DD HH:mm")),
    ]);
    let r = f.open_with("d.csv", &options).unwrap();
    assert_eq!(f.rows(&r), [["2025-02-01", "2025-02-01 10:00:00"]]);
    let bad = declared(&[("a", Type::Date, Some("dd.mm.yyyy"))]);
    let error = f.open_with("d.csv", &bad).unwrap_err();
    assert_eq!((error.code, error.span()), (data::CSV_OPTION, Some(THERE)));
}

#[test]
fn a_value_that_does_not_fit_names_line_value_and_declaration() {
    let mut f = Folder::with("v.csv", "id,n,note\n1,5,\"two\nlines\"\n2,2.5,x\n");
    let error = f.open_with("v.csv", &declared(&[("n", Type::Int, None)])).unwrap_err();
    assert_eq!((error.code, error.span()), (data::CSV_VALUE, Some(THERE)));
    assert!(error.title.contains("`2.5`") && error.title.contains("line 4"), "{}", error.title);

    let two = Type::Decimal { precision: 9, scale: 2 };
    f.write("m.csv", "m\n1.50\n1.005\n");
    let error = f.open_with("m.csv", &declared(&[("m", two.clone(), None)])).unwrap_err();
    assert!(error.title.contains("`1.005`") && error.title.contains("line 3"), "{}", error.title);
    f.write("m2.csv", "m\n1.5\n1.500\n7\n");
    let r = f.open_with("m2.csv", &declared(&[("m", two, None)])).unwrap();
    assert_eq!(f.rows(&r), [["1.50"], ["1.50"], ["7.00"]]);

    f.write("d.csv", "d\n2025-01-31\n2025-02-30\n");
    let error = f.open_with("d.csv", &declared(&[("d", Type::Date, None)])).unwrap_err();
    assert!(error.title.contains("`2025-02-30`"), "{}", error.title);

    // Under a year of four digits, `25` would be the year 25.
    f.write("y.csv", "d\n9/1/2025\n03/04/25\n");
    let format = Some("MM/DD/YYYY");
    let error = f.open_with("y.csv", &declared(&[("d", Type::Date, format)])).unwrap_err();
    assert!(
        error.title.contains("`03/04/25`") && error.title.contains("line 3"),
        "{}",
        error.title
    );

    let error = f.open_with("d.csv", &declared(&[("day", Type::Date, None)])).unwrap_err();
    assert_eq!((error.code, error.span()), (data::DECLARED_COLUMN, Some(THERE)));
}

#[test]
fn a_declared_timestamp_with_zones_is_an_instant_and_a_mixture_an_error() {
    let mut f = Folder::with("t.csv", "t\n2025-01-02T10:00:00+01:00\n");
    let options = declared(&[("t", Type::Timestamp, None)]);
    let r = f.open_with("t.csv", &options).unwrap();
    assert_eq!(r.columns[0].ty, Type::Instant);
    assert_eq!(f.rows(&r), [["2025-01-02 09:00:00+00"]]);
    f.write("m.csv", "t\n2025-01-02T10:00:00+01:00\n2025-01-02 10:00:00\n");
    let error = f.open_with("m.csv", &options).unwrap_err();
    assert!(error.title.contains("`2025-01-02 10:00:00`"), "{}", error.title);
    assert_eq!(types_of(&f.open("m.csv")), "t text");
}

#[test]
fn short_and_long_rows_and_broken_quotes_name_their_line() {
    let mut f = Folder::with("short.csv", "id,a,b\n1,2,3\n4,5\n");
    f.write("long.csv", "id,a\n1,2\n4,5,6\n");
    f.write("quote.csv", "id,a\n1,x\n2,\"x\"y\n3,z\n");
    for (name, line) in [("short.csv", "line 3"), ("long.csv", "line 3"), ("quote.csv", "line 3")] {
        let error = f.error(name);
        assert_eq!(error.code, data::CSV_ROW, "{name}");
        assert!(error.title.contains(line) && error.title.contains(name), "{}", error.title);
    }
}

#[test]
fn delimiters_are_found_and_may_be_declared() {
    let mut f = Folder::with("s.csv", "id;price\n1;1,50\n2;2,75\n");
    let r = f.open("s.csv");
    assert_eq!(csv(&r).delimiter, ";");
    assert_eq!(types_of(&r), "id int, price text");
    f.write("t.tsv", "a\tb,c\n1\tx\n");
    assert_eq!(types_of(&f.open("t.tsv")), "a int, b,c text");
    f.write("p.txt", "a^b\n1^2\n");
    let caret = FileOptions { delimiter: Some("^".into()), ..FileOptions::default() };
    assert_eq!(types_of(&f.open_with("p.txt", &caret).unwrap()), "a int, b int");
    let two = FileOptions { delimiter: Some("||".into()), ..FileOptions::default() };
    assert_eq!(f.open_with("p.txt", &two).unwrap_err().code, data::CSV_OPTION);
    let quotes = FileOptions { quote: Some("'".into()), ..FileOptions::default() };
    f.write("q.csv", "a,b\n'x,y',2\n");
    let r = f.open_with("q.csv", &quotes).unwrap();
    assert_eq!(f.rows(&r), [["x,y", "2"]]);
}

#[test]
fn packed_files_crlf_and_very_long_lines_read() {
    let mut f = Folder::with("c.csv", "id,a\r\n1,\"x\r\ny\"\r\n2,z\r\n");
    let r = f.open("c.csv");
    assert_eq!(f.rows(&r), [["1", "x\r\ny"], ["2", "z"]]);
    let long = "x".repeat(2_100_000);
    f.write("l.csv", format!("id,a\n1,{long}\n"));
    let r = f.open("l.csv");
    assert_eq!(f.rows(&r)[0][1].len(), 2_100_000);
    let path = f.path("g.csv.gz");
    f.session
        .execute(&format!("COPY (SELECT 7 AS id, 'é' AS a) TO {} (FORMAT csv)", literal(&path)))
        .unwrap();
    let r = f.open("g.csv.gz");
    assert_eq!(f.rows(&r), [["7", "é"]]);
}

#[test]
fn several_files_go_by_name_and_the_one_that_differs_is_named() {
    let mut f = Folder::with("d/b.csv", "id,zip\n1,94107\n");
    f.write("d/a.csv", "zip,id\n01220,2\n");
    f.write("d/.hidden.csv", "nothing\n");
    f.write("d/note.md", "no data");
    let r = f.open("d/*.csv");
    assert_eq!(types_of(&r), "zip text, id int");
    assert_eq!(f.rows(&r), [["01220", "2"], ["94107", "1"]]);
    f.write("d/c.csv", "id,city\n3,Paris\n");
    let error = f.error("d/*.csv");
    assert_eq!(error.code, data::FILES_DIFFER);
    assert!(error.title.contains("c.csv") && error.title.contains("`city`"), "{}", error.title);
}

#[test]
fn patterns_reach_into_folders_and_names_with_brackets_are_names() {
    let mut f = Folder::with("x/y/a.csv", "id\n1\n");
    f.write("x/b.csv", "id\n2\n");
    f.write("x/[1]*.csv", "id\n3\n");
    assert_eq!(
        f.session
            .file("x/**/*.csv", f.dir.path(), &FileOptions::default(), HERE)
            .map(|r| match r.scan {
                Scan::Files { paths, .. } => paths.len(),
                _ => 0,
            })
            .unwrap(),
        3
    );
    let r = f.open("x/[1]*.csv");
    assert_eq!(f.rows(&r), [["3"]]);
    let r = f.open("x/[a-c].csv");
    assert_eq!(f.rows(&r), [["2"]]);
}

#[test]
fn what_is_not_there_names_pattern_and_folder() {
    let mut f = Folder::with("orders.csv", "id\n1\n");
    let error = f.error("data/*.csv");
    assert_eq!(error.code, data::NO_FILE);
    assert!(error.title.contains("data/*.csv") && error.title.contains("does not exist"));
    let error = f.error("order.csv");
    assert_eq!(error.help.as_deref(), Some("did you mean `orders.csv`?"));
    assert_eq!(f.error("shop.duckdb").code, data::FILE_KIND);
    let folder = f.dir.path().join("sub.csv");
    std::fs::create_dir(folder).unwrap();
    assert!(f.error("sub.csv").title.contains("is a folder"));
}

#[test]
fn a_remote_file_without_its_extension_says_so() {
    let mut f = Folder::new();
    // Only where nobody has installed httpfs.
    if f.session.load_extension("httpfs", HERE).is_ok() {
        return;
    }
    let error = f.error("s3://bucket/x.parquet");
    assert_eq!(error.code, data::FILE_REMOTE);
    assert!(error.help.unwrap().contains("httpfs"));
}

#[test]
fn parquet_knows_its_types_and_which_columns_are_complete() {
    let mut f = Folder::new();
    let path = f.path("p.parquet");
    f.session
        .execute(&format!(
            "COPY (SELECT range AS id, CASE WHEN range % 2 = 0 THEN 'x' END AS note, \
             12.5::DECIMAL(10,2) AS amount, uuid() AS u, [1] AS l FROM range(1000)) TO {}",
            literal(&path)
        ))
        .unwrap();
    let r = f.open("p.parquet");
    assert_eq!(types_of(&r), "id int, note text, amount decimal(10, 2), u text, l list of int");
    let nullable: Vec<bool> = r.columns[..3].iter().map(|c| c.nullable).collect();
    assert_eq!(nullable, [false, true, false]);
    assert_eq!(f.rows(&r).len(), 1000);
    f.write("bad.parquet", "this is no parquet file at all");
    assert_eq!(f.error("bad.parquet").code, data::FILE_UNREADABLE);
}

#[test]
fn parquet_files_must_agree_and_go_by_name() {
    let mut f = Folder::new();
    let copy = |f: &Folder, name: &str, select: &str| {
        let path = literal(&f.path(name));
        f.session.execute(&format!("COPY ({select}) TO {path} (FORMAT parquet)")).unwrap();
    };
    copy(&f, "a.parquet", "SELECT 1 AS id, 'x' AS note");
    copy(&f, "b.parquet", "SELECT 'y' AS note, 20000000000 AS id");
    let r = f.open("*.parquet");
    assert_eq!(types_of(&r), "id int, note text");
    assert_eq!(f.rows(&r), [["1", "x"], ["20000000000", "y"]]);
    copy(&f, "c.parquet", "SELECT 'three' AS id, 'z' AS note");
    let error = f.error("*.parquet");
    assert_eq!(error.code, data::FILES_DIFFER);
    assert!(error.title.contains("c.parquet"), "{}", error.title);
    copy(&f, "c.parquet", "SELECT 3 AS id");
    let error = f.error("*.parquet");
    assert!(error.title.contains("c.parquet") && error.title.contains("`note`"));
}

#[test]
fn a_hive_folder_adds_no_column() {
    let mut f = Folder::new();
    f.write("year=2024/a.csv", "id\n1\n");
    f.write("year=2025/a.csv", "id\n2\n");
    let r = f.open("year=*/a.csv");
    assert_eq!(types_of(&r), "id int");
    assert_eq!(f.rows(&r), [["1"], ["2"]]);
}

#[test]
fn json_texts_stay_texts_and_parts_keep_their_shape() {
    let mut f = Folder::with(
        "j.ndjson",
        "{\"zip\": \"01220\", \"n\": 1, \"price\": 19.99, \"t\": \"2025-01-02T10:00:00Z\", \
          \"d\": \"2025-01-31\", \"tags\": [\"a\", \"b\"], \"o\": {\"x\": 1}, \"b\": true, \
          \"mixed\": 1, \"slash\": \"03/04/2025\"}\n\
         {\"zip\": \"94107\", \"n\": null, \"price\": 5, \"tags\": [], \"mixed\": \"x\"}\n",
    );
    let r = f.open("j.ndjson");
    assert_eq!(
        types_of(&r),
        "zip text, n int, price decimal(18, 2), t timestamp with a time zone, d date, \
         tags list of text, o json, b bool, mixed text, slash text"
    );
    assert_eq!(
        f.rows(&r)[0],
        [
            "01220",
            "1",
            "19.99",
            "2025-01-02 10:00:00+00",
            "2025-01-31",
            "[a, b]",
            "{\"x\":1}",
            "true",
            "1",
            "03/04/2025"
        ]
    );
    f.write("a.json", "[{\"id\": 1}, {\"id\": 2}]");
    let r = f.open("a.json");
    assert_eq!(f.rows(&r), [["1"], ["2"]]);
    let r = f.open_with("a.json", &declared(&[("id", Type::Text, None)])).unwrap();
    assert_eq!(types_of(&r), "id text");
    f.write("bad.json", "{\"id\": 1}\n{\"id\":}\n");
    assert_eq!(f.error("bad.json").code, data::FILE_UNREADABLE);
    f.write("empty.json", "");
    assert_eq!(f.error("empty.json").code, data::FILE_UNREADABLE);
}

#[test]
fn typing_answers_are_kept_until_the_file_changes() {
    let mut f = Folder::with("c.csv", "id\n1\n");
    for (file, whole, text) in
        [("c.csv", "id\n1\n", "id\nx2\n"), ("c.json", "{\"id\": 1}\n", "{\"id\": \"x2\"}\n")]
    {
        f.write(file, whole);
        let cache = f.dir.path().join(format!("cache of {file}"));
        f.session.answers.borrow_mut().directory = Some(cache.clone());
        assert_eq!(types_of(&f.open(file)), "id int");
        assert_eq!(std::fs::read_dir(&cache).unwrap().count(), 1);
        f.session = Session::open(&EngineOptions::default()).unwrap();
        f.session.answers.borrow_mut().directory = Some(cache.clone());
        assert_eq!(types_of(&f.open(file)), "id int");
        f.write(file, text);
        assert_eq!(types_of(&f.open(file)), "id text");
        assert_eq!(std::fs::read_dir(&cache).unwrap().count(), 1, "the answer is replaced");
    }
    // A cache that cannot be written changes nothing.
    f.session.answers.borrow_mut().directory = Some(Path::new("/dev/null/x").to_path_buf());
    f.write("c.csv", "id\nxyz\n");
    assert_eq!(types_of(&f.open("c.csv")), "id text");
}

#[test]
fn under_safe_only_what_was_opened_is_read_and_nothing_else_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name).to_string_lossy().into_owned();
    std::fs::write(at("a.csv"), "id\n1\n").unwrap();
    std::fs::write(at("b.csv"), "id\n2\n").unwrap();
    let options = EngineOptions {
        database: Some(at("p.duckdb").into()),
        fence: Some(crate::fence::Fence::around(dir.path()).unwrap()),
        memory_limit: Some("60MB".into()),
        threads: Some(1),
        ..EngineOptions::default()
    };
    let mut s = Session::open(&options).unwrap();
    let a = s.file("a.csv", dir.path(), &FileOptions::default(), HERE).unwrap();
    s.lock_down(&[]).unwrap();
    s.lock_settings().unwrap();
    let sql = format!("SELECT * FROM {}", files::scan_sql(&a.scan));
    assert_eq!(s.query(&sql).unwrap(), vec![vec![Value::Int(1)]]);
    let other = s.query(&format!("SELECT * FROM read_csv({})", literal(&at("b.csv")))).unwrap_err();
    assert_eq!(other.kind, ErrorKind::Forbidden);
    let export = s.execute(&format!("COPY (SELECT 1) TO {}", literal(&at("x.csv")))).unwrap_err();
    assert_eq!(export.kind, ErrorKind::Forbidden);
    assert!(s.execute("SET memory_limit = '1GB'").is_err());
    let late = s.file("b.csv", dir.path(), &FileOptions::default(), HERE).unwrap_err();
    assert_eq!(late.code, data::SAFE_FORBIDDEN);
    // The run itself still spills, and writes the project.
    let big = "CREATE TEMP TABLE big AS SELECT range AS k, repeat(md5(range::VARCHAR), 4) AS y \
               FROM range(500000) ORDER BY y";
    assert_eq!(s.execute(big).unwrap(), 500_000);
    s.attach_project(false).unwrap();
    s.execute("CREATE TABLE project.main.t AS SELECT 1 AS x").unwrap();
    s.detach_project().unwrap();
    s.attach_project(true).unwrap();
    assert_eq!(s.query("SELECT x FROM project.main.t").unwrap(), vec![vec![Value::Int(1)]]);
}

#[test]
#[ignore = "a measurement: CAMP_TEST_CSV names a large file"]
fn time_to_type_a_large_file() {
    let path = std::env::var("CAMP_TEST_CSV").unwrap();
    let mut f = Folder::new();
    let start = std::time::Instant::now();
    let r = f.open(&path);
    println!("{:?}: {}", start.elapsed(), types_of(&r));
}
