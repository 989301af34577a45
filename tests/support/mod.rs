//! The harness: reads a case, lays out its folder, runs it, compares.

pub mod case;
pub mod compare;
pub mod database;
pub mod drive;
pub mod project;
pub mod web;
