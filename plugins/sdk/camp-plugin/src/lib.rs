//! Everything to write an activity for Camp.
//!
//! An activity is a struct of typed parameters ([`params!`]) and one trait:
//!
//! * [`Planner`]: gives SQL, which Camp runs inside the engine together with the rest of the campaign;
//! * `MapBatches` (feature `arrow`): rows in, rows out, batch by batch;
//! * `Deliver` (feature `arrow`): sends rows somewhere after the commit, and hands back receipts.
//!
//! [`export!`] makes a library of it. Types, constraints and documentation of the parameters go into
//! the plugin's manifest, so Camp has checked all of them before any code here runs, and underlines the
//! wrong one in the script. What only the plugin can judge it reports by parameter:
//! `cx.param("keep").error("…")`.
//!
//! ```
//! use camp_plugin::prelude::*;
//!
//! params! {
//!     /// Keeps the best rows.
//!     pub struct Best {
//!         /// What is compared.
//!         by: Expr [required, accepts(["number", "time"])],
//!         /// How many stay.
//!         keep: u64 [default(10), min(1)],
//!     }
//! }
//!
//! impl Planner for Best {
//!     fn about() -> About {
//!         About::new("best", "Keeps the rows with the highest values")
//!             .input(Input::new("in", "the rows"))
//!             .output(Output::new("kept", "the best of them"))
//!     }
//!
//!     fn plan(&self, cx: &Cx) -> Result<Plan> {
//!         let rows = cx.input("in")?;
//!         Ok(Plan::new()
//!             .with("ranked", sql!(
//!                 "SELECT *, row_number() OVER (ORDER BY {by}, {key}) AS \"__rank\" FROM {rows}",
//!                 by = self.by.descending(), key = rows.key_order(), rows = rows,
//!             ))
//!             .output("kept", sql!(
//!                 "SELECT {} FROM \"ranked\" WHERE \"__rank\" <= {}", rows.visible(), self.keep,
//!             )))
//!     }
//! }
//!
//! camp_plugin::export![planner(Best)];
//! # fn main() {}
//! ```
//!
//! The documents behind all this are described in `WIRE.md`, the C side in `camp_plugin.h`.

mod about;
mod cx;
#[cfg(feature = "arrow")]
mod deliver;
mod error;
#[cfg(feature = "arrow")]
mod execute;
mod guard;
pub mod pick;
mod plan;
mod plugin;
#[cfg(feature = "arrow")]
mod rows;
mod sql;
#[cfg(feature = "arrow")]
mod stream;
mod types;
mod value;

pub use about::{About, Effects, Example, Input, Output, Param, Rule};
pub use camp_plugin_abi as abi;
pub use cx::{Cx, Relation, Run};
pub use error::{At, Error, Kind, Result};
pub use plan::{Check, NewColumn, Plan};
pub use plugin::{Entry, Info, Params, Planner, Plugin};
#[doc(hidden)]
pub use sql::places_are_bare;
pub use sql::{Arg, Lit, Name, Sql, ToSql, all, equal, hash, join};
pub use types::Type;
pub use value::{
    Aggregate, Choice, Column, Condition, Dimension, Expr, Field, Given, Link, Literal, Match,
    Named, Part, Percent, Reduced, Secret, Seed, Size, SortKey, Subset, Subsets, Template, Value,
};

#[cfg(feature = "arrow")]
pub use {
    deliver::{Deliver, Outcome, Pace, Receipt, Status, broken},
    execute::{MapBatches, with_column},
    rows::Rows,
};

/// The crates whose types appear in the traits for executors.
#[cfg(feature = "arrow")]
pub mod arrow {
    pub use arrow_array as array;
    pub use arrow_schema as schema;
}

/// JSON as the manifest and the documents have it.
pub use serde_json as json;

/// What an activity usually needs.
pub mod prelude {
    pub use crate::{
        About, Aggregate, At, Check, Condition, Cx, Dimension, Effects, Error, Example, Expr,
        Field, Input, Link, Lit, Literal, Match, Name, Named, NewColumn, Output, Param, Percent,
        Plan, Planner, Reduced, Relation, Result, Rule, Secret, Seed, Size, SortKey, Sql, Subset,
        Subsets, Template, ToSql, Type, choices, params, sql,
    };
    #[cfg(feature = "arrow")]
    pub use crate::{Deliver, MapBatches, Outcome, Pace, Receipt, Rows, Status};
    /// A batch of rows, and its columns as arrays of their types.
    #[cfg(feature = "arrow")]
    pub use arrow_array::{RecordBatch, cast::AsArray};
}
