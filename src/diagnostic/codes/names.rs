//! Codes `E02xx`: names. The samples speak of two tables of the project's database:
//! `customers(customer_id PRIMARY KEY, email, country, consent)` and
//! `orders(order_id PRIMARY KEY, customer_id REFERENCES customers, amount, ordered_at)`.

use super::codes;

codes! {
    UNKNOWN_COLUMN = "E0201", "names.unknown_column", Script, "A column does not exist",
        "The name is neither a column of the rows that the rule speaks of nor a definition, a parameter or a constant of the file. Inside `any`, `no`, `count( … )` and the like, a bare name is a column of the linked row only; write `customers.country` to speak of the row around it.",
        bad "vip = build audience from customers where cuntry = \"FR\"\nsave audience vip as \"VIP\"\n",
        good "vip = build audience from customers where country = \"FR\"\nsave audience vip as \"VIP\"\n";
    UNKNOWN_LINK = "E0202", "names.unknown_link", Script, "A link does not exist",
        "Linked rows are reached by the name that a `link` statement gives, or, for tables, by a FOREIGN KEY.",
        bad "vip = build audience from customers where any ordrs\nsave audience vip as \"VIP\"\n",
        good "vip = build audience from customers where any orders\nsave audience vip as \"VIP\"\n";
    UNKNOWN_POPULATION = "E0203", "names.unknown_population", Script, "A population does not exist",
        "The name is neither a dimension, nor a table with a PRIMARY KEY, nor a transition that an activity above gives.",
        bad "vip = build audience from custmers\nsave audience vip as \"VIP\"\n",
        good "vip = build audience from customers\nsave audience vip as \"VIP\"\n";
    UNKNOWN_AUDIENCE = "E0204", "names.unknown_audience", Script, "An audience does not exist",
        "No saved audience has this label, and this run does not save it. An audience that does not exist is never read as an empty one: that would mail everybody that it was meant to exclude.",
        bad "vip = build audience from customers where not in audience \"Nobody saved this\"\nsave audience vip as \"VIP\"\n",
        good "base = build audience from customers where consent\nsave audience base as \"Base\"\nvip = build audience from customers where in audience \"Base\"\nsave audience vip as \"VIP\"\n";
    UNKNOWN_FUNCTION = "E0205", "names.unknown_function", Script, "A function does not exist",
        "`camp functions` lists all functions with examples.",
        bad "vip = build audience from customers where lowr(email) = \"a\"\nsave audience vip as \"VIP\"\n",
        good "vip = build audience from customers where lower(email) = \"a\"\nsave audience vip as \"VIP\"\n";
    UNKNOWN_ACTIVITY = "E0206", "names.unknown_activity", Script, "An activity does not exist",
        "`camp activities` lists what this project can use. An activity of a plugin needs `use` in the file.",
        bad "vip = build audience from customers\nbest = splitt vip\nsave audience best as \"Best\"\n",
        good "best = build audience from customers\nsave audience best as \"Best\"\n";
    UNKNOWN_OPTION = "E0207", "names.unknown_option", Script, "An option does not exist",
        "Options stand behind `with`, as `name: value`. The page of the activity lists them.",
        bad "vip = build audience from customers\nexport vip to \"out.csv\" with delimeter: \";\"\n",
        good "vip = build audience from customers\nexport vip to \"out.csv\" with delimiter: \";\"\n";
    UNKNOWN_TYPE = "E0208", "names.unknown_type", Script, "A type does not exist",
        "Types are `text`, `int`, `decimal(precision, scale)`, `float`, `bool`, `date`, `timestamp`, `duration` and `list of …`.",
        bad "param minimum: number = 10\nvip = build audience from customers where sum(amount of orders) > minimum\nsave audience vip as \"VIP\"\n",
        good "param minimum: decimal = 10\nvip = build audience from customers where sum(amount of orders) > minimum\nsave audience vip as \"VIP\"\n";
    UNKNOWN_ARGUMENT = "E0209", "names.unknown_argument", Script, "A definition has no such parameter",
        "Arguments of a definition are given in its order or by the names of its parameters.",
        bad "define recent(window: duration = 90 days) on customers = any orders where ordered_at in last window\nvip = build audience from customers where recent(windw: 30 days)\nsave audience vip as \"VIP\"\n",
        good "define recent(window: duration = 90 days) on customers = any orders where ordered_at in last window\nvip = build audience from customers where recent(window: 30 days)\nsave audience vip as \"VIP\"\n";
    UNKNOWN_TIMEZONE = "E0210", "names.unknown_timezone", Script, "A time zone does not exist",
        "Time zones have IANA names such as `Europe/Paris`.",
        bad "campaign \"VIP\" timezone \"Europe/Pari\"\nvip = build audience from customers\nsave audience vip as \"VIP\"\n",
        good "campaign \"VIP\" timezone \"Europe/Paris\"\nvip = build audience from customers\nsave audience vip as \"VIP\"\n";
    UNKNOWN_PLUGIN = "E0211", "names.unknown_plugin", Script, "A plugin does not exist",
        "`use` names plugins that ship with Camp or that `camp plugin add` installed.",
        bad "use splitt\nvip = build audience from customers\nsave audience vip as \"VIP\"\n",
        good "vip = build audience from customers\nsave audience vip as \"VIP\"\n";
    UNKNOWN_DATABASE = "E0212", "names.unknown_database", Script, "A database is not declared",
        "A table of another database is written `database.schema.table`, after `database NAME = \"…\"`.",
        bad "dimension accounts = crm.public.accounts key id\nall = build audience from accounts\nsave audience all as \"All\"\n",
        good "";
    DEFINED_TWICE = "E0213", "names.defined_twice", Script, "A name is defined twice",
        "Dimensions, transitions, parameters, definitions and databases of a file and of what it imports share one set of names. A transition is defined once.",
        bad "vip = build audience from customers where consent\nvip = build audience from customers where country = \"FR\"\nsave audience vip as \"VIP\"\n",
        good "consenting = build audience from customers where consent\nvip = build audience from consenting where country = \"FR\"\nsave audience vip as \"VIP\"\n";
    AMBIGUOUS = "E0214", "names.ambiguous", Script, "A name fits two things",
        "A bare name that fits both a column and something that the file defines is an error, so that a new column of a table can never change a rule. Write the column with its dimension, `customers.country`, or rename what the file defines.",
        bad "define country = \"FR\"\nvip = build audience from customers where country = \"FR\"\nsave audience vip as \"VIP\"\n",
        good "define home = \"FR\"\nvip = build audience from customers where country = home\nsave audience vip as \"VIP\"\n";
    DEFINITION_CYCLE = "E0215", "names.definition_cycle", Script, "Definitions go round in a circle",
        "A definition cannot stand for itself, not even through others.",
        bad "define good on customers = fine\ndefine fine on customers = good\nvip = build audience from customers where good\nsave audience vip as \"VIP\"\n",
        good "define good on customers = fine\ndefine fine on customers = consent\nvip = build audience from customers where good\nsave audience vip as \"VIP\"\n";
    IMPORT_CYCLE = "E0216", "names.import_cycle", Script, "Files import each other in a circle",
        "Put what both files need into a third one.",
        bad "", good "";
    USED_BEFORE = "E0217", "names.used_before", Script, "A transition is used before it is defined",
        "Activities run in the order of the file: a transition can be used only below the activity that gives it.",
        bad "vip = build audience from base where consent\nbase = build audience from customers\nsave audience vip as \"VIP\"\n",
        good "base = build audience from customers\nvip = build audience from base where consent\nsave audience vip as \"VIP\"\n";
    NOT_A_VALUE = "E0218", "names.not_a_value", Script, "A name does not stand for a value",
        "Links, dimensions, transitions and databases are not values. Linked rows are counted or tested: `any orders`, `count(orders)`.",
        bad "vip = build audience from customers where orders\nsave audience vip as \"VIP\"\n",
        good "vip = build audience from customers where any orders\nsave audience vip as \"VIP\"\n";
    NOT_A_POPULATION = "E0219", "names.not_a_population", Script, "A name does not stand for a population",
        "Activities take dimensions and transitions.",
        bad "param minimum: int = 3\nvip = build audience from minimum\nsave audience vip as \"VIP\"\n",
        good "param minimum: int = 3\nvip = build audience from customers where count(orders) >= minimum\nsave audience vip as \"VIP\"\n";
    WRONG_DIMENSION = "E0220", "names.wrong_dimension", Script, "A definition speaks of another dimension",
        "A definition `on customers` is used on rows of customers, or through a link that leads to one: `customer.lifetime_value`.",
        bad "define buyer on customers = any orders\nbig = build audience from orders where buyer\nsave audience big as \"Big\"\n",
        good "define buyer on customers = any orders\nbig = build audience from customers where buyer\nsave audience big as \"Big\"\n";
    UNKNOWN_PLACEHOLDER = "E0221", "names.unknown_placeholder", Script, "A `{{name}}` stands for nothing",
        "In labels, paths and messages, `{{name}}` is a parameter, `today` or `now`; with `for each COLUMN` also that column.",
        bad "vip = build audience from customers\nsave audience vip as \"VIP {{contry}}\"\n",
        good "param country: text = \"FR\"\nvip = build audience from customers\nsave audience vip as \"VIP {{country}}\"\n";
    IMPORTED_ACTIVITY = "E0222", "names.imported_activity", Script, "An imported file runs activities",
        "An imported file gives dimensions, links, definitions and parameters. Activities and guards of an imported file would be lost in silence, so they are refused.",
        bad "", good "";
    UNKNOWN_SETTING = "E0223", "names.unknown_setting", Usage, "A value is given to a parameter that does not exist",
        "`--set name=value` gives a value to `param name` of one of the files.",
        bad "", good "";
    IMPORT_UNREADABLE = "E0224", "names.import_unreadable", Script, "An imported file cannot be read",
        "The path of an import starts from the folder of the file that imports.",
        bad "", good "";
}
