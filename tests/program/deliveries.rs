//! Deliveries against a real server on the loopback interface: after the commit, with receipts, and
//! nothing of it where a run fails or only rehearses.

use crate::support::drive;
use crate::support::project::{Project, Ran};
use crate::support::web::Server;

/// Sends people 1 to 5 two by two; the server refuses the request with person 3.
fn project(server: &Server, guard: &str) -> Project {
    let project = Project::new();
    project.write(
        "people.csv",
        "id,email\n1,a@x.test\n2,b@x.test\n3,refused\n4,d@x.test\n5,e@x.test\n",
    );
    project.write(
        "send.camp",
        &format!(
            "campaign \"Spring\" timezone \"UTC\"\n\
             dimension people = \"people.csv\" key id columns (id: int, email: text)\n\
             use webhook\n\
             all = build audience from people select email\n\
             {guard}\n\
             webhook all with url: \"http://127.0.0.1:{}/hook\", batch: 2, token: \"CAMP_TEST_TOKEN\"\n\
             save audience all as \"All\"\n",
            server.port
        ),
    );
    project
}

fn run(project: &Project, token: bool, args: &[&str]) -> Ran {
    let mut command = drive::program(&project.path(""));
    command.args(["run", "send.camp", "--as-of", drive::AS_OF]).args(args);
    if token {
        command.env("CAMP_TEST_TOKEN", "s3cret");
    }
    Ran::of(command.output().unwrap())
}

#[test]
fn rows_are_sent_after_the_commit_and_every_one_has_a_receipt() {
    let server = Server::start("refused");
    let project = project(&server, "");
    let ran = run(&project, true, &[]);
    assert_eq!(ran.exit, Some(0), "{}", ran.stderr);
    assert!(ran.stdout.contains("webhook all: 3 sent, 2 failed"), "{}", ran.stdout);
    assert!(
        ran.stderr.contains("run.not_delivered"),
        "what was not delivered is said: {}",
        ran.stderr
    );
    assert!(!ran.stdout.contains("s3cret") && !ran.stderr.contains("s3cret"), "the secret shows");

    let requests = server.requests();
    assert_eq!(requests.len(), 3);
    assert!(requests.iter().all(|r| r.headers.contains(&"authorization: bearer s3cret".into())));
    let ids: Vec<i64> = requests
        .iter()
        .flat_map(|r| r.body["rows"].as_array().unwrap())
        .map(|row| row["id"].as_i64().unwrap())
        .collect();
    assert_eq!(ids, [1, 2, 3, 4, 5], "in the order of the key, each once");
    let mut keys: Vec<&String> = requests
        .iter()
        .map(|r| r.headers.iter().find(|h| h.starts_with("idempotency-key")).unwrap())
        .collect();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), 3, "each request has a key of its own");

    assert_eq!(
        project.rows(
            "SELECT status, count(*), min(channel), min(activity) FROM camp.camp.delivery GROUP BY 1 ORDER BY 1"
        ),
        ["failed|2|webhook|all", "sent|3|webhook|all"]
    );
}

#[test]
fn rows_that_an_outage_kept_are_sent_again_under_the_same_idempotency_key() {
    let server = Server::down_at_first("refused", 2);
    let project = project(&server, "");
    let script = std::fs::read_to_string(project.path("send.camp")).unwrap();
    project.write("send.camp", &script.replace("batch: 2", "batch: 2, tries: 1"));
    let ran = run(&project, true, &[]);
    assert_eq!(ran.exit, Some(0), "{}", ran.stderr);
    assert!(ran.stdout.contains("webhook all: 3 sent, 2 failed"), "{}", ran.stdout);
    let requests = server.requests();
    let key = |n: usize| {
        requests[n].headers.iter().find(|h| h.starts_with("idempotency-key")).unwrap().clone()
    };
    // (1, 2) and (3, 4) meet the outage, 5 does not; then (1, 2) and (3, 4) again, and not 5.
    assert_eq!(requests.len(), 5);
    assert_eq!((key(3), key(4)), (key(0), key(1)));
    assert_eq!(
        project.rows("SELECT key, status, attempt FROM camp.camp.delivery ORDER BY key, attempt"),
        [
            "1|retry|1",
            "1|sent|2",
            "2|retry|1",
            "2|sent|2",
            "3|retry|1",
            "3|failed|2",
            "4|retry|1",
            "4|failed|2",
            "5|sent|1"
        ]
    );
}

#[test]
fn rows_that_nobody_takes_end_the_run_with_an_error_after_its_commit() {
    let server = Server::down_at_first("refused", usize::MAX);
    let project = project(&server, "");
    let script = std::fs::read_to_string(project.path("send.camp")).unwrap();
    project.write("send.camp", &script.replace("batch: 2", "batch: 5, tries: 1"));
    let ran = run(&project, true, &[]);
    assert_eq!(ran.exit, Some(5), "{}", ran.stderr);
    assert!(ran.stderr.contains("E0619"), "{}", ran.stderr);
    assert!(ran.stdout.contains("5 not sent, a later run may help"), "{}", ran.stdout);
    assert_eq!(server.requests().len(), 3, "three attempts");
    assert_eq!(project.rows("SELECT count(*) FROM audience.\"All\""), ["5"]);
    assert_eq!(
        project.rows("SELECT status, count(*), max(attempt) FROM camp.camp.delivery GROUP BY 1"),
        ["retry|15|3"]
    );
}

#[test]
fn an_interrupt_between_two_attempts_ends_the_program_and_keeps_what_was_saved() {
    let server = Server::down_at_first("refused", usize::MAX);
    let project = project(&server, "");
    let script = std::fs::read_to_string(project.path("send.camp")).unwrap();
    project.write("send.camp", &script.replace("batch: 2", "batch: 5, tries: 1"));
    let mut command = drive::program(&project.path(""));
    command.args(["run", "send.camp"]).env("CAMP_TEST_TOKEN", "s3cret");
    command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    let mut child = command.spawn().unwrap();
    // After the second attempt there is a pause of eight seconds.
    while server.requests().len() < 2 {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let begun = std::time::Instant::now();
    // SAFETY: our own child, which was not waited for.
    unsafe { libc::kill(child.id() as i32, libc::SIGINT) };
    let status = child.wait().unwrap();
    assert_eq!(status.code(), Some(130));
    assert!(begun.elapsed().as_secs() < 5, "{:?}", begun.elapsed());
    assert_eq!(project.rows("SELECT count(*) FROM audience.\"All\""), ["5"]);
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn a_plan_says_what_would_be_sent_and_sends_nothing() {
    let server = Server::start("refused");
    let project = project(&server, "");
    let mut command = drive::program(&project.path(""));
    command.args(["plan", "send.camp", "--as-of", drive::AS_OF]).env("CAMP_TEST_TOKEN", "s3cret");
    let ran = Ran::of(command.output().unwrap());
    assert_eq!(ran.exit, Some(0), "{}", ran.stderr);
    assert!(ran.stdout.contains("would send 5 rows of all by webhook"), "{}", ran.stdout);
    assert!(server.requests().is_empty());
}

#[test]
fn receipts_name_members_as_the_catalogue_does() {
    let server = Server::start("refused");
    let project = Project::new();
    project.write("visits.csv", "shop,day\n7,2026-01-02\nb,2026-01-03\n");
    project.write(
        "send.camp",
        &format!(
            "campaign \"Visits\" timezone \"UTC\"\n\
             dimension visits = \"visits.csv\" key shop, day columns (shop: text, day: date)\n\
             use webhook\n\
             all = build audience from visits\n\
             fresh = build audience from visits where no deliveries\n\
             webhook all with url: \"http://127.0.0.1:{}/hook\"\n\
             save audience all as \"All\"\n\
             save audience fresh as \"Fresh\"\n",
            server.port
        ),
    );
    project.run_well("send.camp");
    let keys = ["[\"7\",\"2026-01-02\"]", "[\"b\",\"2026-01-03\"]"];
    assert_eq!(project.rows("SELECT key FROM camp.camp.delivery ORDER BY key"), keys);
    assert_eq!(project.rows("SELECT count(*) FROM audience.\"Fresh\""), ["2"]);
    project.run_well("send.camp");
    assert_eq!(project.rows("SELECT count(*) FROM audience.\"Fresh\""), ["0"], "both have one");
}

#[test]
fn a_later_campaign_finds_whom_a_delivery_reached() {
    let server = Server::start("refused");
    let project = project(&server, "");
    run(&project, true, &[]);
    project.write(
        "again.camp",
        "campaign \"Again\" timezone \"UTC\"\n\
         dimension people = \"people.csv\" key id columns (id: int, email: text)\n\
         missed = build audience from people\n\
         \x20 where no deliveries where (campaign = \"Spring\" and status = \"sent\")\n\
         save audience missed as \"Missed\"\n",
    );
    project.run_well("again.camp");
    assert_eq!(project.rows("SELECT id FROM audience.\"Missed\" ORDER BY id"), ["3", "4"]);
}

#[test]
fn before_the_first_delivery_nobody_has_one() {
    let project = Project::new();
    project.write("people.csv", "id\n1\n");
    project.write(
        "first.camp",
        "campaign \"First\" timezone \"UTC\"\n\
         dimension people = \"people.csv\" key id columns (id: int)\n\
         new = build audience from people where no deliveries\n\
         save audience new as \"New\"\n",
    );
    project.run_well("first.camp");
    project.run_well("first.camp");
    assert_eq!(project.rows("SELECT id FROM audience.\"New\""), ["1"]);
}

#[test]
fn a_dry_run_and_a_run_that_fails_send_nothing() {
    let server = Server::start("refused");
    let quiet = project(&server, "");
    let ran = run(&quiet, true, &["--dry-run"]);
    assert_eq!(ran.exit, Some(0), "{}", ran.stderr);
    assert!(ran.stdout.contains("5 checked, nothing was sent"), "{}", ran.stdout);

    let failing = project(&server, "expect count(all) > 100");
    assert_eq!(run(&failing, true, &[]).exit, Some(3));

    let skipped = project(&server, "");
    let script = std::fs::read_to_string(skipped.path("send.camp")).unwrap();
    let script =
        script.replace("\"CAMP_TEST_TOKEN\"", "\"CAMP_TEST_TOKEN\" only if count(all) > 100");
    skipped.write("send.camp", &script);
    let ran = run(&skipped, true, &[]);
    assert_eq!(ran.exit, Some(0), "{}", ran.stderr);
    assert!(server.requests().is_empty(), "{:?}", server.requests());
}

#[test]
fn a_missing_secret_is_found_before_anything_is_saved() {
    let server = Server::start("refused");
    let project = project(&server, "");
    let ran = run(&project, false, &[]);
    assert_eq!(ran.exit, Some(2), "{}", ran.stderr);
    assert!(ran.stderr.contains("E0617"), "{}", ran.stderr);
    assert!(server.requests().is_empty());
    assert!(!project.database().exists(), "something was saved");
}

#[test]
fn a_test_of_the_campaign_sends_nothing_and_needs_no_token() {
    let server = Server::start("refused");
    let test = "test \"sends nothing\"\n  given people (id, email) = (1, \"a@x.test\")\n\
                \x20 expect all = (1)\n  expect audience \"All\" = (1)";
    let project = project(&server, test);
    for token in [true, false] {
        let mut command = drive::program(&project.path(""));
        command.args(["test", "send.camp"]);
        if token {
            command.env("CAMP_TEST_TOKEN", "s3cret");
        }
        let ran = Ran::of(command.output().unwrap());
        assert_eq!(ran.exit, Some(0), "{}{}", ran.stdout, ran.stderr);
    }
    assert!(server.requests().is_empty());
}

/// A campaign that would send mail by a template.
fn mail(template: &str) -> Project {
    let project = Project::new();
    project.write("people.csv", "id,email,name\n1,a@x.test,Ann\n2,,Bob\n3,c at x,Cy\n");
    std::fs::create_dir_all(project.path("campaigns/templates")).unwrap();
    project.write("campaigns/templates/hello.txt", template);
    project.write(
        "campaigns/send.camp",
        "campaign \"Mail\" timezone \"UTC\"\n\
         dimension people = \"../people.csv\" key id columns (id: int, email: text, name: text)\n\
         use email\n\
         all = build audience from people select email, name\n\
         email all with template: \"hello\"\n",
    );
    project
}

#[test]
fn a_template_is_read_beside_the_script_and_its_faults_stop_the_check() {
    let check = |template: &str| mail(template).camp(&["check", "campaigns/send.camp"]);
    let fine = check("---\nsubject: Hi {{name}}\nfrom: news@shop.test\n---\nHi!\n");
    assert_eq!(fine.exit, Some(0), "{}", fine.stderr);
    let wrong = check("---\nsubject: Hi {{nmae}}\nfrom: news@shop.test\n---\nHi!\n");
    assert_eq!(wrong.exit, Some(1), "{}", wrong.stderr);
    for said in [
        "line 2: there is no column `nmae`",
        "add `nmae` to `select`",
        "[campaigns/send.camp:5:26]",
    ] {
        assert!(wrong.stderr.contains(said), "{said}: {}", wrong.stderr);
    }
}

#[test]
fn a_rehearsal_needs_no_secret_and_tells_what_would_fail() {
    let project = mail("---\nsubject: Hi\nfrom: news@shop.test\n---\nHi!\n");
    let mut command = drive::program(&project.path(""));
    command.args(["run", "campaigns/send.camp", "--dry-run"]).env_remove("CAMP_SMTP_URL");
    let ran = Ran::of(command.output().unwrap());
    assert_eq!(ran.exit, Some(0), "{}", ran.stderr);
    assert!(
        ran.stdout.contains("email all: 1 failed, 1 left out, 1 checked, nothing was sent"),
        "{}",
        ran.stdout
    );
    assert!(ran.stderr.contains("run.secret_missing"), "{}", ran.stderr);

    let mut command = drive::program(&project.path(""));
    command.args(["run", "campaigns/send.camp"]).env_remove("CAMP_SMTP_URL");
    let ran = Ran::of(command.output().unwrap());
    assert_eq!(ran.exit, Some(2), "{}", ran.stderr);
    assert!(ran.stderr.contains("E0617"), "{}", ran.stderr);
}

#[test]
fn a_server_that_cannot_be_read_is_told_without_its_password() {
    let project = mail("---\nsubject: Hi\nfrom: news@shop.test\n---\nHi!\n");
    let mut command = drive::program(&project.path(""));
    command.args(["run", "campaigns/send.camp"]).env("CAMP_SMTP_URL", "mailto:me:s3cret@x.test");
    let ran = Ran::of(command.output().unwrap());
    assert_eq!(ran.exit, Some(5), "{}", ran.stderr);
    assert!(ran.stdout.contains("email all: 3 not sent"), "{}", ran.stdout);
    assert!(ran.stderr.contains("`CAMP_SMTP_URL` cannot be used"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("s3cret"), "{}", ran.stderr);
}
