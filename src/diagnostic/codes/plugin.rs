//! Codes `E06xx`. Those of the area `Script` are faults of a call that uses a plugin, those of the
//! area `Plugin` faults of the plugin itself. Their samples need a plugin, so they are tested beside
//! the plugins.

use super::codes;

codes! {
    UNKNOWN_PARAMETER = "E0601", "plugin.unknown_parameter", Script,
        "An activity does not have this parameter",
        "`camp activities NAME` shows the parameters of an activity. Activities such as `split` also take the names of their outputs as keys.",
        bad "", good "";
    PARAMETER_TWICE = "E0602", "plugin.parameter_twice", Script, "A parameter is given twice",
        "Each `key: value` stands once; several values are a list in brackets.",
        bad "", good "";
    PARAMETER_MISSING = "E0603", "plugin.parameter_missing", Script,
        "A parameter of an activity is missing",
        "The activity cannot do anything without it. `camp activities NAME` shows its form.",
        bad "", good "";
    PARAMETER_VALUE = "E0604", "plugin.parameter_value", Script,
        "A parameter takes another kind of value",
        "`camp activities NAME` shows what each parameter of an activity takes.",
        bad "", good "";
    CONSTRAINT = "E0605", "plugin.constraint", Script, "A parameter has a value it does not allow",
        "The activity limits the values of the parameter: how large, how many, of which form.",
        bad "", good "";
    RULE = "E0606", "plugin.rule", Script, "Parameters do not go together",
        "Some parameters of an activity need others, some exclude others.",
        bad "", good "";
    OUTPUT_NAMED_LIKE_PARAMETER = "E0607", "plugin.output_named_like_parameter", Script,
        "An output has the name of a parameter",
        "The keys of this activity are its parameters and the names of its outputs, so one name cannot be both.",
        bad "", good "";
    REFUSED = "E0608", "plugin.refused", Script, "An activity refuses what is asked of it",
        "The words are the plugin's own: it checked the call before anything ran.",
        bad "", good "";
    ACTIVITY_FAILED = "E0609", "plugin.activity_failed", Plugin, "An activity of a plugin failed",
        "The outside world did not play along: a service, a file, a secret. The words are the plugin's own.",
        bad "", good "";
    DATA = "E0610", "plugin.data", Data, "The data does not fit an activity",
        "An activity found rows it cannot work with, for example several where there must be one. Nothing was saved.",
        bad "", good "";
    NOT_LOADED = "E0611", "plugin.not_loaded", Plugin, "A plugin cannot be loaded",
        "The library is there, but the system or Camp refuses it. The cause says why.",
        bad "", good "";
    INTERFACE = "E0612", "plugin.interface", Plugin, "A plugin does not fit this version of Camp",
        "Plugin and program speak of different versions of the interface between them. Update the older of the two.",
        bad "", good "";
    MANIFEST = "E0613", "plugin.manifest", Plugin, "The description of a plugin is not valid",
        "Every plugin describes its activities in a manifest. `camp plugin test` finds such faults before a plugin is published.",
        bad "", good "";
    FAULT = "E0614", "plugin.fault", Plugin, "A plugin has a fault",
        "The plugin broke its contract with Camp. Nothing was saved. Report it to its author.",
        bad "", good "";
    NOT_TRUSTED = "E0615", "plugin.not_trusted", Plugin, "A plugin is not trusted",
        "A plugin runs with all rights of its user, so only what `camp.lock` has is loaded, and only unchanged. `camp plugin add` enters a plugin; the first `use` of another one asks on a terminal, and is refused anywhere else, with `--locked` and where `CI` is set.",
        bad "", good "";
    LOCK_UNREADABLE = "E0616", "plugin.lock_unreadable", Plugin, "`camp.lock` cannot be used",
        "`camp.lock` holds the versions and hashes of the plugins that a project trusts. Restore it, or write it anew with `camp plugin add`.",
        bad "", good "";
    SECRET_MISSING = "E0617", "plugin.secret_missing", Usage, "A secret is not set",
        "The script names an environment variable, whose value only the activity gets to see. Set it where Camp is started.",
        bad "", good "";
    ACTIVITY_TWICE = "E0618", "plugin.activity_twice", Plugin, "Two plugins have an activity of one name",
        "A call could mean either of them. A file uses one of the two plugins.",
        bad "", good "";
    NOT_DELIVERED = "E0619", "plugin.not_delivered", Plugin, "Rows could not be delivered",
        "Everything is saved, but some rows did not reach the other side, although it was tried several times. `camp.delivery` in the project's database has a receipt for each try. A rule `no deliveries where (…)` finds those who got nothing, so that a later run sends it to them alone.",
        bad "", good "";

    UNDER_SAFE = "E0625", "plugin.under_safe", Script, "A plugin is used under `--safe`",
        "A plugin is a native library that may do whatever its user may do, and some send what a script gives them to the outside. So `--safe`, which runs scripts of others, loads none, also none of those that come with Camp. Read the script, then run it without `--safe`.",
        bad "", good "";
}
