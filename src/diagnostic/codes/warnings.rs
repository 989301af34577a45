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
    AUDIENCE_EMPTIED = "W0980", "catalogue.emptied", Data,
        "An audience becomes empty",
        "The audience had members and the new rule finds nobody. It is saved with its columns and no rows. An `expect count(…) > 0` before the save refuses that.",
        bad "", good "";
}
