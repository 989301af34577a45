//! Codes `E02xx`.

use super::codes;

codes! {}
