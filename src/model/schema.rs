//! What exists before a campaign runs: tables, files and audiences, seen through one trait.
//! The checker asks it; nothing else does I/O before execution.

use crate::diagnostic::Diagnostic;
use crate::source::Span;

use super::types::Type;

/// A column of a table, a file or an audience.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Column {
    /// As the source spells it.
    pub name: String,
    /// Its type.
    pub ty: Type,
    /// Whether a row can lack it; `false` only where the source guarantees it.
    pub nullable: bool,
}

/// A FOREIGN KEY of a table.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ForeignKey {
    /// The columns of this table.
    pub columns: Vec<String>,
    /// The table they point to, in the same database and schema.
    pub table: String,
    /// The columns there.
    pub target_columns: Vec<String>,
}

/// What the engine reads rows from. The planner passes it on, only the engine looks inside.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Scan {
    /// A table of an attached database.
    Table {
        /// The engine's name of the database: `project`, or as attached.
        database: String,
        /// Its schema.
        schema: String,
        /// Its name.
        table: String,
    },
    /// Files, expanded and ordered, all of one format.
    Files {
        /// Absolute or project-relative paths or URIs.
        paths: Vec<String>,
        /// How to read them.
        format: FileFormat,
    },
}

/// How a file is read; everything the sniffer would have guessed is stated.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum FileFormat {
    /// Parquet.
    Parquet,
    /// JSON or newline-delimited JSON, with the stated column types (name, engine type).
    Json {
        /// Every column with the engine's type.
        columns: Vec<(String, String)>,
    },
    /// CSV.
    Csv(CsvFormat),
}

/// A CSV dialect and the columns.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct CsvFormat {
    /// One character.
    pub delimiter: String,
    /// One character, or empty for none.
    pub quote: String,
    /// One character, or empty for none.
    pub escape: String,
    /// Whether the first row names the columns.
    pub header: bool,
    /// `utf-8`, `latin-1`, `utf-16`.
    pub encoding: String,
    /// Every column: name, the engine's type, and for dates and timestamps the format in the
    /// engine's letters (`%d/%m/%Y`).
    pub columns: Vec<CsvColumn>,
    /// Files whose columns stand in another order: the file's place in the list of paths, and for
    /// each of its columns the place in `columns`.
    pub reordered: Vec<(usize, Vec<usize>)>,
}

/// A column of a CSV file.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct CsvColumn {
    /// As in the header.
    pub name: String,
    /// The engine's type it is read as.
    pub engine_type: String,
    /// For dates and timestamps not written as ISO 8601: the format, in the engine's letters.
    pub format: Option<String>,
    /// Read as text and then converted, `""` as missing: it holds empty texts in quotes, which the
    /// engine would refuse in a column of another type.
    pub via_text: bool,
}

/// A table or file, opened far enough to know its columns.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Relation {
    /// How to read it.
    pub scan: Scan,
    /// In the order of the source.
    pub columns: Vec<Column>,
    /// The columns of its PRIMARY KEY; empty when it declares none.
    pub primary_key: Vec<String>,
    /// Its FOREIGN KEYs.
    pub foreign_keys: Vec<ForeignKey>,
}

/// How a file is declared: everything of a `dimension` statement that says how to read it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FileOptions {
    /// `columns (…)`: name, type, format, and where it is written.
    pub columns: Vec<DeclaredColumn>,
    /// `with delimiter: …`
    pub delimiter: Option<String>,
    /// `with quote: …`
    pub quote: Option<String>,
    /// `with encoding: …`
    pub encoding: Option<String>,
    /// `with header: …`
    pub header: Option<bool>,
    /// `with timezone: …`: the zone of timestamps without one.
    pub timezone: Option<String>,
    /// `with rejects: …`: where rows that cannot be read are set aside, and where that is written.
    pub rejects: Option<(String, Span)>,
}

/// A declared column.
#[derive(Clone, Debug, PartialEq)]
pub struct DeclaredColumn {
    /// Its name.
    pub name: String,
    /// Its type.
    pub ty: Type,
    /// `"DD/MM/YYYY"`, as written.
    pub format: Option<String>,
    /// Where it is declared.
    pub span: Span,
}

/// A table of an attached database that an export writes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    /// The engine's name of the database.
    pub database: String,
    /// Its schema.
    pub schema: String,
    /// Its name, as it is where it exists.
    pub table: String,
    /// As a script names it.
    pub written: String,
}

impl Target {
    /// Whether both are one table, by the engine's rule for names.
    pub fn same_table(&self, other: &Target) -> bool {
        self.is(&other.database, &other.schema, &other.table)
    }

    /// Whether it is this table.
    pub fn is(&self, database: &str, schema: &str, table: &str) -> bool {
        self.database.eq_ignore_ascii_case(database)
            && self.schema.eq_ignore_ascii_case(schema)
            && self.table.to_lowercase() == table.to_lowercase()
    }
}

/// A saved audience as the catalogue describes it.
#[derive(Clone, Debug, PartialEq)]
pub struct Audience {
    /// Its label as last written.
    pub label: String,
    /// The table with its present members, in schema `audience`.
    pub scan: Scan,
    /// The name of its dimension.
    pub dimension: String,
    /// Its key columns, a prefix of `columns`.
    pub key: Vec<Column>,
    /// All columns, the key's first.
    pub columns: Vec<Column>,
    /// Members.
    pub size: u64,
    /// The newest version.
    pub version: u64,
    /// The oldest version whose members can still be told.
    pub oldest_version: u64,
    /// Reading it after this instant is an error.
    pub expires: Option<jiff::Timestamp>,
}

/// Everything the checker may ask of the world.
///
/// Each call reports what is wrong as a diagnostic that points at `span`.
pub trait World {
    /// A table: `parts` as written, a leading part may be a declared database.
    fn table(&mut self, parts: &[String], span: Span) -> Result<Relation, Diagnostic>;

    /// A file or a glob, relative to `base` (the folder of the script).
    fn file(
        &mut self,
        path: &str,
        base: &std::path::Path,
        options: &FileOptions,
        span: Span,
    ) -> Result<Relation, Diagnostic>;

    /// Attaches a database under a name, read-only.
    fn attach(
        &mut self,
        name: &str,
        uri: &str,
        base: &std::path::Path,
        span: Span,
    ) -> Result<(), Diagnostic>;

    /// A table to write, of an attached database: it need not exist.
    fn target(&mut self, parts: &[String], span: Span) -> Result<Target, Diagnostic>;

    /// The audience with this label, ignoring case; `None` when there is none.
    fn audience(&mut self, label: &str) -> Result<Option<Audience>, Diagnostic>;

    /// The labels of all audiences.
    fn audience_labels(&mut self) -> Vec<String>;

    /// The names of the tables a bare name can mean.
    fn table_names(&mut self) -> Vec<String>;
}
