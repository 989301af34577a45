//! Codes `E07xx`.

use super::codes;

codes! {}
