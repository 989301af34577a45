//! Codes `W09xx`: warnings.

use super::codes;

codes! {
    AUDIENCE_EMPTIED = "W0980", "catalogue.emptied", Data,
        "An audience becomes empty",
        "The audience had members and the new rule finds nobody. It is saved with its columns and no rows. An `expect count(…) > 0` before the save refuses that.",
        bad "", good "";
}
