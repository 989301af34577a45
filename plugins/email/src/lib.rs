//! `email`: sends a message to every row, after the commit.

mod letter;
mod library;
mod server;
mod template;

use std::time::Duration;

use camp_plugin::json::json;
use camp_plugin::prelude::*;
use camp_plugin::{Column, Kind, Part};
use lettre::message::Mailbox;

use letter::Written;
use library::Library;
use server::{Conversation, Server, Trouble};

params! {
    /// What a call of `email` gives.
    pub struct Email {
        /// The name of the template: with `birthday-{{language}}`, rows whose `language` is `de` get
        /// `templates/birthday-de.html`, `templates/birthday-de.txt`, or both in one message.
        template: Template [required],
        /// The address; without it the column `email`.
        to: Option<Expr> [accepts(["text"])],
        /// The sender: `"Shop <news@shop.example>"`; without it `from` in the head of the template.
        from: Option<String>,
        /// The subject, such as `"Happy birthday, {{first_name}}"`; without it `subject` in the head of the template.
        subject: Option<Template>,
        /// Where answers go; without it `reply_to` in the head of the template, else the sender.
        reply_to: Option<String>,
        /// The header `List-Unsubscribe`: `"https://shop.example/u/{{customer_id}}"` or `"mailto:…"`.
        unsubscribe: Option<Template>,
        /// The folder of the templates, beside the script.
        folder: String [default("templates"), min_len(1)],
        /// Messages in a second, at most.
        rate: Option<f64> [min(0.001)],
        /// Messages between two entries of receipts.
        batch: u64 [default(50), min(1), max(1_000)],
        /// Tries of a message that the server may take later, the first included.
        tries: u64 [default(4), min(1), max(20)],
        /// Milliseconds before the second try; they double from try to try.
        pause: u64 [default(500), min(1), max(60_000)],
        /// Seconds until an answer of the server counts as missing.
        timeout: u64 [default(30), min(1), max(600)],
        /// The name of the environment variable that has the server: `smtps://user:password@mail.shop.example`.
        server: Secret [default(json!({"secret": "CAMP_SMTP_URL"}))],
    }
}

/// What is ready before the first message.
pub struct Ready {
    library: Library,
    to: Column,
    /// The same for every attempt of the activity in this run.
    activity: String,
    /// Absent in a rehearsal.
    server: Option<Server>,
    conversation: Option<Conversation>,
    /// Why going on makes no sense, once that is known.
    stop: Option<Error>,
}

impl Drop for Ready {
    fn drop(&mut self) {
        if let Some(conversation) = self.conversation.take() {
            conversation.end();
        }
    }
}

impl Deliver for Email {
    type State = Ready;

    fn about() -> About {
        About::new("email", "Sends an e-mail to every row")
            .doc(
                "A template is one or two files beside the script: `templates/NAME.html`, `templates/NAME.txt`. It may \
                 begin with a head:\n\n```\n---\nsubject: Happy birthday, {{first_name}}\nfrom: Shop <news@shop.example>\n\
                 reply_to: help@shop.example\n---\n```\n\n`{{column}}` stands for the value of a column that the \
                 transition carries, or of its key; a missing value leaves nothing. Values are escaped in HTML. Templates \
                 are read by `camp check` too, which tells about missing files and unknown columns.\n\nThe server \
                 stands in the environment: `CAMP_SMTP_URL=smtps://user:password@mail.shop.example`. \
                 `smtp://` asks for encryption where the server offers it, and sends no password without; \
                 `?tls=required` insists, `?tls=off` does without.\n\nRows without an address are left out, malformed \
                 addresses fail, the others are sent. What a server may take later (4xx, broken connections) is tried \
                 again with growing pauses. A refused login or sender ends the delivery. The `Message-ID` is the same \
                 whenever the same row is tried again in a run; the receipt has it as `provider_id`.",
            )
            .input(Input::new("in", "who gets a message"))
            .effects(Effects::network(["*"]).secrets(["server"]))
            .example(
                Example::new(
                    "Say happy birthday",
                    "campaign \"Birthday\"\n\
                     dimension people = \"people.csv\" key id columns (id: int, email: text, name: text)\n\
                     use email\n\
                     soon = build audience from people where email is present select email, name\n\
                     email soon with template: \"birthday\", from: \"Shop <news@shop.example>\"",
                )
                .file("people.csv", "id,email,name\n1,ann@x.example,Ann\n2,,Bob\n")
                .file(
                    "templates/birthday.txt",
                    "---\nsubject: Happy birthday, {{name}}\n---\nDear {{name}},\nall the best!\n",
                ),
            )
    }

    fn pace(&self) -> Pace {
        Pace::new(self.batch, self.tries, self.pause, self.rate).by_rows()
    }

    fn check(&self, cx: &Cx) -> Result<()> {
        self.address(cx)?;
        if let Some(Part::Text(start)) = self.unsubscribe.as_ref().and_then(|link| link.0.first())
            && !["https://", "http://", "mailto:"].iter().any(|scheme| start.starts_with(scheme))
        {
            return Err(cx
                .param("unsubscribe")
                .error("this is no link")
                .code("link")
                .help("write `\"https://…\"` or `\"mailto:…\"`"));
        }
        Library::open(self, cx).map(drop)
    }

    fn open(&self, cx: &Cx) -> Result<Ready> {
        let run = cx.run()?;
        let server = if run.dry_run {
            None
        } else {
            let timeout = Duration::from_secs(self.timeout);
            Some(Server::parse(&cx.secret("server")?, timeout).map_err(|why| {
                cx.param("server")
                    .fail(Kind::Auth, format!("`{}` cannot be used: {why}", self.server.variable))
                    .help("set it to `smtps://user:password@host`")
            })?)
        };
        Ok(Ready {
            library: Library::open(self, cx)?,
            to: self.address(cx)?,
            activity: run.idempotency_key,
            server,
            conversation: None,
            stop: None,
        })
    }

    fn rehearse(&self, ready: &mut Ready, rows: &Rows, _: &Cx) -> Result<Outcome> {
        let receipt = |row| {
            Ok(match letter::write(self, ready, rows, row)? {
                Ok(_) => Receipt { status: Status::Sent, provider_id: None, error: None },
                Err(receipt) => receipt,
            })
        };
        (0..rows.len()).map(receipt).collect::<Result<_>>().map(Outcome::Rows)
    }

    fn send(&self, ready: &mut Ready, rows: &Rows, _: &str, cx: &Cx) -> Result<Outcome> {
        if let Some(stop) = ready.stop.take() {
            return Err(stop);
        }
        if ready.conversation.as_mut().is_some_and(|conversation| !conversation.alive()) {
            ready.conversation = None;
        }
        let mut receipts: Vec<Receipt> = Vec::with_capacity(rows.len());
        // Why the rest of the rows has to wait.
        let mut wait: Option<String> = None;
        for row in 0..rows.len() {
            if wait.is_none() && cx.cancelled() {
                wait = Some("stopped".into());
            }
            let message = match (&wait, letter::write(self, ready, rows, row)?) {
                (_, Err(receipt)) => {
                    receipts.push(receipt);
                    continue;
                }
                (Some(why), Ok(_)) => {
                    receipts.push(later(why.clone()));
                    continue;
                }
                (None, Ok(message)) => message,
            };
            let trouble = match ready.hand_in(&message) {
                Ok(()) => {
                    receipts.push(Receipt {
                        status: Status::Sent,
                        provider_id: Some(message.id),
                        error: None,
                    });
                    continue;
                }
                Err(trouble) => trouble,
            };
            receipts.push(match trouble {
                Trouble::Refused(why) => {
                    Receipt { status: Status::Failed, provider_id: None, error: Some(why) }
                }
                Trouble::Later(why) => later(why),
                Trouble::Down(why) => {
                    ready.conversation = None;
                    wait = Some(why.clone());
                    later(why)
                }
                Trouble::Login(why) => {
                    ready.conversation = None;
                    let stop = cx
                        .param("server")
                        .fail(Kind::Auth, why.clone())
                        .help(format!("check `{}`", self.server.variable));
                    wait = Some(why.clone());
                    ready.stop = Some(stop);
                    later(why)
                }
                Trouble::Sender(why) => {
                    ready.conversation = None;
                    let place = if self.from.is_some() { "from" } else { "template" };
                    let stop = cx
                        .param(place)
                        .fail(Kind::Io, format!("the server refuses the sender: {why}"))
                        .help("use an address that the server may send for");
                    wait = Some(why.clone());
                    ready.stop = Some(stop);
                    later(why)
                }
            });
            // Nothing else is known that would be lost.
            if row == 0
                && let Some(stop) = ready.stop.take()
            {
                return Err(stop);
            }
        }
        Ok(Outcome::Rows(receipts))
    }
}

fn later(why: String) -> Receipt {
    Receipt { status: Status::Retry, provider_id: None, error: Some(why) }
}

impl Ready {
    fn hand_in(&mut self, message: &Written) -> Result<(), Trouble> {
        let conversation = match &mut self.conversation {
            Some(conversation) if !conversation.broken() => conversation,
            place => {
                let server =
                    self.server.as_ref().ok_or_else(|| Trouble::Down("no server".into()))?;
                place.insert(server.connect(message.from.domain())?)
            }
        };
        conversation.hand_in(&message.from, &message.to, &message.bytes)
    }
}

impl Email {
    /// The column that has the address.
    fn address(&self, cx: &Cx) -> Result<Column> {
        if let Some(to) = &self.to {
            return Ok(to.0.clone());
        }
        let input = cx.input("in")?;
        input
            .visible()
            .into_iter()
            .find(|column| column.column == "email" && column.r#type == Type::Text)
            .ok_or_else(|| {
                cx.param("to")
                    .error(format!("`{}` carries no column `email` of text", input.transition))
                    .code("no-address")
                    .help("add `email` to `select`, or say `to: …`")
            })
    }

    /// The sender that the call gives.
    fn sender(&self, cx: &Cx) -> Result<Option<Mailbox>> {
        mailbox(self.from.as_deref(), "from", cx)
    }

    /// Where answers go, if the call says so.
    fn answers_to(&self, cx: &Cx) -> Result<Option<Mailbox>> {
        mailbox(self.reply_to.as_deref(), "reply_to", cx)
    }
}

fn mailbox(text: Option<&str>, param: &str, cx: &Cx) -> Result<Option<Mailbox>> {
    let parse = |text: &str| {
        text.parse().map_err(|_| {
            cx.param(param)
                .error("this is no address")
                .code("address")
                .help("write `\"name@shop.example\"` or `\"Name <name@shop.example>\"`")
        })
    };
    text.map(parse).transpose()
}

camp_plugin::export![delivery(Email)];
