//! Codes `E04xx`: what a campaign as a whole may not do. The samples speak of the tables of
//! [`super::names`].

use super::codes;

codes! {
    NO_KEY = "E0401", "plan.no_key", Script, "Rows without a key cannot do this",
        "Without a key, a row cannot be told from another. Rows of such a dimension can be linked to, excluded by `matching`, reconciled and exported.",
        bad "", good "";
    LIMIT_WITHOUT_ORDER = "E0402", "plan.limit_without_order", Script, "A limit without an order",
        "Which rows stay must not be left to chance: say it with `order by`. Ties are broken by the key.",
        bad "vip = build audience from customers limit 10\nsave audience vip as \"VIP\"\n",
        good "vip = build audience from customers order by email limit 10\nsave audience vip as \"VIP\"\n";
    DIFFERENT_DIMENSIONS = "E0403", "plan.different_dimensions", Script, "Populations of different dimensions meet",
        "Customers and orders with the same key are not the same thing. Go from one to the other by a link, or compare columns with `matching`.",
        bad "a = build audience from customers\nb = build audience from orders\nboth = combine a intersect b\nsave audience both as \"Both\"\n",
        good "a = build audience from customers\nb = build audience from customers where any orders\nboth = combine a intersect b\nsave audience both as \"Both\"\n";
    SAVED_TWICE = "E0404", "plan.saved_twice", Script, "One label is saved twice in a run",
        "Labels are compared ignoring case. The second save would overwrite the first.",
        bad "a = build audience from customers where consent\nb = build audience from customers where not consent\nsave audience a as \"Vip\"\nsave audience b as \"VIP\"\n",
        good "a = build audience from customers where consent\nb = build audience from customers where not consent\nsave audience a as \"Vip\"\nsave audience b as \"Not VIP\"\n";
    OTHER_DIMENSION = "E0405", "plan.other_dimension", Script, "An audience has rows of another dimension",
        "`append` and `merge` keep the old rows, so the new ones must be of the same dimension. `replace` takes any.",
        bad "", good "";
    LOSSY_COLUMN = "E0406", "plan.lossy_column", Script, "A column would lose something",
        "The audience stores the column in another type. Convert it before the save, or save with `replace`.",
        bad "", good "";
    EXPIRED = "E0407", "plan.expired", Script, "An audience has expired",
        "Its last save said `expires in`. Save it again, or save it without an end.",
        bad "", good "";
    BRACKETS = "E0408", "plan.brackets", Script, "Set operations are mixed without brackets",
        "Unions followed by exclusions need no brackets; other mixes do, since `a union b intersect c` can be read two ways.",
        bad "a = build audience from customers\nb = build audience from customers where consent\nc = build audience from customers where any orders\nx = combine a union b intersect c\nsave audience x as \"X\"\n",
        good "a = build audience from customers\nb = build audience from customers where consent\nc = build audience from customers where any orders\nx = combine (a union b) intersect c\nsave audience x as \"X\"\n";
    OUTPUTS = "E0409", "plan.outputs", Script, "An activity gives another number of transitions",
        "The page of the activity says which outgoing transitions it has.",
        bad "a, b, c = build audience from customers where consent\nsave audience a as \"A\"\n",
        good "a, b = build audience from customers where consent\nsave audience a as \"A\"\n";
    CLAUSE = "E0410", "plan.clause", Script, "A part of a call is missing or out of place",
        "The page of the activity shows its form.",
        bad "a = build audience from customers\nb = build audience from customers where consent\nc = combine a exclude b limit 10\nsave audience c as \"C\"\n",
        good "a = build audience from customers\nb = build audience from customers where consent\nc = combine a union b limit 10\nsave audience c as \"C\"\n";
    EXPORT_FORMAT = "E0411", "plan.export_format", Script, "The format of an export is not known",
        "The ending of the file says the format: `.csv`, `.parquet`, `.json`, `.ndjson`.",
        bad "vip = build audience from customers\nexport vip to \"vip.xlsx\"\n",
        good "vip = build audience from customers\nexport vip to \"vip.csv\"\n";
    COLUMN_TWICE = "E0412", "plan.column_twice", Script, "Two columns have one name",
        "Name one of them with `as`.",
        bad "vip = build audience from customers select email, lower(email) as email\nsave audience vip as \"VIP\"\n",
        good "vip = build audience from customers select email, lower(email) as lower_email\nsave audience vip as \"VIP\"\n";
    COLUMN_TYPES = "E0413", "plan.column_types", Script, "Columns of one name have types that do not fit",
        "`combine` takes each column's value from the first set that has the row, so the column needs one type. Select it under another name, or convert it.",
        bad "a = build audience from customers select country as x\nb = build audience from customers select count(orders) as x\nboth = combine a union b\nsave audience both as \"Both\"\n",
        good "a = build audience from customers select country\nb = build audience from customers select count(orders) as number\nboth = combine a union b\nsave audience both as \"Both\"\n";
    PARAMETER_MISSING = "E0414", "plan.parameter_missing", Script, "A parameter has no value",
        "Give it with `--set name=value`, or give the parameter a default.",
        bad "", good "";
    TWO_CAMPAIGNS = "E0415", "plan.two_campaigns", Script, "A file has two campaign headers",
        "A file is one campaign. Several files can run together: `camp run a.camp b.camp`.",
        bad "campaign \"A\"\ncampaign \"B\"\nvip = build audience from customers\nsave audience vip as \"VIP\"\n",
        good "campaign \"A\"\nvip = build audience from customers\nsave audience vip as \"VIP\"\n";
    FILTER_CYCLE = "E0416", "plan.filter_cycle", Script, "Dimensions filter each other in a circle",
        "Rows for which a dimension's `where` does not hold do not exist, through links too. So its rule cannot follow links that lead back to itself.",
        bad "dimension buyers = customers key customer_id where any spending\ndimension spending = orders key order_id where buyer.consent\nlink buyers.spending, spending.buyer on buyers.customer_id = spending.customer_id\nvip = build audience from buyers\nsave audience vip as \"VIP\"\n",
        good "dimension buyers = customers key customer_id where any spending\ndimension spending = orders key order_id where amount > 0\nlink buyers.spending, spending.buyer on buyers.customer_id = spending.customer_id\nvip = build audience from buyers\nsave audience vip as \"VIP\"\n";
    VERSION = "E0417", "plan.version", Script, "A version of an audience does not exist",
        "`camp audiences history LABEL` lists the versions that can be read.",
        bad "", good "";
    UNDECLARED_DIMENSION = "E0418", "plan.undeclared_dimension", Script, "The dimension of an audience is not declared",
        "The members of a saved audience are rows of a dimension, found by its name and key. Declare it in the file, or read the audience `on DIMENSION matching …`.",
        bad "", good "";
    EXPORTED_TWICE = "E0419", "plan.exported_twice", Script, "Two exports write one file",
        "The second would overwrite the first. Paths are compared after `..` is followed and parameters are filled in, over all files of a run.",
        bad "a = build audience from customers where consent\nb = build audience from customers where not consent\nexport a to \"out.csv\"\nexport b to \"out/../out.csv\"\n",
        good "a = build audience from customers where consent\nb = build audience from customers where not consent\nexport a to \"yes.csv\"\nexport b to \"no.csv\"\n";
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

    PLANNED_SCRIPTS = "E0480", "plan.planned_scripts", Expectation,
        "The scripts are not those that were planned",
        "`camp run --plan FILE` does exactly what the plan says, or nothing. A script, or a file that it imports, has changed since the plan was made, or other files are read. Make the plan again, look at it, and run that one.",
        bad "", good "";
    PLANNED_AUDIENCES = "E0481", "plan.planned_audiences", Expectation,
        "Another run came between a plan and its run",
        "An audience that the plan reads, asks about or saves has another version than when the plan was made, so the numbers of the plan are no longer those of the run. Nothing was saved. Make the plan again and look at it.",
        bad "", good "";
    NOT_AS_PLANNED = "E0482", "plan.not_as_planned", Expectation,
        "A run would do something else than planned",
        "The scripts and the instant are those of the plan, and the data gives another answer now: other members, another number of rows to export or to send. Nothing was saved, exported or delivered. Make the plan again and look at what changed.",
        bad "", good "";
    EXPORT_TARGET = "E0490", "plan.export_target", Script,
        "A table that no export writes",
        "An export goes to a file, whose name stands in quotes, or to a table of a database that the script attaches: `crm.vip` or `crm.schema.vip`. The project's own database keeps audiences; a DuckLake is only read; a view is no table.",
        bad "vip = build audience from customers where consent\nexport vip to vip\n",
        good "vip = build audience from customers where consent\nexport vip to \"vip.csv\"\n";
}
