//! `--keep-going`: a campaign whose expectation does not hold fails alone.

use crate::support::project::Project;

/// Three campaigns: the first fails, the second is made from it, the third is apart from both.
fn project() -> Project {
    let project = Project::new();
    std::fs::create_dir(project.path("all")).unwrap();
    project.sql(
        "CREATE TABLE c(id BIGINT PRIMARY KEY, city VARCHAR);
         INSERT INTO c VALUES (1, 'Lyon'), (2, 'Lyon'), (3, 'Bonn');",
    );
    project.write("camp.toml", "timezone = \"UTC\"\n");
    project.write(
        "all/a.camp",
        "lyon = build audience from c where city = \"Lyon\"\nsave audience lyon as \"Lyon\"\n\
         export lyon to \"../lyon.csv\"\nexpect count(lyon) > 2 else \"too few in Lyon\"\n",
    );
    project.write(
        "all/b.camp",
        "again = read audience \"Lyon\"\nsave audience again as \"Lyon again\"\n",
    );
    project.write(
        "all/c.camp",
        "bonn = build audience from c where city = \"Bonn\"\nsave audience bonn as \"Bonn\"\n\
         export bonn to \"../bonn.csv\"\nexpect count(bonn) = 1\n",
    );
    project
}

#[test]
fn campaigns_that_hold_are_saved_and_the_run_still_tells_of_the_failure() {
    let project = project();
    let ran = project.camp(&["run", "--keep-going", "all"]);
    assert_eq!(ran.exit, Some(3), "{}", ran.stderr);
    assert!(ran.stderr.contains("too few in Lyon"), "{}", ran.stderr);
    assert!(ran.stderr.contains("nothing of this"), "{}", ran.stderr);
    assert!(ran.stdout.contains("saved \"Bonn\" (new): was 0, now 1"), "{}", ran.stdout);
    assert_eq!(project.rows("SELECT label FROM camp.camp.audience"), ["Bonn"]);
    assert_eq!(project.rows("SELECT id FROM audience.\"Bonn\""), ["3"]);
    assert_eq!(std::fs::read_to_string(project.path("bonn.csv")).unwrap(), "id\n3\n");
    assert!(!project.path("lyon.csv").exists(), "an export of the campaign that failed");
}

#[test]
fn without_it_one_campaign_that_fails_keeps_all_from_being_saved() {
    let project = project();
    let ran = project.camp(&["run", "all"]);
    assert_eq!(ran.exit, Some(3), "{}", ran.stderr);
    assert!(!project.path("bonn.csv").exists());
    let ran = project.camp(&["audiences", "list", "--format", "csv"]);
    assert!(!ran.stdout.contains("Bonn"), "{}", ran.stdout);
}

#[test]
fn when_every_campaign_fails_nothing_is_written() {
    let project = project();
    project.sql("INSERT INTO c VALUES (4, 'Bonn')");
    let ran = project.camp(&["run", "--keep-going", "all"]);
    assert_eq!(ran.exit, Some(3), "{}", ran.stderr);
    assert!(ran.stderr.contains("too few in Lyon"), "{}", ran.stderr);
    assert!(!project.path("bonn.csv").exists());
    let ran = project.camp(&["audiences", "list", "--format", "csv"]);
    assert!(!ran.stdout.contains("Bonn"), "{}", ran.stdout);
}
