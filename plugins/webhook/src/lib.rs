//! `webhook`: sends rows to a web address as JSON, after the commit.

use std::time::Duration;

use camp_plugin::Kind;
use camp_plugin::prelude::*;
use serde_json::{Value as Json, json};
use ureq::Agent;
use ureq::http::{HeaderName, HeaderValue, Response, StatusCode};

params! {
    /// What a call of `webhook` gives.
    pub struct Webhook {
        /// Where to: each batch is one POST request. Keep secrets out of it: it is part of the script.
        url: String [required, pattern("https?://.+")],
        /// Rows in one request.
        batch: u64 [default(100), min(1), max(10_000)],
        /// Requests in a second, at most.
        rate: Option<f64> [min(0.001)],
        /// Tries of a request that the other side may take later, the first included.
        tries: u64 [default(4), min(1), max(20)],
        /// Milliseconds before the second try; they double from try to try. The other side may ask for more.
        pause: u64 [default(500), min(1), max(60_000)],
        /// Seconds until a request counts as failed.
        timeout: u64 [default(30), min(1), max(600)],
        /// More headers: `headers: ("X-Team: crm")`.
        headers: Vec<String> [pattern("[!#$%&'*+.^_`|~0-9A-Za-z-]+: ?[^\\r\\n]*")],
        /// The name of the environment variable whose value is sent as bearer token.
        token: Option<Secret>,
    }
}

/// What is ready before the first request.
pub struct Ready {
    agent: Agent,
    headers: Vec<(HeaderName, HeaderValue)>,
    campaign: String,
    run_id: String,
}

impl Deliver for Webhook {
    type State = Ready;

    fn about() -> About {
        About::new("webhook", "Sends rows to a web address as JSON")
            .doc(
                "The body of a request is `{\"campaign\": …, \"run\": …, \"rows\": [{…}, …]}`; a row has the key and \
                 the columns that the transition carries. Answers 2xx mean that the rows arrived. 408, 425, 429, 5xx \
                 and broken connections are tried again with growing pauses, and `Retry-After` is heeded; other \
                 answers are final. 401 and 403 end the delivery. The header `Idempotency-Key` is the same whenever \
                 the same rows are sent again in a run, so that the other side can tell. Redirects are not followed.",
            )
            .input(Input::new("in", "the rows to send"))
            .effects(Effects::network(["*"]).secrets(["token"]))
            .example(
                Example::new(
                    "To the CRM, a hundred at a time",
                    "use webhook\n\
                     dimension people = \"people.csv\" key id columns (id: int, email: text)\n\
                     all = build audience from people select email\n\
                     webhook all with url: \"https://crm.example/hook\", batch: 100, headers: (\"X-Team: crm\")\n",
                )
                .file("people.csv", "id,email\n1,ann@example.com\n2,\n"),
            )
    }

    fn pace(&self) -> Pace {
        Pace::new(self.batch, self.tries, self.pause, self.rate)
    }

    fn open(&self, cx: &Cx) -> Result<Ready> {
        let run = cx.run()?;
        let mut headers = Vec::new();
        for (i, text) in self.headers.iter().enumerate() {
            let malformed = || {
                cx.param("headers")
                    .item(i)
                    .error("this is no header")
                    .code("header")
                    .help("write it as `Name: value`")
            };
            let (name, value) = text.split_once(':').ok_or_else(malformed)?;
            let name = HeaderName::try_from(name.trim()).map_err(|_| malformed())?;
            headers.push((name, HeaderValue::try_from(value.trim()).map_err(|_| malformed())?));
        }
        // A rehearsal has no use for it.
        if self.token.is_some() && !run.dry_run {
            let value = format!("Bearer {}", cx.secret("token")?);
            // The error would show the value.
            let mut value = HeaderValue::try_from(value).map_err(|_| {
                cx.param("token").fail(Kind::Auth, "the token cannot stand in a header")
            })?;
            value.set_sensitive(true);
            headers.push((ureq::http::header::AUTHORIZATION, value));
        }
        let agent = Agent::config_builder()
            .timeout_global(Some(Duration::from_secs(self.timeout)))
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("camp-webhook/", env!("CARGO_PKG_VERSION")))
            .build()
            .into();
        Ok(Ready { agent, headers, campaign: run.campaign, run_id: run.run_id })
    }

    fn rehearse(&self, ready: &mut Ready, rows: &Rows, _: &Cx) -> Result<Outcome> {
        body(ready, rows).map(|_| Outcome::Sent(None))
    }

    fn send(&self, ready: &mut Ready, rows: &Rows, key: &str, cx: &Cx) -> Result<Outcome> {
        let mut request = ready.agent.post(&self.url).content_type("application/json");
        for (name, value) in &ready.headers {
            request = request.header(name, value);
        }
        let request = request.header("Idempotency-Key", key);
        match request.send(body(ready, rows)?.to_string()) {
            Ok(answer) => self.judge(answer, cx),
            Err(ureq::Error::BadUri(_) | ureq::Error::Http(_)) => {
                Err(cx.param("url").error("this is no web address").code("url"))
            }
            // It may have arrived all the same: the next try has the same key.
            Err(error) => Ok(Outcome::Again { after: None, why: cause(&error) }),
        }
    }
}

impl Webhook {
    fn judge(&self, mut answer: Response<ureq::Body>, cx: &Cx) -> Result<Outcome> {
        let status = answer.status();
        let why = format!("the server answered {}", status.as_u16());
        match status {
            status if status.is_success() => Ok(Outcome::Sent(name_of(&mut answer))),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                let place = if self.token.is_some() { "token" } else { "url" };
                Err(cx
                    .param(place)
                    .fail(Kind::Auth, why)
                    .help("check the token and what it may do"))
            }
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS => {
                Ok(Outcome::Again { after: retry_after(&answer), why })
            }
            status if status.is_server_error() => {
                Ok(Outcome::Again { after: retry_after(&answer), why })
            }
            _ => Ok(Outcome::Refused(why)),
        }
    }
}

fn body(ready: &Ready, rows: &Rows) -> Result<Json> {
    let rows =
        (0..rows.len()).map(|row| rows.json(row).map(Json::Object)).collect::<Result<Vec<_>>>()?;
    Ok(json!({"campaign": ready.campaign, "run": ready.run_id, "rows": rows}))
}

/// What the other side calls the request: `id` in a JSON answer, else the header `X-Request-Id`.
fn name_of(answer: &mut Response<ureq::Body>) -> Option<String> {
    let header = answer.headers().get("x-request-id");
    let header = header.and_then(|value| value.to_str().ok()).map(str::to_owned);
    let text = answer.body_mut().with_config().limit(64 * 1024).read_to_string();
    let id =
        text.ok().and_then(|text| match serde_json::from_str::<Json>(&text).ok()?.get("id")? {
            Json::String(id) => Some(id.clone()),
            Json::Number(id) => Some(id.to_string()),
            _ => None,
        });
    id.or(header)
}

/// Seconds; a date as the header may also have it is not worth a calendar: the growing pause serves.
fn retry_after(answer: &Response<ureq::Body>) -> Option<Duration> {
    answer.headers().get("retry-after")?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}

/// The cause without the address, which may hold what no log should have.
fn cause(error: &ureq::Error) -> String {
    match error {
        ureq::Error::Timeout(_) => "no answer in time".into(),
        ureq::Error::HostNotFound => "the host is not known".into(),
        ureq::Error::ConnectionFailed => "no connection".into(),
        ureq::Error::Tls(_) | ureq::Error::Rustls(_) => "no secure connection".into(),
        ureq::Error::Io(error) => camp_plugin::broken(error).into(),
        _ => "the request failed".into(),
    }
}

camp_plugin::export![delivery(Webhook)];
