//! What stands behind the prompt of `camp repl`: the entries so far as one file, what can be
//! spoken of, and what could be typed next. Nothing here knows a terminal; `cli/repl` does.

pub(crate) mod complete;
pub(crate) mod document;
pub(crate) mod scope;
