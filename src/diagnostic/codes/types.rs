//! Codes `E03xx`.

use super::codes;

codes! {}
