//! Codes `E08xx`: `test` statements. The samples speak of the tables of [`super::names`].

use super::codes;

codes! {
    ROW_WIDTH = "E0801", "tests.row_width", Script, "A row of a test has too many or too few values",
        "Each row has a value for each column that stands in front of the `=`; without such a list, for each column of the key. A value that does not matter is `missing`, and a column that does not matter need not be named.",
        bad "vip = build audience from customers where consent\nsave audience vip as \"VIP\"\ntest \"consent\"\n  given customers (customer_id, consent) = (1, true), (2)\n  expect vip = (1)\n",
        good "vip = build audience from customers where consent\nsave audience vip as \"VIP\"\ntest \"consent\"\n  given customers (customer_id, consent) = (1, true), (2, missing)\n  expect vip = (1)\n";
    VALUE = "E0802", "tests.value", Script, "A value of a test does not fit its column",
        "The rows of a test have the types of the columns that they stand for: texts in quotes, dates and numbers without.",
        bad "vip = build audience from customers where consent\nsave audience vip as \"VIP\"\ntest \"consent\"\n  given customers (customer_id, consent) = (1, \"yes\")\n  expect vip = (1)\n",
        good "vip = build audience from customers where consent\nsave audience vip as \"VIP\"\ntest \"consent\"\n  given customers (customer_id, consent) = (1, true)\n  expect vip = (1)\n";
    GIVEN_TWICE = "E0803", "tests.given_twice", Script, "A test gives the same thing twice",
        "All rows of a dimension stand in one `given`, a column once. An audience may be given several times with different instants: those are its versions.",
        bad "vip = build audience from customers where consent\nsave audience vip as \"VIP\"\ntest \"consent\"\n  given customers = (1)\n  given customers = (2)\n  expect vip = ()\n",
        good "vip = build audience from customers where consent\nsave audience vip as \"VIP\"\ntest \"consent\"\n  given customers = (1, 2)\n  expect vip = ()\n";
    NOTHING_EXPECTED = "E0804", "tests.nothing_expected", Script, "A test expects nothing",
        "A test without an `expect` would pass whatever the campaign does.",
        bad "vip = build audience from customers where consent\nsave audience vip as \"VIP\"\ntest \"consent\"\n  given customers (customer_id, consent) = (1, true)\n",
        good "vip = build audience from customers where consent\nsave audience vip as \"VIP\"\ntest \"consent\"\n  given customers (customer_id, consent) = (1, true)\n  expect vip = (1)\n";
    SAME_LABEL = "E0805", "tests.same_label", Script, "Two tests have the same label",
        "The label says which test failed, so each has its own.",
        bad "vip = build audience from customers where consent\nsave audience vip as \"VIP\"\ntest \"consent\"\n  expect vip = ()\ntest \"consent\"\n  expect count(vip) = 0\n",
        good "vip = build audience from customers where consent\nsave audience vip as \"VIP\"\ntest \"nobody without rows\"\n  expect vip = ()\ntest \"nobody is counted\"\n  expect count(vip) = 0\n";
    NOT_GIVEN = "E0806", "tests.not_given", Script, "A test does not say what a dimension looks like",
        "The columns of a dimension come from its source. Where that cannot be read (no such file here, or a server, which tests never ask), the test has to give rows, with the columns that the campaign uses: `given orders (order_id, amount: decimal) = ()` when there are none.",
        bad "", good "";
    KEY_MISSING = "E0807", "tests.key_missing", Script, "Given rows have no key",
        "Rows without a key are in no population, so a test that gives some would say nothing.",
        bad "vip = build audience from customers where consent\nsave audience vip as \"VIP\"\ntest \"consent\"\n  given customers (consent) = (true)\n  expect vip = ()\n",
        good "vip = build audience from customers where consent\nsave audience vip as \"VIP\"\ntest \"consent\"\n  given customers (customer_id, consent) = (1, true)\n  expect vip = (1)\n";
    SEVERAL_CAMPAIGNS = "E0808", "tests.several_campaigns", Script, "A file tests more than one campaign",
        "A file with tests and no activities tests the one campaign that it imports, so that a name means one thing.",
        bad "", good "";
    NO_TESTS = "E0809", "tests.none", Usage, "There is no test to run",
        "`camp test` runs the `test` statements of the files it is given, and of all `.camp` files below folders.",
        bad "", good "";
}
