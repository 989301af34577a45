//! Text → Ast. The only place that knows pest.

pub mod ast;
