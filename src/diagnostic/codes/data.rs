//! Codes `E05xx`.

use super::codes;

codes! {

    CATALOGUE_NEWER = "E0550", "catalogue.newer", Data,
        "The catalogue was written by a newer Camp",
        "The project's database holds a catalogue of a later version than this program knows. It is not read or written, since that could lose what the newer version keeps. Update Camp on this machine; older catalogues are brought up to date at the next run.",
        bad "", good "";
    CATALOGUE_UNREADABLE = "E0551", "catalogue.unreadable", Data,
        "The catalogue cannot be read",
        "Schema `camp` of the project's database is not as Camp wrote it: a table was changed or dropped by another program, or the file is damaged. Restore the file from a backup. The audiences themselves are plain tables in schema `audience` and may still be readable there.",
        bad "", good "";
    SAVE_FAILED = "E0552", "catalogue.save_failed", Data,
        "An audience cannot be computed",
        "The engine failed while it compared the new members of an audience with the old ones; its words are the cause. Nothing was saved.",
        bad "", good "";
    OTHER_DIMENSION = "E0553", "catalogue.other_dimension", Data,
        "Rows of another dimension do not fit the audience",
        "`append` and `merge` add rows to what an audience holds, so both must be rows of one dimension with the same key. `replace` takes over the new dimension; the old members leave.",
        bad "", good "";
    STORED_TYPE = "E0554", "catalogue.stored_type", Data,
        "A column has another type than the stored one",
        "`append` and `merge` put values into the columns that an audience already has. Text, numbers, dates and the rest are never converted into each other silently: convert the column in `select`, or use `replace`, which takes over the new types.",
        bad "", good "";
    LOSSY_VALUE = "E0555", "catalogue.lossy_value", Data,
        "A value does not fit the stored column",
        "`append` and `merge` put values into the columns that an audience already has. A value that would be rounded or cut there (2.7 in a column of whole numbers, a number beyond its range) is refused, and nothing is saved. Round it in `select`, or use `replace`, which takes over the new types.",
        bad "", good "";
    UNKNOWN_AUDIENCE = "E0556", "catalogue.unknown_audience", Data,
        "There is no such audience",
        "No audience of this label is in the catalogue; case makes no difference. Labels are listed by `camp audiences list`.",
        bad "", good "";
    SAVED_TWICE = "E0557", "catalogue.saved_twice", Data,
        "An audience is saved twice in one run",
        "Two saves of one run have the same label; case makes no difference. With `for each`, two values of the column may differ only by case: fold them in `select`.",
        bad "", good "";
    TABLE_TAKEN = "E0558", "catalogue.table_taken", Data,
        "A table of this name is there already",
        "Audiences are tables in schema `audience` of the project's database under their labels. A table or view that no run of Camp wrote is never overwritten: rename it, or save under another label.",
        bad "", good "";
    CHANGED_MEANWHILE = "E0559", "catalogue.changed_meanwhile", Data,
        "Another run changed the catalogue at the same moment",
        "Two runs wrote the catalogue at once. One of them won as a whole; nothing of the other was saved. Run it again.",
        bad "", good "";
    WRITE_FAILED = "E0560", "catalogue.write_failed", Data,
        "The catalogue could not be written",
        "The engine failed while it wrote the run: a full disk, missing rights, a damaged file. All saves of a run are one transaction, so nothing of it was saved.",
        bad "", good "";
    AUDIENCE_IN_USE = "E0561", "catalogue.in_use", Data,
        "Other audiences are computed from this one",
        "Dropping an audience that others read would make their campaigns fail. Drop or change those first, or add `--force`.",
        bad "", good "";
    UNKNOWN_VERSION = "E0562", "catalogue.unknown_version", Data,
        "The audience has no such version",
        "Versions are counted from 1. Those that `retain` no longer keeps cannot be told.",
        bad "", good "";
    NOT_COMPARABLE = "E0563", "catalogue.not_comparable", Data,
        "Rows of different dimensions cannot be compared",
        "Members are compared by the key of their dimension, so only audiences (or versions of one audience) of the same dimension and key have members in common.",
        bad "", good "";
    UNKNOWN_RUN = "E0564", "catalogue.unknown_run", Data,
        "There is no such run",
        "A run is named by its id, or by the start of it when no other run begins so. Runs are listed by `camp runs list`.",
        bad "", good "";
    AUDIENCE_EMPTIED = "E0565", "catalogue.emptied", Data,
        "An audience becomes empty",
        "A warning: the audience had members and the new rule finds nobody. It is saved with its columns and no rows. An `expect count(…) > 0` before the save refuses that.",
        bad "", good "";
}
