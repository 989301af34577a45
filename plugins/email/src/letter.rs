//! From a row to a message.

use std::fmt::Write as _;

use camp_plugin::Part;
use camp_plugin::prelude::*;
use lettre::Address;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message, MultiPart, SinglePart};

use crate::library::Letter;
use crate::template::{Text, html, one_line, plain};
use crate::{Email, Ready};

/// A message that can be handed in.
pub struct Written {
    /// Who gets it.
    pub to: Address,
    /// Who sends it.
    pub from: Address,
    /// Its `Message-ID`, without the brackets.
    pub id: String,
    /// All of it.
    pub bytes: Vec<u8>,
}

/// The message of a row, or the receipt that says why there is none.
///
/// # Errors
/// Messages cannot be made at all.
pub fn write(
    email: &Email,
    ready: &Ready,
    rows: &Rows,
    row: usize,
) -> Result<Result<Written, Receipt>> {
    let no = |status, why: String| Ok(Err(Receipt { status, provider_id: None, error: Some(why) }));
    let address = rows.text(row, &ready.to)?.unwrap_or_default();
    let address = address.trim();
    if address.is_empty() {
        return no(Status::Skipped, "there is no address".into());
    }
    let Some(to) = parse(address) else {
        return no(Status::Failed, "the address is malformed".into());
    };
    let name = rows.fill(row, &email.template)?;
    let Some(letter) = ready.library.get(&name) else {
        return no(Status::Failed, format!("there is no template `{}`", one_line(&name)));
    };
    let from = &letter.from;
    let key = rows.slice(row, 1).idempotency_key(&ready.activity)?;
    let id = format!("{}@{}", word(&key), from.email.domain());
    let made = message(email, letter, rows, row, &to, &id)?;
    match made {
        Ok(message) => {
            Ok(Ok(Written { to, from: from.email.clone(), id, bytes: message.formatted() }))
        }
        Err(error) => no(Status::Failed, format!("no message can be made of it: {error}")),
    }
}

/// An address, and nothing beside it: no name, no list, no line.
fn parse(text: &str) -> Option<Address> {
    if text.chars().any(|c| c.is_control() || c.is_whitespace() || "<>,;".contains(c)) {
        return None;
    }
    text.parse().ok()
}

/// What a `Message-ID` may have left of its `@`.
fn word(key: &str) -> String {
    key.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' }).collect()
}

fn message(
    email: &Email,
    letter: &Letter,
    rows: &Rows,
    row: usize,
    to: &Address,
    id: &str,
) -> Result<Result<Message, lettre::error::Error>> {
    let subject = match (&email.subject, &letter.subject) {
        (Some(subject), _) => rows.fill(row, subject)?,
        (None, Some(subject)) => subject.fill(rows, row, plain)?,
        (None, None) => String::new(),
    };
    let mut message = Message::builder()
        .from(letter.from.clone())
        .to(Mailbox::new(None, to.clone()))
        .subject(one_line(&subject))
        .date_now()
        .message_id(Some(format!("<{id}>")));
    if let Some(reply_to) = &letter.reply_to {
        message = message.reply_to(reply_to.clone());
    }
    if let Some(unsubscribe) = &email.unsubscribe {
        let link = link(unsubscribe, rows, row)?;
        if link.starts_with("https://") {
            // RFC 8058: one click is enough, and a scanner that follows links is no click.
            message = message
                .raw_header(header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".into())?);
        }
        message = message.raw_header(header("List-Unsubscribe", format!("<{link}>"))?);
    }
    let body = |text: &Option<Text>, escape| -> Result<Option<String>> {
        let Some(text) = text else { return Ok(None) };
        // A part of a message ends its last line itself.
        Ok(Some(text.fill(rows, row, escape)?.trim_end_matches(['\r', '\n']).to_owned()))
    };
    let (text, page) = (body(&letter.text, plain)?, body(&letter.html, html)?);
    Ok(match (text, page) {
        (Some(text), Some(page)) => {
            message.multipart(MultiPart::alternative_plain_html(text, page))
        }
        (None, Some(page)) => message.singlepart(SinglePart::html(page)),
        (text, None) => message.singlepart(SinglePart::plain(text.unwrap_or_default())),
    })
}

fn header(name: &'static str, value: String) -> Result<HeaderValue> {
    let name = HeaderName::new_from_ascii(name.to_owned())?;
    // The value is printable ASCII; folding or encoding would break the link in it.
    Ok(HeaderValue::dangerous_new_pre_encoded(name, value.clone(), value))
}

/// A link with values in it: they are percent-encoded, so that none can be more than a part of it.
fn link(template: &Template, rows: &Rows, row: usize) -> Result<String> {
    let mut link = String::new();
    let mut encode = |text: &str, keep: fn(u8) -> bool| {
        for byte in text.bytes() {
            if keep(byte) {
                link.push(char::from(byte));
            } else {
                // Writing to a String cannot fail.
                let _ = write!(link, "%{byte:02X}");
            }
        }
    };
    for part in &template.0 {
        match part {
            Part::Text(text) => encode(text, |b| b.is_ascii_graphic() && !b"<>\"\\".contains(&b)),
            Part::Column(column) => {
                encode(&rows.text(row, column)?.unwrap_or_default(), |b| {
                    b.is_ascii_alphanumeric() || b"-._~".contains(&b)
                });
            }
        }
    }
    Ok(link)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_address() {
        for good in ["a@x.test", "a+b@x.test", "o'neil@x.test", "é@x.test"] {
            assert!(parse(good).is_some(), "{good}");
        }
        for bad in [
            "a",
            "a@",
            "@x.test",
            "a@x.test,b@x.test",
            "Ann <a@x.test>",
            "a@x.test\r\nBcc: b@x.test",
            "a b@x.test",
            "a@x.test>",
            "a@x@y.test",
        ] {
            assert!(parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn an_id_is_one_word() {
        assert_eq!(word("2026:11 25>-step_3-ab.c"), "2026-11-25--step-3-ab.c");
    }
}
