//! Codes `E04xx`.

use super::codes;

codes! {
    DATE_OUT_OF_RANGE = "E0450", "plan.date_out_of_range", Script,
        "A date outside the calendar",
        "Dates run from year -9999 to year 9999. A relative date or a window leads further than that.",
        bad "", good "";
    VERSION_NOT_KEPT = "E0451", "plan.version_not_kept", Script,
        "A version that is no longer kept",
        "`retain N versions` lets older versions go. `camp audiences show LABEL` lists those that can still be read.",
        bad "", good "";

    EXPECTATION_FAILED = "E0452", "plan.expectation_failed", Expectation,
        "An expectation does not hold",
        "`expect` guards a run: when its condition does not hold, nothing is saved, exported or delivered. The message shows the counts that it speaks of.",
        bad "", good "";
}
