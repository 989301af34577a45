//! The integration tests, in one program: what a person sees who writes campaigns and runs them.
//!
//! * [`cases`]: one file per case under `tests/cases/`; its README describes the format.
//! * [`faults`]: kills, full disks, little memory, damaged files, by the thousand on request.
//! * [`field`]: field cases that no script alone can show: crashes, locks, limits.
//! * [`fuzz`]: what the fuzz targets try, over few inputs.
//! * [`laws`]: what holds for every campaign, tried on random ones.
//! * [`mistakes`]: what people are told who come from other languages.
//! * [`oracle`]: random campaigns against a naive evaluator.
//! * [`pictures`]: what is drawn, in a browser.
//! * [`samples`]: the sample campaigns over made data.
//! * [`program`]: the examples, the README, and what a shell sees of the binary.
//! * [`docs`]: the samples of the documentation.
//! * [`engine`]: the library that `make setup` fetched.

#![allow(clippy::unwrap_used)]

mod cases;
mod docs;
mod engine;
#[cfg(unix)]
mod faults;
mod field;
mod fuzz;
mod laws;
mod mistakes;
mod oracle;
mod pictures;
mod program;
mod samples;
mod support;
