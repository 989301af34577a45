//! Field cases that no script alone can show. Tests are named by the cases' numbers.

mod crashes;
mod large;
mod limits;
mod locks;
#[cfg(unix)]
mod processes;
