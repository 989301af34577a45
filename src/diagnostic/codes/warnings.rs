//! Codes `W09xx`: warnings.

use super::codes;

codes! {
    OVERTAKEN = "W0950", "run.overtaken", Data,
        "Another run changed an audience meanwhile",
        "The run read an audience that another run saved before this one committed. What was saved here is as of the older content.",
        bad "", good "";
    NOT_PUBLISHED = "W0951", "run.not_published", Data,
        "The copy for readers was not replaced",
        "`publish` in `camp.toml` names a copy of the database for readers. The run is committed, but the copy could not be written.",
        bad "", good "";
}
