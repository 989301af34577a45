//! Codes `E05xx`.

use super::codes;

codes! {}
