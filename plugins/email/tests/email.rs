//! `email` against a real SMTP conversation on loopback.

#![allow(clippy::unwrap_used)]

mod server;

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use camp_plugin_test::{Case, Executed, expr};
use serde_json::json;
use server::Server;
use tempfile::TempDir;

const ROWS: &str = "1,ann@x.test,Ann,de\n2,bob@x.test,Bob,en\n3,cy@x.test,,de\n";

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, text) in files {
        let path = folder.path().join("templates").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

const PLAIN: (&str, &str) =
    ("hello.txt", "---\nsubject: Hi {{name}}\nfrom: Shop <news@shop.test>\n---\nDear {{name}}!\n");

fn case(folder: &Path, rows: &str) -> Case {
    Case::new(camp_email::camp_plugin_v1, "email")
        .input("in", "id:int key, email:text, name:text, language:text", rows)
        .param("template", json!(["hello"]))
        .param("pause", 1)
        .folder(folder)
}

fn at(case: Case, server: &Server) -> Case {
    case.secret("CAMP_SMTP_URL", &server.url())
}

fn statuses(done: &Executed) -> Vec<&str> {
    done.column("status").into_iter().flatten().collect()
}

#[test]
fn everybody_gets_a_message_of_their_own() {
    let server = Server::start(&[]);
    let folder = folder(&[PLAIN]);
    let done = at(case(folder.path(), ROWS), &server).execute(1000);
    assert_eq!(done.error, None, "{done:?}");
    assert_eq!(done.columns, ["id", "status", "provider_id", "error", "attempt"]);
    assert_eq!(statuses(&done), ["sent"; 3]);

    let messages = server.messages();
    assert_eq!(server.connections(), 1, "one conversation for all");
    assert_eq!(
        messages.iter().map(|m| m.to.clone()).collect::<Vec<_>>(),
        [["ann@x.test"], ["bob@x.test"], ["cy@x.test"]]
    );
    let first = &messages[0];
    assert_eq!(first.from, "news@shop.test");
    assert_eq!(first.header("from").as_deref(), Some("Shop <news@shop.test>"));
    assert_eq!(first.header("to").as_deref(), Some("ann@x.test"));
    assert_eq!(first.header("subject").as_deref(), Some("Hi Ann"));
    assert!(first.header("date").is_some());
    assert!(first.data.ends_with("\r\n\r\nDear Ann!\r\n"), "{}", first.data);
    assert!(messages[2].data.ends_with("Dear !\r\n"), "a missing value leaves nothing");

    let ids: Vec<_> = messages.iter().map(|m| m.header("message-id").unwrap()).collect();
    assert!(ids.iter().all(|id| id.starts_with("<run-1-node-1-") && id.ends_with("@shop.test>")));
    assert!(ids[0] != ids[1] && ids[1] != ids[2]);
    let provider: Vec<_> =
        done.column("provider_id").into_iter().map(|id| format!("<{}>", id.unwrap())).collect();
    assert_eq!(provider, ids);
    assert_eq!(server.lines().last().map(String::as_str), Some("QUIT"));
}

#[test]
fn the_template_follows_the_row_and_both_files_make_one_message() {
    let server = Server::start(&[]);
    let head = "---\nsubject: S\nfrom: news@shop.test\n---\n";
    let folder = folder(&[
        ("hello-de.html", &format!("{head}<p title=\"{{{{name}}}}\">{{{{name}}}}</p>")),
        ("hello-de.txt", "Lieb {{name}}"),
        ("hello-en.txt", &format!("{head}Dear {{{{ name }}}}")),
        ("other.txt", "{{ no such"),
    ]);
    let rows = "1,a@x.test,\"A<b>&\"\"'\",de\n2,b@x.test,\"B<b>\",en\n3,c@x.test,C,fr\n";
    let done = at(
        case(folder.path(), rows).param("template", json!(["hello-", expr("language", "text")])),
        &server,
    )
    .execute(1000);
    assert_eq!(statuses(&done), ["sent", "sent", "failed"], "{done:?}");
    assert_eq!(done.column("error")[2], Some("there is no template `hello-fr`"));
    let messages = server.messages();
    assert!(
        messages[0].header("content-type").unwrap().starts_with("multipart/alternative"),
        "{}",
        messages[0].data
    );
    assert!(
        messages[0]
            .data
            .contains("<p title=\"A&lt;b&gt;&amp;&quot;&#39;\">A&lt;b&gt;&amp;&quot;&#39;</p>"),
        "{}",
        messages[0].data
    );
    assert!(messages[0].data.contains("Lieb A<b>&\"'"), "plain text is not HTML");
    assert!(messages[1].data.ends_with("\r\n\r\nDear B<b>\r\n"), "{}", messages[1].data);
}

#[test]
fn what_the_call_says_wins_over_the_template() {
    let server = Server::start(&[]);
    let folder = folder(&[PLAIN]);
    let done = at(
        case(folder.path(), "1,a@x.test,Zoé,de\n")
            .param("to", expr("'b@' || 'y.test'", "text"))
            .param("from", "Team <team@shop.test>")
            .param("subject", json!(["Bonjour ", expr("name", "text")]))
            .param("reply_to", "help@shop.test")
            .param(
                "unsubscribe",
                json!(["https://shop.test/u?m=", expr("email || '&x=é'", "text")]),
            ),
        &server,
    )
    .execute(1000);
    assert_eq!(statuses(&done), ["sent"], "{done:?}");
    let message = &server.messages()[0];
    assert_eq!(
        (message.from.as_str(), &message.to[..]),
        ("team@shop.test", &["b@y.test".into()][..])
    );
    assert_eq!(message.header("from").as_deref(), Some("Team <team@shop.test>"));
    assert_eq!(message.header("reply-to").as_deref(), Some("help@shop.test"));
    assert_eq!(message.header("subject").as_deref(), Some("Bonjour =?utf-8?b?Wm/DqQ==?="));
    assert_eq!(
        message.header("list-unsubscribe").as_deref(),
        Some("<https://shop.test/u?m=a%40x.test%26x%3D%C3%A9>")
    );
    assert_eq!(
        message.header("list-unsubscribe-post").as_deref(),
        Some("List-Unsubscribe=One-Click")
    );
}

#[test]
fn values_cannot_add_headers_or_recipients() {
    let server = Server::start(&[]);
    let folder = folder(&[PLAIN]);
    let rows = "1,a@x.test,\"A\r\nBcc: evil@x.test\r\n\r\nbody\",de\n\
                2,\"b@x.test\r\nRCPT TO:<evil@x.test>\",B,de\n3,\"c@x.test,evil@x.test\",C,de\n";
    let done = at(case(folder.path(), rows), &server).execute(1000);
    assert_eq!(statuses(&done), ["sent", "failed", "failed"], "{done:?}");
    let messages = server.messages();
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0].header("subject").as_deref(), Some("Hi A Bcc: evil@x.test body"));
    assert_eq!(messages[0].header("bcc"), None);
    assert!(server.lines().iter().all(|line| !line.starts_with("RCPT TO:<evil")));
}

#[test]
fn malformed_addresses_fail_and_missing_ones_are_left_out() {
    let server = Server::start(&[]);
    let folder = folder(&[PLAIN]);
    let rows = "1,no address,A,de\n2,,B,de\n3, c@x.test ,C,de\n4,\"\",D,de\n";
    let done = at(case(folder.path(), rows), &server).execute(1000);
    assert_eq!(statuses(&done), ["failed", "skipped", "sent", "skipped"], "{done:?}");
    assert_eq!(done.column("error")[0], Some("the address is malformed"));
    assert_eq!(done.column("error")[1], Some("there is no address"));
    assert_eq!(server.messages()[0].to, ["c@x.test"]);
}

#[test]
fn refused_recipients_do_not_hold_up_the_others() {
    let server = Server::start(&[
        ("RCPT TO:<ann@", &["550 5.1.1 <ann@x.test>: who is that"]),
        ("RCPT TO:<bob@", &["451 4.7.1 bob@x.test is greylisted", "451 4.7.1 again"]),
    ]);
    let folder = folder(&[PLAIN]);
    let done = at(case(folder.path(), ROWS), &server).execute(1000);
    assert_eq!(done.error, None);
    // Those that are settled have receipts before the others are tried again.
    assert_eq!(done.column("id"), [Some("1"), Some("3"), Some("2")]);
    assert_eq!(statuses(&done), ["failed", "sent", "sent"]);
    assert_eq!(done.column("attempt"), [Some("1"), Some("1"), Some("3")]);
    assert_eq!(done.column("error")[0], Some("the server answered 550 5.1.1"), "no address");
    assert_eq!(done.batches, [2, 1]);
    assert_eq!(server.connections(), 1, "a refusal is no reason to hang up");
}

#[test]
fn a_connection_that_breaks_in_a_message_is_tried_again_with_the_same_id() {
    let server = Server::start(&[(". bob@", &[""])]);
    let folder = folder(&[PLAIN]);
    let done = at(case(folder.path(), ROWS), &server).execute(1000);
    assert_eq!(done.error, None, "{done:?}");
    let mut sent: Vec<_> = done.column("id").into_iter().flatten().collect();
    sent.sort_unstable();
    assert_eq!(sent, ["1", "2", "3"], "one receipt each");
    assert_eq!(statuses(&done), ["sent"; 3]);
    assert_eq!(done.column("attempt")[1], Some("2"));
    let messages = server.messages();
    assert_eq!(messages.len(), 3);
    assert_eq!(messages[1].to, ["bob@x.test"]);
    assert_eq!(messages[1].connection, 2);
    assert_eq!(server.connections(), 2);
}

#[test]
fn tries_end() {
    let busy: &[&str] = &["452 4.2.2 full"; 9];
    let server = Server::start(&[(". ann@", busy)]);
    let folder = folder(&[PLAIN]);
    let done = at(case(folder.path(), ROWS).param("tries", 2), &server).execute(1000);
    assert_eq!(done.column("id"), [Some("2"), Some("3"), Some("1")]);
    assert_eq!(statuses(&done), ["sent", "sent", "retry"]);
    assert_eq!(done.column("attempt")[2], Some("2"));
    assert_eq!(done.column("error")[2], Some("the server answered 452 4.2.2"));
}

#[test]
fn nobody_listening_is_no_reason_to_lose_receipts() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let folder = folder(&[PLAIN]);
    let done = case(folder.path(), ROWS)
        .param("tries", 2)
        .secret("CAMP_SMTP_URL", &format!("smtp://{free}"))
        .execute(1000);
    assert_eq!(statuses(&done), ["retry"; 3]);
    assert_eq!(done.column("error")[0], Some("the connection was refused"));
}

#[test]
fn a_server_that_closes_shop_is_asked_again_later() {
    let server = Server::start(&[("GREETING", &["421 4.3.2 not now"])]);
    let folder = folder(&[PLAIN]);
    let done = at(case(folder.path(), ROWS), &server).execute(1000);
    assert_eq!(statuses(&done), ["sent"; 3]);
    assert_eq!(done.column("attempt"), [Some("2"); 3]);
}

#[test]
fn the_login_is_used_and_shown_nowhere() {
    let server = Server::start(&[]);
    let folder = folder(&[PLAIN]);
    let url = format!("smtp://me%40shop.test:s3%2Fcret@127.0.0.1:{}", server.port);
    let done = case(folder.path(), ROWS).secret("CAMP_SMTP_URL", &url).execute(1000);
    assert_eq!(statuses(&done), ["sent"; 3]);
    // NUL, me@shop.test, NUL, s3/cret
    assert!(server.lines().contains(&"AUTH PLAIN AG1lQHNob3AudGVzdABzMy9jcmV0".to_owned()));
    assert!(!format!("{done:?}").contains("s3"), "{done:?}");

    let server = Server::start(&[("AUTH", &["535 5.7.8 s3/cret is wrong"])]);
    let url = format!("smtp://me:s3cret@127.0.0.1:{}", server.port);
    let done = case(folder.path(), ROWS).secret("CAMP_SMTP_URL", &url).execute(1000);
    assert!(done.error.is_some() && done.rows.is_empty(), "{done:?}");
    assert_eq!(
        (done.diags[0].path.as_str(), done.diags[0].code.as_str()),
        ("params.server", "auth")
    );
    assert_eq!(done.diags[0].message, "the server answered 535 5.7.8");
    assert!(!format!("{done:?}").contains("s3"), "{done:?}");
}

#[test]
fn a_sender_that_is_refused_ends_the_delivery() {
    let server = Server::start(&[("MAIL FROM", &["250 ok", "553 5.7.1 not yours"])]);
    let folder = folder(&[PLAIN]);
    let done = at(case(folder.path(), ROWS), &server).execute(1000);
    assert_eq!(statuses(&done), ["sent"], "what is sent keeps its receipt");
    assert_eq!(
        done.diags[0].message,
        "the server refuses the sender: the server answered 553 5.7.1"
    );
}

#[test]
fn an_address_of_the_server_that_is_wrong_is_not_repeated() {
    let folder = folder(&[PLAIN]);
    let done = case(folder.path(), ROWS)
        .secret("CAMP_SMTP_URL", "http://me:s3cret@mail.test")
        .execute(1000);
    assert_eq!(done.diags[0].path, "params.server");
    assert!(done.diags[0].message.contains("`CAMP_SMTP_URL`"), "{:?}", done.diags[0]);
    assert!(!format!("{done:?}").contains("s3cret"));
}

#[test]
fn a_password_goes_through_no_open_line_and_tls_is_asked_for() {
    let server = Server::start(&[]);
    let folder = folder(&[PLAIN]);
    let url = format!("{}?tls=required", server.url());
    let done = case(folder.path(), ROWS).secret("CAMP_SMTP_URL", &url).execute(1000);
    assert_eq!(done.diags[0].message, "the server offers no secure connection");
    assert!(server.messages().is_empty());
    let url = format!("smtps://127.0.0.1:{}", server.port);
    let done = case(folder.path(), ROWS)
        .param("tries", 1)
        .param("timeout", 2)
        .secret("CAMP_SMTP_URL", &url)
        .execute(1000);
    assert_eq!(statuses(&done), ["retry"; 3]);
    assert_eq!(done.column("error")[0], Some("no secure connection"));
}

#[test]
fn a_dry_run_sends_nothing_and_tells_what_would_fail() {
    let server = Server::start(&[]);
    let folder = folder(&[PLAIN]);
    let rows = "1,a@x.test,A,de\n2,wrong,B,de\n3,,C,de\n";
    let done = case(folder.path(), rows).dry_run().execute(1000);
    assert_eq!(done.error, None, "it needs no server: {done:?}");
    assert_eq!(statuses(&done), ["dry_run", "failed", "skipped"]);
    assert_eq!(server.connections(), 0);
}

#[test]
fn the_rate_is_one_of_messages() {
    let server = Server::start(&[]);
    let folder = folder(&[PLAIN]);
    let start = Instant::now();
    let done = at(case(folder.path(), ROWS).param("rate", 2.0), &server).execute(1000);
    assert_eq!(statuses(&done), ["sent"; 3]);
    assert_eq!(done.batches, [2, 1], "no more in a request than a second may have");
    assert!(start.elapsed() >= Duration::from_millis(990), "two at once, and one a second later");
}

#[test]
fn it_stops_when_asked_to() {
    let server = Server::start(&[]);
    let folder = folder(&[PLAIN]);
    let done = at(case(folder.path(), ROWS), &server).cancelled().execute(1000);
    assert!(done.error.is_some() && done.rows.is_empty());
    assert_eq!(done.diags[0].code, "cancelled");
    assert!(server.messages().is_empty());
}

/// What `camp check` refuses: the code, and a part of what is said.
fn refused(case: Case) -> (String, String, String) {
    // A delivery gives no plan, but what it refuses is refused before that is asked for.
    let said = case.plan().expect_err("it is refused").remove(0);
    (said.path, said.code, said.message)
}

#[test]
fn templates_are_checked_before_anything_runs() {
    let check = |files: &[(&str, &str)]| {
        let folder = folder(files);
        let (path, code, message) = refused(case(folder.path(), ROWS));
        assert_eq!(path, "params.template", "{message}");
        (code, message)
    };
    let said = |code: &str, message: &str| (code.to_owned(), message.to_owned());
    assert_eq!(check(&[]), said("no-template", "there is no folder `templates`"));
    assert_eq!(
        check(&[("hallo.txt", "x")]),
        said("no-template", "there is no template `hello` in `templates`")
    );
    assert_eq!(
        check(&[("hello.txt", "---\nfrom: a@x.test\nsubject: x\n---\n\nDear {{nmae}}")]),
        said("template", "template `hello.txt`, line 6: there is no column `nmae` to put into it")
    );
    assert_eq!(
        check(&[("hello.html", "---\nfrom: a@x.test\n---\n")]),
        said("no-subject", "template `hello` has no subject")
    );
    assert_eq!(
        check(&[("hello.html", "---\nsubject: x\n---\n")]),
        said("no-sender", "template `hello` has no sender")
    );
    assert_eq!(
        check(&[("hello.html", "---\nsubject: x\nfrom: me\n---\n")]),
        said("template", "template `hello.html`, line 3: `from` is no address")
    );
    let other = "---\nsubject: y\n---\n";
    assert_eq!(
        check(&[("hello.html", "---\nsubject: x\nfrom: a@x.test\n---\n"), ("hello.txt", other)]),
        said("template", "template `hello.txt` has another `subject` than its .html file")
    );
}

#[test]
fn parameters_are_checked_before_anything_runs() {
    let folder = folder(&[PLAIN]);
    let wrong = |name: &str, value: serde_json::Value| {
        let (path, code, _) = refused(case(folder.path(), ROWS).param(name, value));
        assert_eq!(path, format!("params.{name}"));
        code
    };
    assert_eq!(wrong("from", json!("a@x.test\r\nBcc: b@x.test")), "address");
    assert_eq!(wrong("reply_to", json!("me")), "address");
    assert_eq!(wrong("unsubscribe", json!(["shop.test/u"])), "link");
    let none = Case::new(camp_email::camp_plugin_v1, "email")
        .input("in", "id:int key, name:text", "1,A\n")
        .param("template", json!(["hello"]))
        .folder(folder.path());
    assert_eq!(refused(none).1, "no-address");
}

#[test]
fn a_template_is_never_outside_its_folder() {
    let folder = folder(&[PLAIN, ("more/x.txt", PLAIN.1)]);
    fs::write(folder.path().join("secret.txt"), PLAIN.1).unwrap();
    let name = json!([expr("'../secret'", "text")]);
    let server = Server::start(&[]);
    let done = at(case(folder.path(), ROWS).param("template", name), &server).execute(1000);
    assert_eq!(statuses(&done), ["failed"; 3]);
    let name = json!(["more/", expr("'x'", "text")]);
    let done = at(case(folder.path(), ROWS).param("template", name), &server).execute(1000);
    assert_eq!(statuses(&done), ["sent"; 3]);
}

#[test]
fn the_manifest_is_complete() {
    camp_plugin_test::check_manifest(camp_email::camp_plugin_v1);
}
