//! Field cases that no script alone can show: locks, crashes, limits. Named by their numbers.
