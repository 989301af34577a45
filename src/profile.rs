//! What the values of a dimension look like: how many are missing, how they are spread, and what
//! looks wrong with them.

use serde::Serialize;

/// A dimension, or one value of its rows, as found.
#[derive(Clone, Debug, Serialize)]
pub struct Profile {
    /// The dimension, as the user named it.
    pub dimension: String,
    /// Its rows: those that its `where` leaves, with a whole key.
    pub rows: u64,
    /// Rows of the source that are none of those.
    pub left_out: u64,
    /// What is wrong with the dimension as a whole.
    pub remarks: Vec<String>,
    /// Its columns, or the one value that was asked for.
    pub columns: Vec<ColumnProfile>,
}

/// The values of a column, or of an expression.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ColumnProfile {
    /// As the user named it.
    pub name: String,
    /// The language's type.
    #[serde(rename = "type")]
    pub ty: String,
    /// A part of the key.
    pub key: bool,
    /// Rows without a value.
    pub missing: u64,
    /// Empty texts and lists.
    pub empty: u64,
    /// How many different values there are.
    pub distinct: u64,
    /// That number is an estimate.
    pub estimated: bool,
    /// The lowest value.
    pub min: Option<String>,
    /// The highest value.
    pub max: Option<String>,
    /// The mean of numbers.
    pub mean: Option<String>,
    /// The shortest and the longest text, or list.
    pub lengths: Option<(u64, u64)>,
    /// The most frequent values, with their rows.
    pub frequent: Vec<Share>,
    /// Values that so many of a hundred rows do not exceed.
    pub quantiles: Vec<(u8, String)>,
    /// How many rows are in each part of the range.
    pub histogram: Vec<Share>,
    /// What looks wrong.
    pub remarks: Vec<String>,
}

/// A value, or a range of them, with its rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Share {
    /// As a script writes it; of a range, where it begins.
    pub value: String,
    /// In how many rows.
    pub rows: u64,
}
