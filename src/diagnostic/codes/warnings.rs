//! Codes `W09xx`: warnings. The samples speak of the tables of [`super::names`].

use super::codes;

codes! {
    NO_TIMEZONE = "W0901", "warnings.no_timezone", Script, "No time zone is set",
        "Relative dates and timestamps without a zone are read in UTC, so a day may begin hours away from the customers' midnight. Set `timezone` in the campaign or in `camp.toml`.",
        bad "vip = build audience from orders where ordered_at in last 7 days\nsave audience vip as \"VIP\"\n",
        good "campaign \"VIP\" timezone \"Europe/Paris\"\nvip = build audience from orders where ordered_at in last 7 days\nsave audience vip as \"VIP\"\n";
    UNUSED = "W0902", "warnings.unused", Script, "A transition is never used",
        "Its rows are computed for nothing, or a save was forgotten.",
        bad "vip = build audience from customers where consent\nother = build audience from customers\nsave audience other as \"Other\"\n",
        good "other = build audience from customers\nsave audience other as \"Other\"\n";
    EMPTY_BEFORE_SAVE = "W0903", "warnings.empty_before_save", Script, "An audience is read before its first save",
        "No audience has this label yet; only a later statement of this run saves it. Until then it is empty.",
        bad "new = build audience from customers where not in audience \"Seen\"\nsave audience new as \"Seen\" append\n",
        good "";
    EVERY_OF_NOTHING = "W0904", "warnings.every_of_nothing", Script, "`every` also holds where there is nothing",
        "`every orders where …` holds for a row without orders. Add `any orders and …` where that is not meant.",
        bad "vip = build audience from customers where every orders where amount > 10\nsave audience vip as \"VIP\"\n",
        good "vip = build audience from customers where any orders and every orders where amount > 10\nsave audience vip as \"VIP\"\n";
    PARAMETER_WITHOUT_VALUE = "W0905", "warnings.parameter_without_value", Script, "A parameter has no value yet",
        "A run needs it: `--set name=value`.",
        bad "", good "";
    OLD_CONTENT = "W0906", "warnings.old_content", Script, "An audience is read before this run saves it",
        "A run sees an audience as the order of its text says: above the save the old content, below it the new. A read above that is no part of what is saved there is often a mistake of order.",
        bad "", good "";
    PLUGIN = "W0930", "plugin.warning", Script, "A plugin warns of something",
        "The words are the plugin's own, or say that it will take something away in a later version.",
        bad "", good "";
    OVERTAKEN = "W0950", "run.overtaken", Data,
        "Another run changed an audience meanwhile",
        "The run read an audience that another run saved before this one committed. What was saved here is as of the older content.",
        bad "", good "";
    NOT_PUBLISHED = "W0951", "run.not_published", Data,
        "The copy for readers was not replaced",
        "`publish` in `camp.toml` names a copy of the database for readers. The run is committed, but the copy could not be written.",
        bad "", good "";
    FOR_EACH_MISSING = "W0952", "run.for_each_missing", Data,
        "Rows without a value of the `for each` column",
        "`for each COLUMN` saves one audience per value. Rows that have no value are in none of them. `select coalesce(COLUMN, \"other\") as COLUMN` gives them one.",
        bad "", good "";
    NOT_DELIVERED = "W0953", "run.not_delivered", Data,
        "Rows were not delivered",
        "Everything is saved, but the other side did not take some rows. `camp.delivery` in the project's database has a receipt with the reason for each; the link `deliveries` finds them in a campaign.",
        bad "", good "";
    SECRET_MISSING = "W0954", "run.secret_missing", Usage,
        "A secret of a delivery is not set",
        "A dry run sends nothing, so it goes on without the environment variables that its deliveries need. A run does not: it stops before anything is saved.",
        bad "", good "";
    AUDIENCE_EMPTIED = "W0980", "catalogue.emptied", Data,
        "An audience becomes empty",
        "The audience had members and the new rule finds nobody. It is saved with its columns and no rows. An `expect count(…) > 0` before the save refuses that.",
        bad "", good "";
    AUDIENCE_EVERYBODY = "W0985", "plan.everybody", Data,
        "An audience would be everybody",
        "`camp plan` found that an audience that left somebody out, or a new one, would hold every row of its dimension. A rule that always holds, a `where` that was forgotten, or a flag that the last import set for all, look like this.",
        bad "", good "";
    AUDIENCE_EMPTY = "W0986", "plan.empty", Data,
        "A new audience would be empty",
        "`camp plan` found nobody for an audience that does not exist yet. A misspelt value in a rule looks like this: `camp profile` shows the values of a column, `camp why` where one row is left out.",
        bad "", good "";
    AUDIENCE_SHRINKS = "W0987", "plan.shrinks", Data,
        "An audience would lose many of its members",
        "`camp plan` warns where more than 30 % of the members, and at least 10, would leave, also when as many others enter. `--warn-shrink SHARE`, or `warn_shrink` in `camp.toml`, sets another limit; `never` sets none.",
        bad "", good "";
    AUDIENCE_GROWS = "W0988", "plan.grows", Data,
        "An audience would gain many members",
        "`camp plan` warns where more members would enter than the audience has, and at least 10. `--warn-grow SHARE`, or `warn_grow` in `camp.toml`, sets another limit; `never` sets none.",
        bad "", good "";
    ROWS_REJECTED = "W0990", "data.rows_rejected", Data,
        "Rows of a file were set aside",
        "`with rejects: \"FILE\"` asks for that: rows of a text file that have another number of values than it has columns, whose quotes do not end, or that are not in its encoding do not exist for the campaign. A run writes them to the file, with their line and the reason. Without the option they are an error.",
        bad "", good "";
}
