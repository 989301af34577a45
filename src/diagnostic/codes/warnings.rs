//! Codes `W09xx`: warnings.

use super::codes;

codes! {}
