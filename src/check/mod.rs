//! Ast → Program: names bound, types inferred, cardinalities known, calls bound by their
//! activities. Not yet: anything that needs the run's data.

pub mod binder;
