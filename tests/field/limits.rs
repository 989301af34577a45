//! Long scripts, wide tables, little memory.

use std::fmt::Write as _;

use crate::support::project::Project;

fn numbers(many: u32) -> Project {
    let project = Project::new();
    project.sql(&format!(
        "CREATE TABLE p AS SELECT i AS id FROM range({many}) r(i); ALTER TABLE p ADD PRIMARY KEY (id)"
    ));
    project
}

#[test]
fn n132_a_list_of_50_000_values_in_a_script() {
    let project = numbers(100_000);
    let list: Vec<String> = (1..100_000).step_by(2).map(|i| i.to_string()).collect();
    project.write(
        "list.camp",
        &format!(
            "define odd = ({})\na = build audience from p where id in odd\nb = build audience from p where id \
             not in odd\nsave audience a as \"a\"\nsave audience b as \"b\"\n",
            list.join(", ")
        ),
    );
    project.run_well("list.camp");
    assert_eq!(project.rows("SELECT count(*), min(id % 2) FROM audience.a"), ["50000|1"]);
    assert_eq!(project.rows("SELECT count(*), max(id % 2) FROM audience.b"), ["50000|0"]);
}

#[test]
fn n133_1_500_alternatives_are_one_rule() {
    let project = numbers(2_000);
    let rule: Vec<String> = (0..1_500).map(|i| format!("id = {i}")).collect();
    project.write(
        "or.camp",
        &format!(
            "a = build audience from p where {}\nsave audience a as \"a\"\n",
            rule.join(" or ")
        ),
    );
    project.run_well("or.camp");
    assert_eq!(project.rows("SELECT count(*), max(id) FROM audience.a"), ["1500|1499"]);
}

#[test]
fn n133_brackets_without_end_are_refused_and_never_crash() {
    let project = numbers(10);
    for depth in [1_500, 10_000, 100_000] {
        let (open, close) = ("(".repeat(depth), ")".repeat(depth));
        project.write(
            "deep.camp",
            &format!(
                "a = build audience from p where {open}id = 1{close}\nsave audience a as \"a\"\n"
            ),
        );
        let ran = project.run("deep.camp");
        assert_eq!(ran.exit, Some(1), "{depth}: {}", ran.stderr);
        assert!(ran.stderr.contains("E0103"), "{}", ran.stderr);
    }
    for (name, text) in [
        ("not", format!("a = build audience from p where {}id = 1\n", "not ".repeat(100_000))),
        ("minus", format!("a = build audience from p where {}id = 1\n", "- ".repeat(100_000))),
        ("call", format!("a = build audience from p where {}id = 1\n", "abs(".repeat(100_000))),
        ("if", format!("a = build audience from p where {}\n", "if true then ".repeat(100_000))),
        ("any", format!("a = build audience from p where {}\n", "any x where (".repeat(100_000))),
        ("sets", format!("a = combine {}a\n", "(".repeat(100_000))),
    ] {
        project.write("deep.camp", &text);
        let ran = project.run("deep.camp");
        assert_eq!(ran.exit, Some(1), "{name}: {}", &ran.stderr[..ran.stderr.len().min(2000)]);
    }
}

#[test]
fn n133_a_union_of_600_populations() {
    let project = numbers(1_000);
    let mut script = String::new();
    let mut names = Vec::new();
    for i in 0..600 {
        writeln!(script, "a{i} = build audience from p where id = {i}").unwrap();
        names.push(format!("a{i}"));
    }
    writeln!(script, "all = combine {}\nsave audience all as \"all\"", names.join(" union "))
        .unwrap();
    project.write("union.camp", &script);
    project.run_well("union.camp");
    assert_eq!(project.rows("SELECT count(*), max(id) FROM audience.\"all\""), ["600|599"]);
}

#[test]
fn n134_more_data_than_memory_spills_or_is_told() {
    let project = Project::new();
    project.sql(
        "CREATE TABLE people AS SELECT i AS id, i // 2 AS person, repeat(md5(i::VARCHAR), 25) AS payload, \
         (i * 7919) % 200003 AS updated FROM range(200000) r(i); CREATE TABLE owner AS SELECT i AS id \
         FROM range(100000) r(i)",
    );
    project.write(
        "old.camp",
        "dimension owner = owner key id\none = build audience from owner where id < 3\n\
         save audience one as \"newest\"\n",
    );
    project.run_well("old.camp");
    project.write(
        "large.camp",
        "dimension owner = owner key id\ndimension people = people key id\n\
         link owner.people, people.owner on owner.id = people.person\n\
         newest = build audience from owner select last(payload of people by updated) as payload\n\
         save audience newest as \"newest\"\n",
    );
    let ran = project.camp(&["run", "large.camp", "--memory-limit", "100MB", "--threads", "2"]);
    let stored = project.rows("SELECT count(*) FROM audience.newest");
    match ran.exit {
        Some(0) => {
            assert_eq!(stored, ["100000"]);
            let wrong = project.rows(
                "SELECT count(*) FROM audience.newest n JOIN (SELECT person, arg_max(payload, updated) AS \
                 payload FROM people GROUP BY person) p ON n.id = p.person WHERE n.payload != p.payload",
            );
            assert_eq!(wrong, ["0"]);
        }
        Some(4) => {
            assert_eq!(stored, ["3"]);
            assert!(ran.stderr.contains("memory"), "{}", ran.stderr);
        }
        other => panic!("ended with {other:?}: {}", ran.stderr),
    }
    let left: Vec<String> = project.files().into_iter().filter(|f| f.contains("tmp")).collect();
    assert!(left.is_empty(), "files left behind: {left:?}");
}

#[test]
fn n135_a_spill_folder_that_cannot_be_is_told() {
    let project = numbers(10);
    project.write("file", "");
    project.write("a.camp", "a = build audience from p\nsave audience a as \"a\"\n");
    let ran = project.camp(&["run", "a.camp", "--temp-directory", "file/below"]);
    if ran.exit != Some(0) {
        assert!(matches!(ran.exit, Some(2 | 4)), "{}", ran.stderr);
        assert!(ran.stderr.contains("file/below"), "{}", ran.stderr);
    }
    assert_eq!(project.files().iter().filter(|f| f.contains("tmp")).count(), 0);
}

#[test]
fn n140_a_table_of_2_000_columns_gives_the_three_that_are_asked_for() {
    let project = Project::new();
    let columns: Vec<String> = (0..2_000).map(|c| format!("i * {c} AS c{c}")).collect();
    project.sql(&format!(
        "CREATE TABLE wide AS SELECT i AS id, {} FROM range(1000) r(i)",
        columns.join(", ")
    ));
    project.write(
        "wide.camp",
        "dimension wide = wide key id\nsome = build audience from wide where c1999 > 1_000_000 select c7, c8\n\
         save audience some as \"some\"\n",
    );
    project.run_well("wide.camp");
    assert_eq!(
        project.rows("SELECT count(*), min(id), min(c7), min(c8) FROM audience.some"),
        // 1999 * id > 1,000,000 from id 501 on.
        ["499|501|3507|4008"]
    );
    assert_eq!(
        project.rows("SELECT column_name FROM duckdb_columns() WHERE schema_name = 'audience'"),
        ["id", "c7", "c8"]
    );
}

/// The types of all columns are found out in memory that grows with their number, not its square.
#[test]
fn n140_a_csv_file_of_2_000_columns_needs_no_gigabytes() {
    let project = Project::new();
    let mut text = String::from("id");
    (0..2_000).for_each(|c| write!(text, ",c{c}").unwrap());
    for i in 0..50 {
        write!(text, "\n{i}").unwrap();
        (0..2_000).for_each(|c| write!(text, ",{}", i * c).unwrap());
    }
    project.write("wide.csv", &text);
    project.write(
        "wide.camp",
        "dimension wide = \"wide.csv\" key id\nsome = build audience from wide where c1999 > 50_000 select c7\n\
         save audience some as \"some\"\n",
    );
    let ran = project.camp(&["run", "wide.camp", "--memory-limit", "2GB", "--threads", "2"]);
    assert_eq!(ran.exit, Some(0), "{}", ran.stderr);
    // 1999 * id > 50,000 from id 26 on.
    assert_eq!(project.rows("SELECT count(*), min(id), min(c7) FROM audience.some"), ["24|26|182"]);
}

#[test]
fn a_script_of_50_megabytes_is_read_or_refused() {
    let project = numbers(10);
    let mut script = String::with_capacity(51 << 20);
    while script.len() < 50 << 20 {
        script.push_str(
            "# A comment of some length that says nothing of interest to anybody at all.\n",
        );
    }
    script.push_str("a = build audience from p\nsave audience a as \"a\"\n");
    project.write("large.camp", &script);
    let ran = project.run("large.camp");
    assert!(matches!(ran.exit, Some(0 | 1)), "{:?} {}", ran.exit, ran.stderr);
}
