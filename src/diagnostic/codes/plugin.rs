//! Codes `E06xx`.

use super::codes;

codes! {}
