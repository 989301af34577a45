//! Codes `E07xx`.

use super::codes;

codes! {
    CONFIG_SYNTAX = "E0701", "usage.config_syntax", Usage, "camp.toml is not valid TOML",
        "The file `camp.toml` holds the settings of a project, in TOML: one `key = value` a line, \
         texts in double quotes. Nothing is run with settings that could not be read.",
        bad "", good "";
    CONFIG_KEY = "E0702", "usage.config_key", Usage, "Unknown setting in camp.toml",
        "`camp.toml` knows `database`, `timezone`, `memory_limit`, `threads`, `temp_directory`, \
         `wait`, `publish`, `plugin_timeout`, `warn_shrink`, `warn_grow` and `install_extensions`. A misspelt setting would otherwise silently not apply.",
        bad "", good "";
    CONFIG_VALUE = "E0703", "usage.config_value", Usage, "A setting in camp.toml has a wrong value",
        "`threads` is a number from 1 to 1024; `publish` names a file that is new or a database of its own, since it is replaced at each run; `wait` a duration such as `\"10s\"`; `timezone` a name of \
         the IANA list such as `\"Europe/Paris\"`; the others are texts.",
        bad "", good "";
    CONFIG_UNREADABLE = "E0704", "usage.config_unreadable", Usage, "camp.toml cannot be read",
        "A `camp.toml` was found in the folder of the script or above it, and could not be read.",
        bad "", good "";
    AS_OF = "E0705", "usage.as_of", Usage, "The instant after --as-of cannot be read",
        "`--as-of` takes an instant with its zone, `2026-11-24T09:30:00Z` or \
         `2026-11-24T09:30+01:00`; a local time, `2026-11-24T09:30`; or a day, `2026-11-24`, which \
         is its first moment. Without a zone it is read in `--timezone`, else in the zone of the \
         campaigns, which have to agree then.",
        bad "", good "";
    TIMEZONE = "E0706", "usage.timezone", Usage, "Unknown time zone on the command line",
        "Time zones are named as in the IANA list: `Europe/Paris`, `America/New_York`, `UTC`. \
         Offsets and abbreviations such as `CET` do not say when clocks change.",
        bad "", good "";
    SCRIPT_UNREADABLE = "E0707", "usage.script_unreadable", Usage, "A script cannot be read",
        "The file does not exist, is a folder, may not be read, or is not UTF-8. `-` reads a script \
         from the standard input.",
        bad "", good "";
    ONLY_UNKNOWN = "E0708", "usage.only_unknown", Usage, "--only names nothing of the campaign",
        "`--only` takes the name of a transition or the label of a saved audience; only what these \
         need is run. It can be given several times.",
        bad "", good "";
    WOULD_OVERWRITE = "E0709", "usage.would_overwrite", Usage, "A file is already there",
        "`camp init` writes only into a folder where none of its files exist, and no command \
         overwrites a file that it did not write itself without being told to.",
        bad "", good "";
    UNKNOWN_CODE = "E0710", "usage.unknown_code", Usage, "No error has this code",
        "Codes look like `E0203` for errors and `W0901` for warnings. `camp error` lists them all.",
        bad "", good "";
    UNKNOWN_FUNCTION = "E0711", "usage.unknown_function", Usage, "No function has this name",
        "`camp functions` lists the functions of rules and selections.",
        bad "", good "";
    UNKNOWN_ACTIVITY = "E0712", "usage.unknown_activity", Usage, "No activity has this name",
        "`camp activities` lists the built-in activities.",
        bad "", good "";
    UNWRITABLE = "E0713", "usage.unwritable", Usage, "A file or folder cannot be written",
        "The folder does not exist, is not writable, or the disk is full.",
        bad "", good "";
    NO_DATABASE = "E0714", "usage.no_database", Usage, "There is no project database yet",
        "The catalogue of audiences lives in the project's database: `--db`, else `database` in \
         `camp.toml`, else `camp.duckdb` beside `camp.toml` or in the current folder. The first \
         `camp run` creates it.",
        bad "", good "";

    SCRIPT_NOT_UTF8 = "E0715", "usage.script_not_utf8", Script,
        "A script is not UTF-8",
        "Scripts are UTF-8 text; a BOM is fine. The message names the first line with a byte that is no text.",
        bad "", good "";

    REPL_COMMAND = "E0720", "usage.repl_command", Usage, "No command of the prompt has this name",
        "What begins with `:` is a command of `camp repl`, not a part of a script. `:help` lists them.",
        bad "", good "";
    REPL_ARGUMENT = "E0721", "usage.repl_argument", Usage, "A command of the prompt needs something more",
        "`:load` and `:save` need the path of a script, `:why` a key and the name of a population. `:help` has a line \
         for each command.",
        bad "", good "";
    REPL_FOLDER = "E0722", "usage.repl_folder", Usage, "A script is in another folder than the entries",
        "Paths in a script start from its own folder, and the entries of a prompt are one script. `:reset` forgets \
         the entries, and `camp repl FILE` begins with a script from anywhere.",
        bad "", good "";

    PICTURE_FORM = "E0730", "usage.picture_form", Usage, "A picture cannot have this form",
        "`camp graph` draws as `svg`, `mermaid`, `dot` or `html`. Without `--format` the ending of the \
         file after `-o` says which: `.svg`, `.mmd`, `.dot` or `.html`. Rows of audiences have a place \
         on an `html` page only.",
        bad "", good "";

    UNKNOWN_COMMAND = "E0731", "usage.unknown_command", Usage, "No command has this name",
        "`camp man` takes the words of a command, as in `camp man audiences overlap`. `camp --help` lists \
         the commands.",
        bad "", good "";

    KEY = "E0740", "usage.key", Usage, "A key cannot be read",
        "`camp why` takes the key of one row as its columns have it: a number for a column of whole \
         numbers, a day as 2026-11-24. The parts of a key with several columns are apart by commas, \
         in their order: `FR,17`; a part with a comma inside stands in double quotes.",
        bad "", good "";
    UNKNOWN_KEY = "E0741", "usage.unknown_key", Usage, "No row has this key",
        "The dimension has no row with the key that was asked for. Text is compared as it is: case, \
         blanks and leading zeros count.",
        bad "", good "";
    WHICH_POPULATION = "E0742", "usage.which_population", Usage,
        "It is not clear which population is meant",
        "`camp why` takes the name of a transition, or the label of an audience that the scripts \
         save, and the scripts. Without scripts it looks for one in the current folder that makes \
         the population.",
        bad "", good "";
    KEYLESS_POPULATION = "E0743", "usage.keyless_population", Usage,
        "The rows of the population have no key",
        "One row can only be asked about by its key, and the dimension of this population has none.",
        bad "", good "";
    PLAN_UNREADABLE = "E0744", "usage.plan_unreadable", Usage, "A saved plan cannot be read",
        "`camp run --plan FILE` takes a file that `camp plan … --save-plan FILE` wrote, with this \
         version of Camp or an older one.",
        bad "", good "";

    NUL = "E0755", "usage.nul", Script, "A script or a label holds the character NUL",
        "The character U+0000 ends a text in the engine and in most programs that read its tables, so no name, label, path or text of a script has one. A text editor shows it as a blank, as `^@` or not at all; a file of UTF-16 that was taken for another encoding is full of them.",
        bad "", good "";
}
