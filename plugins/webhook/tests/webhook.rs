//! `webhook` against a real HTTP server on loopback.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use camp_plugin_test::{Case, Executed};
use serde_json::{Value, json};

/// A request as the server saw it.
#[derive(Debug)]
struct Request {
    head: Vec<String>,
    body: Value,
}

impl Request {
    fn header(&self, name: &str) -> Option<&str> {
        self.head.iter().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }

    fn keys(&self) -> Vec<i64> {
        let rows = self.body["rows"].as_array().expect("rows");
        rows.iter().map(|row| row["id"].as_i64().expect("a number")).collect()
    }
}

/// Answers one request after the other with these texts, then with 200; an empty text closes without one.
struct Server {
    url: String,
    requests: Receiver<Request>,
}

impl Server {
    fn start(answers: &[&str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
        let url =
            format!("http://{}/hook?key=in-the-url", listener.local_addr().expect("loopback"));
        let (sender, requests) = channel();
        let mut answers: Vec<_> = answers.iter().rev().map(|answer| (*answer).to_owned()).collect();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let Some(request) = read(&stream) else { continue };
                let answer = answers.pop().unwrap_or_else(|| answer("200 OK", "", ""));
                if sender.send(request).is_err() {
                    return;
                }
                // Whoever closes early is not waited for.
                let _ = (&stream).write_all(answer.as_bytes());
            }
        });
        Self { url, requests }
    }

    fn seen(&self) -> Vec<Request> {
        self.requests.try_iter().collect()
    }
}

fn answer(status: &str, headers: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n{headers}\r\n{body}",
        body.len()
    )
}

fn read(stream: &TcpStream) -> Option<Request> {
    let mut reader = BufReader::new(stream);
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line.trim().is_empty() {
            break;
        }
        head.push(line.trim().to_owned());
    }
    let mut request = Request { head, body: Value::Null };
    let mut body = vec![0; request.header("content-length")?.parse().ok()?];
    reader.read_exact(&mut body).ok()?;
    request.body = serde_json::from_slice(&body).ok()?;
    Some(request)
}

fn webhook(url: &str) -> Case {
    Case::new(camp_webhook::camp_plugin_v1, "webhook")
        .input(
            "in",
            "id:int key, email:text, spent:decimal(10,2)",
            "1,a@x.test,12.50\n2,b@x.test,\n3,c@x.test,1.00\n4,d@x.test,1.00\n5,e@x.test,1.00\n",
        )
        .param("url", url)
        .param("batch", 2)
        .param("pause", 1)
}

fn statuses(done: &Executed) -> Vec<&str> {
    done.column("status").into_iter().flatten().collect()
}

#[test]
fn rows_arrive_in_batches_with_a_receipt_each() {
    let server = Server::start(&[
        &answer("201 Created", "", r#"{"id": "m-1"}"#),
        &answer("204 No Content", "X-Request-Id: r-2\r\n", ""),
    ]);
    let done = webhook(&server.url).param("headers", json!(["X-Team: crm"])).execute(1000);
    assert_eq!(done.error, None);
    assert_eq!(done.columns, ["id", "status", "provider_id", "error", "attempt"]);
    assert_eq!(statuses(&done), ["sent"; 5]);
    assert_eq!(done.column("id"), [Some("1"), Some("2"), Some("3"), Some("4"), Some("5")]);
    assert_eq!(
        done.column("provider_id"),
        [Some("m-1"), Some("m-1"), Some("r-2"), Some("r-2"), None]
    );
    assert_eq!(done.batches, [2, 2, 1], "receipts come with each request");

    let seen = server.seen();
    assert_eq!(
        seen.iter().map(Request::keys).collect::<Vec<_>>(),
        [vec![1, 2], vec![3, 4], vec![5]]
    );
    assert!(seen[0].head[0].starts_with("POST /hook?key=in-the-url HTTP/1.1"));
    assert_eq!(seen[0].header("content-type"), Some("application/json"));
    assert_eq!(seen[0].header("x-team"), Some("crm"));
    assert_eq!(
        seen[0].body,
        json!({"campaign": "Spring sale", "run": "run-1", "rows": [
            {"id": 1, "email": "a@x.test", "spent": "12.50"}, {"id": 2, "email": "b@x.test", "spent": null}
        ]})
    );
    let keys: Vec<_> =
        seen.iter().map(|request| request.header("idempotency-key").unwrap()).collect();
    assert!(keys.iter().all(|key| key.starts_with("run-1-node-1-")));
    assert!(keys[0] != keys[1] && keys[1] != keys[2]);
}

#[test]
fn what_may_work_later_is_tried_again_with_the_same_key() {
    let server = Server::start(&[
        &answer("503 Busy", "", ""),
        "",
        &answer("429 Slow", "Retry-After: 1\r\n", ""),
    ]);
    let start = Instant::now();
    let done = webhook(&server.url).param("batch", 5).execute(1000);
    assert_eq!(statuses(&done), ["sent"; 5]);
    assert_eq!(done.column("attempt"), [Some("4"); 5]);
    assert!(start.elapsed() >= Duration::from_secs(1), "the server asked for a second");
    let seen = server.seen();
    assert_eq!(seen.len(), 4);
    let keys: Vec<_> = seen.iter().map(|request| request.header("idempotency-key")).collect();
    assert!(keys.iter().all(|key| *key == keys[0]));
}

#[test]
fn tries_end_and_the_next_rows_go_on() {
    let busy = answer("500 Oops", "", "");
    let server = Server::start(&[&busy, &busy, &answer("400 Bad", "", "")]);
    let done = webhook(&server.url).param("tries", 2).execute(1000);
    assert_eq!(done.error, None);
    assert_eq!(statuses(&done), ["retry", "retry", "failed", "failed", "sent"]);
    assert_eq!(done.column("attempt"), [Some("2"), Some("2"), Some("1"), Some("1"), Some("1")]);
    assert_eq!(done.column("error")[0], Some("the server answered 500"));
    assert_eq!(done.column("error")[2], Some("the server answered 400"));
}

#[test]
fn a_redirect_is_an_answer_and_not_followed() {
    let other = Server::start(&[]);
    let server =
        Server::start(&[&answer("302 Found", &format!("Location: {}\r\n", other.url), "")]);
    let done = webhook(&server.url).param("batch", 5).execute(1000);
    assert_eq!(statuses(&done), ["failed"; 5]);
    assert!(other.seen().is_empty());
}

#[test]
fn nobody_listening_is_no_reason_to_lose_receipts() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let done = webhook(&format!("http://{free}/")).param("tries", 2).execute(1000);
    assert_eq!(statuses(&done), ["retry"; 5]);
    assert_eq!(done.column("error")[0], Some("the connection was refused"));
}

#[test]
fn a_dry_run_sends_nothing() {
    let server = Server::start(&[]);
    let done = webhook(&server.url).dry_run().execute(1000);
    assert_eq!(statuses(&done), ["dry_run"; 5]);
    assert!(server.seen().is_empty());
}

#[test]
fn the_secret_goes_to_the_server_and_nowhere_else() {
    let server = Server::start(&[&answer("200 OK", "", ""), &answer("401 Who", "", "")]);
    let done = webhook(&server.url)
        .param("token", json!({"secret": "HOOK_TOKEN"}))
        .secret("HOOK_TOKEN", "s3cret")
        .execute(1000);
    assert_eq!(server.seen()[0].header("authorization"), Some("Bearer s3cret"));
    // The rows that were sent keep their receipts; then it stops.
    assert_eq!(statuses(&done), ["sent", "sent"]);
    assert_eq!(
        (done.diags[0].path.as_str(), done.diags[0].code.as_str()),
        ("params.token", "auth")
    );
    let said = format!("{done:?}");
    assert!(!said.contains("s3cret") && !said.contains("in-the-url"), "{said}");

    let done = webhook(&server.url).param("token", json!({"secret": "NOT_SET"})).execute(1000);
    assert_eq!(
        (done.diags[0].path.as_str(), done.diags[0].code.as_str()),
        ("params.token", "auth")
    );
    assert!(server.seen().is_empty());
}

#[test]
fn the_rate_is_kept() {
    let server = Server::start(&[]);
    let start = Instant::now();
    let done = webhook(&server.url).param("batch", 1).param("rate", 20.0).execute(1000);
    assert_eq!(statuses(&done), ["sent"; 5]);
    assert!(start.elapsed() >= Duration::from_millis(200), "five requests, four gaps of 50 ms");
}

#[test]
fn it_stops_when_asked_to() {
    let server = Server::start(&[]);
    let done = webhook(&server.url).cancelled().execute(1000);
    assert!(done.error.is_some() && done.rows.is_empty());
    assert_eq!(done.diags[0].code, "cancelled");
    assert!(server.seen().is_empty());
}

#[test]
fn batches_of_the_input_need_not_be_those_of_the_requests() {
    let server = Server::start(&[]);
    let done = webhook(&server.url).param("batch", 2).execute(3);
    assert_eq!(statuses(&done), ["sent"; 5]);
    assert_eq!(
        server.seen().iter().map(Request::keys).collect::<Vec<_>>(),
        [vec![1, 2], vec![3], vec![4, 5]]
    );
}

/// The server speaks no TLS, which only a client that does can notice.
#[test]
fn https_is_spoken() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let _ = stream.write_all(answer("400 Plain text", "", "").as_bytes());
            // Read what was sent, so that closing does not take the answer back.
            let _ = stream.shutdown(std::net::Shutdown::Write);
            let _ = stream.read_to_end(&mut Vec::new());
        }
    });
    let done = webhook(&url).param("tries", 1).param("timeout", 5).execute(1000);
    assert_eq!(statuses(&done), ["retry"; 5]);
    assert_eq!(done.column("error")[0], Some("no secure connection"));
}

#[test]
fn the_manifest_is_complete() {
    camp_plugin_test::check_manifest(camp_webhook::camp_plugin_v1);
}
