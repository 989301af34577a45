//! Codes `E01xx`.

use super::codes;

codes! {}
