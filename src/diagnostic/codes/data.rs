//! Codes `E05xx`: first those of data and the engine (`E0501`–`E0549`), then the catalogue's.

use super::codes;

codes! {
    // ---- data and engine ----
    ENGINE_SETTING = "E0501", "engine.setting", Usage,
        "a setting of the engine is not valid",
        "`memory_limit`, `threads`, `temp_directory` or `max_temp_directory_size` has a value that cannot be used. Sizes are written like `4GB` or `512MB`.",
        bad "", good "";
    NOT_A_DATABASE = "E0502", "database.not_a_database", Data,
        "the file is not a DuckDB database",
        "The file exists but does not begin like a DuckDB database. Check the path; a SQLite file is attached with `database NAME = \"sqlite:path\"`.",
        bad "", good "";
    DATABASE_CORRUPT = "E0503", "database.corrupt", Data,
        "the database file is damaged",
        "A part of the file does not match its checksum or is missing. Nothing was changed. Keep the file and its `.wal` as they are and restore both from a backup.",
        bad "", good "";
    DATABASE_NEWER = "E0504", "database.newer", Data,
        "the database was written by a newer version of DuckDB",
        "The storage version of the file is newer than this program can read. Use a newer Camp, or write the database again with `STORAGE_VERSION` set to the older version.",
        bad "", good "";
    DATABASE_LOG_DAMAGED = "E0505", "database.log_damaged", Data,
        "the write-ahead log of the database is damaged",
        "Beside the database lies a `.wal` file with commits that are not in the database yet, and it cannot be replayed. Copy the database and the `.wal` to a safe place before trying anything; removing the log loses what was committed last.",
        bad "", good "";
    DATABASE_ACCESS = "E0506", "database.access", Data,
        "the database file cannot be opened",
        "The operating system refuses the file: it is a folder, its folder does not exist, or permissions are missing.",
        bad "", good "";
    DATABASE_IN_USE = "E0507", "database.in_use", Data,
        "the database is in use by another program",
        "Either one program writes a DuckDB database or several read it. Close the other program, or let Camp wait longer with `--wait`.",
        bad "", good "";
    DATABASE_OPEN_TWICE = "E0508", "database.open_twice", Data,
        "the database is open already in this program",
        "A database file is never opened twice in one program: the file lock does not protect it there. Use the name it is known by already.",
        bad "", good "";
    NO_DATABASE = "E0509", "database.missing", Data,
        "there is no database",
        "A database is named that does not exist. The project's own is created by the first save; one that a script attaches must exist.",
        bad "", good "";
    UNKNOWN_TABLE = "E0510", "table.unknown", Script,
        "a table does not exist",
        "No table or view of this name is in the database. Names are compared without regard to case; `schema.table` and `database.table` reach further ones.",
        bad "", good "";
    UNKNOWN_DATABASE = "E0511", "table.unknown_database", Script,
        "a database or schema does not exist",
        "The first part of a table's name is neither a database that the script attaches nor a schema of the project's database.",
        bad "", good "";
    ATTACH_NAME = "E0512", "database.name", Script,
        "the name of a database is taken",
        "`project`, `temp`, `system`, `memory` and `main` are names of Camp and of the engine, and two databases cannot share one. Choose another name.",
        bad "", good "";
    ATTACH_FAILED = "E0513", "database.attach", Data,
        "a database cannot be attached",
        "The engine could not attach the database; its words are the cause. Check the path or the connection text.",
        bad "", good "";
    EXTENSION_MISSING = "E0514", "engine.extension_missing", Data,
        "an extension of the engine is missing",
        "SQLite, Postgres and remote files are read through extensions of DuckDB. Install it with DuckDB (`INSTALL sqlite_scanner`), name a folder that holds it in `CAMP_EXTENSION_DIRECTORY`, or let Camp fetch it: `install_extensions = true` in `camp.toml`. Without that setting, and under `--safe`, Camp downloads nothing.",
        bad "", good "";
    NO_FILE = "E0515", "file.missing", Data,
        "no file is there",
        "The path, or the pattern, names no file. Paths are relative to the folder of the script.",
        bad "", good "";
    FILE_KIND = "E0516", "file.kind", Script,
        "the kind of a file is not known",
        "Camp reads `.parquet`, `.csv`, `.tsv`, `.txt`, `.json`, `.ndjson` and `.jsonl`, text files also with `.gz` or `.zst` behind.",
        bad "", good "";
    FILE_UNREADABLE = "E0517", "file.unreadable", Data,
        "a file cannot be read",
        "The file is damaged, is not what its name says, or may not be read; the engine's words are the cause. Compressed files are read to their end first: one that was cut off on its way would otherwise look like a shorter one.",
        bad "", good "";
    FILES_DIFFER = "E0518", "file.differ", Data,
        "files of one source do not agree",
        "All files of a pattern must have the same columns with types that fit together. The order of the columns may differ.",
        bad "", good "";
    DUPLICATE_HEADER = "E0519", "file.duplicate_header", Data,
        "two columns of a file have one name",
        "Columns are found ignoring case, so two headers that differ by nothing or only by case cannot be told apart. Rename one of them in the file.",
        bad "", good "";
    CSV_NO_HEADER = "E0520", "csv.no_header", Data,
        "a CSV file has no header",
        "The first row names the columns, and the file has no first row or empty names in it. For a file without a header write `with header: false`.",
        bad "", good "";
    CSV_ENCODING = "E0521", "csv.encoding", Data,
        "a CSV file is not in the encoding it is read with",
        "A byte does not fit the encoding, which is UTF-8 unless it is stated or the file begins with a mark of UTF-16. State the right one: `with encoding: \"latin-1\"` or `\"utf-16\"`. Windows-1252, which has letters where Latin-1 has none, and UTF-16 with the big end first are not read: convert the file.",
        bad "", good "";
    CSV_ROW = "E0522", "csv.row", Data,
        "a row of a CSV file is malformed",
        "The row has more or fewer values than the header, a quote does not end, or a line ends in another way than those before. No row is ever skipped. Mend the file, or state its `delimiter` or `quote`.",
        bad "", good "";
    CSV_VALUE = "E0523", "csv.value", Data,
        "a value does not fit the type of its column",
        "A value of a file cannot be read as the declared type without losing something. Declare the column as text, or mend the value.",
        bad "", good "";
    CSV_AMBIGUOUS_DATE = "E0524", "csv.ambiguous_date", Data,
        "dates can be read in two ways",
        "Every value of the column is a date both with the day first and with the month first. State which: `columns (sent: date \"DD/MM/YYYY\")`.",
        bad "", good "";
    CSV_OPTION = "E0525", "csv.option", Script,
        "an option of a file is not valid",
        "`delimiter` and `quote` are one character, `encoding` is `utf-8`, `latin-1` or `utf-16`, and a format is made of YYYY, MM, DD, HH, mm, ss and the characters between.",
        bad "", good "";
    DECLARED_COLUMN = "E0526", "file.declared_column", Script,
        "declared columns do not fit the file",
        "`columns (…)` names a column that the file does not have, or for a file without a header not as many as it has.",
        bad "", good "";
    FILE_REMOTE = "E0527", "file.remote", Data,
        "a remote file cannot be read",
        "Files behind `s3://`, `https://` and the like need the extension `httpfs`, which is not installed.",
        bad "", good "";
    SAFE_FORBIDDEN = "E0528", "engine.safe", Data,
        "not allowed under `--safe`",
        "Under `--safe` scripts read and write only what they name, and only inside the project's folder: the one of `camp.toml`, else of the first script. Links are followed to where they lead, a file with a second name (a hard link) could be one of another folder, and an export replaces nothing that is there. Nothing of the network is read.",
        bad "", good "";
    FILE_CHANGED = "E0529", "file.changed", Data,
        "a file cannot be read as it was",
        "The file was read when the script was checked, and fails now: it changed in between, or a part that had not been read is malformed. Run again once it is complete.",
        bad "", good "";
    OUT_OF_MEMORY = "E0530", "engine.out_of_memory", Data,
        "the memory limit is too small",
        "The step needs more memory than `memory_limit` allows and could not spill to disk. Nothing was saved.",
        bad "", good "";
    SPILL_FULL = "E0531", "engine.spill_full", Data,
        "no room to spill",
        "Work that does not fit into memory is written to `temp_directory`, and the limit `max_temp_directory_size` is reached. Nothing was saved.",
        bad "", good "";
    DISK_FULL = "E0532", "engine.disk_full", Data,
        "the disk is full",
        "There is no space left on the disk that is written to. Nothing was saved.",
        bad "", good "";
    INTERRUPTED = "E0533", "engine.interrupted", Data,
        "interrupted",
        "The run was stopped. Nothing was saved.",
        bad "", good "";
    CONVERSION = "E0534", "engine.conversion", Data,
        "a value cannot be converted",
        "A conversion in the marked part fails for a value of the data. Exclude those rows first, or mend the data.",
        bad "", good "";
    OVERFLOW = "E0535", "engine.overflow", Data,
        "a number or time is too large",
        "A result of the marked part leaves the range of its type. Nothing was saved.",
        bad "", good "";
    ENGINE_IO = "E0536", "engine.io", Data,
        "a file cannot be read or written",
        "The operating system refused a read or a write; its words are the cause.",
        bad "", good "";
    ENGINE_CORRUPT = "E0537", "engine.corrupt", Data,
        "stored data is damaged",
        "A checksum of a database or a data file does not match. Restore it from a backup.",
        bad "", good "";
    ENGINE_OTHER = "E0538", "engine.failed", Data,
        "a step failed in the engine",
        "The engine refused a step for a reason that Camp does not know; its words are the cause. If the script holds no `sql` and no plugin, this is a fault of Camp: please report it.",
        bad "", good "";
    CONSTRAINT = "E0539", "engine.constraint", Data,
        "a row breaks a constraint",
        "A row that was to be written breaks a constraint of its table.",
        bad "", good "";
    CONFLICT = "E0540", "engine.conflict", Data,
        "another run changed the same data first",
        "Two runs wrote the same thing at once. This one changed nothing; run it again.",
        bad "", good "";
    // ---- catalogue: E0550 and up ----


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
    WRITE_FAILED = "E0559", "catalogue.write_failed", Data,
        "The catalogue could not be written",
        "The engine failed while it wrote the run: a full disk, missing rights, a damaged file. All saves of a run are one transaction, so nothing of it was saved.",
        bad "", good "";
    AUDIENCE_IN_USE = "E0560", "catalogue.in_use", Data,
        "Other audiences are computed from this one",
        "Dropping an audience that others read would make their campaigns fail. Drop or change those first, or add `--force`.",
        bad "", good "";
    UNKNOWN_VERSION = "E0561", "catalogue.unknown_version", Data,
        "The audience has no such version",
        "Versions are counted from 1. Those that `retain` no longer keeps cannot be told.",
        bad "", good "";
    NOT_COMPARABLE = "E0562", "catalogue.not_comparable", Data,
        "Rows of different dimensions cannot be compared",
        "Members are compared by the key of their dimension, so only audiences (or versions of one audience) of the same dimension and key have members in common.",
        bad "", good "";
    UNKNOWN_RUN = "E0563", "catalogue.unknown_run", Data,
        "There is no such run",
        "A run is named by its id, or by the start of it when no other run begins so. Runs are listed by `camp runs list`.",
        bad "", good "";

    KEY_REPEATS = "E0570", "data.key_repeats", Data,
        "A key that is not unique",
        "A population is a set of rows that its key tells apart, and a to-one link leads to at most one row. The source has several rows with one key, so neither can be trusted. The message shows some of them.",
        bad "", good "";
    EXPORT_FAILED = "E0571", "data.export_failed", Data,
        "A file cannot be written",
        "An export is written beside its place and renamed after the commit. The folder is missing, is not writable, or the disk is full.",
        bad "", good "";
    EXPORT_OVER_SOURCE = "E0572", "data.export_over_source", Script,
        "An export over a source",
        "The file or table that the export names is read by the campaign, is a database, or is the campaign itself. Writing it would destroy it.",
        bad "", good "";
    EXPORT_COLUMNS = "E0580", "data.export_columns", Data,
        "An export to a table of other columns",
        "An export replaces the rows of a table that has exactly its columns, in any order, of types that take every value as it is. A table of other columns may be anybody's, so it is neither dropped nor changed. Select what the table has, drop it, or export to another one.",
        bad "", good "";
}
