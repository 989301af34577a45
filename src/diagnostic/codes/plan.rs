//! Codes `E04xx`.

use super::codes;

codes! {}
