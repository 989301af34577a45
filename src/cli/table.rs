//! Lists: one table, printed as text, as CSV or as JSON.

use comfy_table::{CellAlignment, ContentArrangement, presets};
use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Map, Value, json};

use super::numbers;
use crate::terminal::visible_line;

/// A table. JSON and CSV have the columns' names, text their headings.
pub(super) struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
}

struct Column {
    name: String,
    heading: String,
}

/// A value of a table.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell {
    /// Text.
    Text(String),
    /// A count.
    Count(u64),
    /// A number as an identifier: no separators in text.
    Number(u64),
    /// A number that is no count: negative, or with decimals.
    Digits(String),
    /// A time.
    Time(Timestamp),
    /// Yes or no.
    Flag(bool),
    /// No value.
    None,
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Cell::Text(text.to_owned())
    }
}
impl From<String> for Cell {
    fn from(text: String) -> Self {
        Cell::Text(text)
    }
}
impl<T: Into<Cell>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Cell::None, Into::into)
    }
}
impl From<u64> for Cell {
    fn from(n: u64) -> Self {
        Cell::Count(n)
    }
}
impl From<Timestamp> for Cell {
    fn from(at: Timestamp) -> Self {
        Cell::Time(at)
    }
}

impl Cell {
    fn is_number(&self) -> bool {
        matches!(self, Cell::Count(_) | Cell::Number(_) | Cell::Digits(_))
    }

    fn text(&self, zone: &TimeZone) -> String {
        match self {
            Cell::Text(text) | Cell::Digits(text) => text.clone(),
            Cell::Count(n) => numbers::count(*n),
            Cell::Number(n) => n.to_string(),
            Cell::Time(at) => numbers::instant(*at, zone),
            Cell::Flag(yes) => if *yes { "yes" } else { "no" }.to_owned(),
            Cell::None => String::new(),
        }
    }

    fn plain(&self) -> String {
        match self {
            Cell::Text(text) | Cell::Digits(text) => text.clone(),
            Cell::Count(n) | Cell::Number(n) => n.to_string(),
            Cell::Time(at) => at.to_string(),
            Cell::Flag(yes) => yes.to_string(),
            Cell::None => String::new(),
        }
    }

    fn json(&self) -> Value {
        match self {
            Cell::Text(text) => json!(text),
            // As a number where a reader's binary numbers hold all of its digits.
            Cell::Digits(text) => match text.parse::<f64>() {
                Ok(x) if x.is_finite() && text.len() <= 15 => json!(x),
                _ => json!(text),
            },
            Cell::Count(n) | Cell::Number(n) => json!(n),
            Cell::Time(at) => json!(at.to_string()),
            Cell::Flag(yes) => json!(yes),
            Cell::None => Value::Null,
        }
    }
}

impl Table {
    /// With these columns; their headings are the names with blanks for underscores.
    pub fn new<S: AsRef<str>>(columns: impl IntoIterator<Item = S>) -> Self {
        let column = |name: S| {
            let name = name.as_ref().to_owned();
            Column { heading: name.replace('_', " "), name }
        };
        Table { columns: columns.into_iter().map(column).collect(), rows: Vec::new() }
    }

    /// Columns of the user's data, whose names stay as they are in headings too.
    pub fn of_data(columns: impl IntoIterator<Item = String>) -> Self {
        let column = |name: String| Column { heading: name.clone(), name };
        Table { columns: columns.into_iter().map(column).collect(), rows: Vec::new() }
    }

    /// With one more column in front.
    pub fn with_first(mut self, name: &str) -> Self {
        self.columns.insert(0, Column { name: name.to_owned(), heading: name.to_owned() });
        self
    }

    /// This table with the columns of another one of as many rows behind its own.
    pub fn beside(mut self, other: Table) -> Table {
        debug_assert_eq!(self.rows.len(), other.rows.len());
        self.columns.extend(other.columns);
        for (row, more) in self.rows.iter_mut().zip(other.rows) {
            row.extend(more);
        }
        self
    }

    /// Both tables, of equal columns, as one; a first column says which a row is of.
    pub fn with_column(self, name: &str, mine: &str, other: Table, theirs: &str) -> Table {
        let mut both = Table { columns: self.columns, rows: Vec::new() }.with_first(name);
        for (mark, rows) in [(mine, self.rows), (theirs, other.rows)] {
            for row in rows {
                both.row(std::iter::once(Cell::from(mark)).chain(row));
            }
        }
        both
    }

    /// Adds a row with a cell for each column.
    pub fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        let row: Vec<Cell> = cells.into_iter().collect();
        debug_assert_eq!(row.len(), self.columns.len());
        self.rows.push(row);
    }

    /// Whether it has no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// How many rows it has.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// For people; with a frame on a terminal, where `width` is known.
    pub fn text(&self, zone: &TimeZone, width: Option<u16>) -> String {
        let mut table = comfy_table::Table::new();
        match width {
            Some(width) => {
                table.load_preset(presets::UTF8_HORIZONTAL_ONLY);
                table.set_content_arrangement(ContentArrangement::Dynamic);
                table.set_width(width);
            }
            None => {
                table.load_preset(presets::NOTHING);
                table.force_no_tty();
            }
        }
        table.set_header(self.columns.iter().map(|c| visible_line(&c.heading)));
        for row in &self.rows {
            table.add_row(row.iter().map(|cell| visible_line(&cell.text(zone))));
        }
        for (index, column) in table.column_iter_mut().enumerate() {
            let mut cells = self.rows.iter().map(|r| &r[index]).filter(|c| **c != Cell::None);
            if cells.clone().next().is_some() && cells.all(Cell::is_number) {
                column.set_cell_alignment(CellAlignment::Right);
            }
            // The outer frame would waste a column.
            if width.is_none() {
                column.set_padding((0, 2));
            }
        }
        let lines: Vec<String> = table.lines().map(|l| l.trim_end().to_owned()).collect();
        lines.join("\n") + "\n"
    }

    /// RFC 4180, with `\n`.
    pub fn csv(&self) -> String {
        let mut text = csv_line(self.columns.iter().map(|c| c.name.clone()));
        for row in &self.rows {
            text.push_str(&csv_line(row.iter().map(Cell::plain)));
        }
        text
    }

    /// An array of objects.
    pub fn json(&self) -> Value {
        let object = |row: &Vec<Cell>| {
            let pairs = self.columns.iter().zip(row).map(|(c, cell)| (c.name.clone(), cell.json()));
            Value::Object(pairs.collect::<Map<String, Value>>())
        };
        Value::Array(self.rows.iter().map(object).collect())
    }
}

fn csv_line(cells: impl Iterator<Item = String>) -> String {
    let quoted = |cell: String| {
        if cell.contains(['"', ',', '\n', '\r']) {
            format!("\"{}\"", cell.replace('"', "\"\""))
        } else {
            cell
        }
    };
    cells.map(quoted).collect::<Vec<_>>().join(",") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new(["label", "size", "expires_at"]);
        table.row(["VIP, \"gold\"".into(), 1234.into(), Cell::None]);
        let at: Timestamp = "2026-11-24T08:30:00Z".parse().unwrap();
        table.row(["Été".into(), 7.into(), at.into()]);
        table
    }

    #[test]
    fn text_aligns_numbers_to_the_right_and_leaves_no_blanks_at_the_end() {
        assert_eq!(
            table().text(&TimeZone::UTC, None),
            "label         size  expires at\n\
             VIP, \"gold\"  1,234\n\
             Été              7  2026-11-24 08:30 UTC\n"
        );
    }

    #[test]
    fn csv_quotes_only_what_needs_it_and_keeps_numbers_plain() {
        assert_eq!(
            table().csv(),
            "label,size,expires_at\n\"VIP, \"\"gold\"\"\",1234,\nÉté,7,2026-11-24T08:30:00Z\n"
        );
    }

    #[test]
    fn json_has_typed_values() {
        assert_eq!(
            table().json(),
            json!([
                {"label": "VIP, \"gold\"", "size": 1234, "expires_at": null},
                {"label": "Été", "size": 7, "expires_at": "2026-11-24T08:30:00Z"},
            ])
        );
    }

    #[test]
    fn data_cannot_steer_the_terminal() {
        let mut table = Table::new(["x"]);
        table.row(["\u{1b}[2J".into()]);
        assert!(!table.text(&TimeZone::UTC, None).contains('\u{1b}'));
        assert!(!table.text(&TimeZone::UTC, Some(40)).contains('\u{1b}'));
    }
}
