//! The mail server: its address, and the conversation with it.

use std::error::Error as _;
use std::io;
use std::net::IpAddr;
use std::time::Duration;

use lettre::Address;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{SmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt, Rset};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use url::{Host, Url};

/// When the conversation is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tls {
    /// From its first byte.
    First,
    /// From early on, or there is none.
    Required,
    /// Where the server offers it; without, no password is sent.
    Offered,
    /// Never.
    Off,
}

/// Where messages are handed in.
pub struct Server {
    host: String,
    port: u16,
    tls: Tls,
    credentials: Option<Credentials>,
    /// On this machine, where nobody else listens.
    local: bool,
    timeout: Duration,
}

/// Why a message was not taken.
#[derive(Debug, PartialEq, Eq)]
pub enum Trouble {
    /// This one, and for good.
    Refused(String),
    /// This one, for now.
    Later(String),
    /// There is no conversation any more: no other message would do better.
    Down(String),
    /// The server wants another login, or nothing from us.
    Login(String),
    /// The server wants nothing from this sender.
    Sender(String),
}

impl Server {
    /// Reads an address: `smtps://user:password@mail.shop.example`, `smtp://localhost:25`. What is
    /// wrong is said without any part of it.
    ///
    /// # Errors
    /// What is wrong.
    pub fn parse(text: &str, timeout: Duration) -> Result<Self, &'static str> {
        let url = Url::parse(text.trim()).map_err(|_| "it is no address")?;
        let mut tls = match url.scheme() {
            "smtps" => Tls::First,
            "smtp" => Tls::Offered,
            _ => return Err("it begins with neither `smtps://` nor `smtp://`"),
        };
        for (key, value) in url.query_pairs() {
            tls = match (&*key, &*value, tls) {
                ("tls", "required", Tls::First) => Tls::First,
                ("tls", "required", _) => Tls::Required,
                ("tls", "off", Tls::Offered) => Tls::Off,
                _ => {
                    return Err(
                        "behind `?` only `tls=required` or, with `smtp://`, `tls=off` fits",
                    );
                }
            };
        }
        let (host, local) = match url.host() {
            Some(Host::Ipv4(ip)) => (ip.to_string(), ip.is_loopback()),
            Some(Host::Ipv6(ip)) => (ip.to_string(), ip.is_loopback()),
            // A scheme that browsers do not know keeps every host as text.
            Some(Host::Domain(name)) => {
                let ip = name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
                (name.to_owned(), ip || name == "localhost")
            }
            None => return Err("it names no host"),
        };
        let decode = |text: &str| {
            percent_encoding::percent_decode_str(text)
                .decode_utf8()
                .map(|text| text.into_owned())
                .map_err(|_| "user and password are not UTF-8")
        };
        let credentials = match (url.username(), url.password()) {
            ("", None) => None,
            (user, password) => {
                Some(Credentials::new(decode(user)?, decode(password.unwrap_or_default())?))
            }
        };
        // Where a login is needed, mail is handed in; else it is relayed.
        let port = url.port().unwrap_or(match (tls, &credentials) {
            (Tls::First, _) => 465,
            (_, Some(_)) => 587,
            (_, None) => 25,
        });
        Ok(Self { host, port, tls, credentials, local, timeout })
    }

    /// Opens a conversation.
    ///
    /// # Errors
    /// There is none.
    pub fn connect(&self, hello: &str) -> Result<Conversation, Trouble> {
        let hello = ClientId::Domain(hello.to_owned());
        let parameters = || {
            TlsParameters::new(self.host.clone())
                .map_err(|_| Trouble::Down("no secure connection".into()))
        };
        let first = match self.tls {
            Tls::First => Some(parameters()?),
            _ => None,
        };
        let address = (self.host.as_str(), self.port);
        let mut smtp =
            SmtpConnection::connect(address, Some(self.timeout), &hello, first.as_ref(), None)
                .map_err(|e| Trouble::Down(why(&e)))?;
        let secure = matches!(self.tls, Tls::First);
        let offered = smtp.can_starttls();
        let secure = match self.tls {
            Tls::Required | Tls::Offered if offered => {
                smtp.starttls(&parameters()?, &hello).map_err(|e| Trouble::Down(why(&e)))?;
                true
            }
            Tls::Required => {
                let _ = smtp.quit();
                return Err(Trouble::Login("the server offers no secure connection".into()));
            }
            _ => secure,
        };
        if let Some(credentials) = &self.credentials {
            if !secure && !self.local && self.tls != Tls::Off {
                let _ = smtp.quit();
                return Err(Trouble::Login(
                    "the server offers no secure connection to send the password through".into(),
                ));
            }
            smtp.auth(&[Mechanism::Plain, Mechanism::Login], credentials).map_err(|e| {
                let why = match e.is_client() {
                    // No mechanism in common.
                    true => "the server takes no login by password".into(),
                    false => why(&e),
                };
                match e.is_transient() || e.status().is_none() && !e.is_client() {
                    true => Trouble::Down(why),
                    false => Trouble::Login(why),
                }
            })?;
        }
        Ok(Conversation { smtp })
    }
}

/// A conversation that messages are handed in by.
pub struct Conversation {
    smtp: SmtpConnection,
}

impl Conversation {
    /// Whether the server is still there: it may have hung up in a pause.
    pub fn alive(&mut self) -> bool {
        self.smtp.test_connected()
    }

    /// Hands in one message.
    ///
    /// # Errors
    /// Why it was not taken. After [`Trouble::Down`] there is no conversation any more.
    pub fn hand_in(&mut self, from: &Address, to: &Address, message: &[u8]) -> Result<(), Trouble> {
        let text = |address: &Address| AsRef::<str>::as_ref(address).is_ascii();
        let mut options = Vec::new();
        if !text(from) || !text(to) {
            if !self.smtp.server_info().supports_feature(Extension::SmtpUtfEight) {
                return Err(Trouble::Refused(
                    "the server takes no address with letters beyond ASCII".into(),
                ));
            }
            options.push(MailParameter::SmtpUtfEight);
        }
        if !message.is_ascii() {
            options.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        let said = self.smtp.command(Mail::new(Some(from.clone()), options));
        if let Err(error) = said {
            let why = why(&error);
            // 552 speaks of the message; other final answers of who sends it.
            return Err(match number(&error) {
                Some(530 | 535) => self.over(Trouble::Login(why)),
                Some(code) if code >= 500 && code != 552 => self.over(Trouble::Sender(why)),
                _ => self.judged(&error),
            });
        }
        if let Err(error) = self.smtp.command(Rcpt::new(to.clone(), vec![])) {
            return Err(self.judged(&error));
        }
        if let Err(error) = self.smtp.command(Data) {
            return Err(self.judged(&error));
        }
        // The end of its last line comes with the end of the message.
        let message = message.strip_suffix(b"\r\n").unwrap_or(message);
        self.smtp.message(message).map(drop).map_err(|error| self.judged(&error))
    }

    /// Ends the conversation.
    pub fn end(mut self) {
        // A server that is slow to say goodbye is not waited for.
        let _ = self.smtp.set_timeout(Some(Duration::from_secs(2)));
        let _ = self.smtp.quit();
    }

    fn over(&mut self, trouble: Trouble) -> Trouble {
        let _ = self.smtp.quit();
        trouble
    }

    /// What an answer means for the message; gets ready for the next one where there is one.
    fn judged(&mut self, error: &lettre::transport::smtp::Error) -> Trouble {
        let why = why(error);
        match number(error) {
            // The server closes the conversation.
            None | Some(421) => Trouble::Down(why),
            Some(code) => {
                if self.smtp.command(Rset).is_err() {
                    self.smtp.abort();
                }
                match code >= 500 {
                    true => Trouble::Refused(why),
                    false => Trouble::Later(why),
                }
            }
        }
    }

    /// Whether it ended.
    pub fn broken(&self) -> bool {
        self.smtp.has_broken()
    }
}

fn number(error: &lettre::transport::smtp::Error) -> Option<u16> {
    error.status().map(u16::from)
}

/// Why, without what servers like to add: addresses, host names, links.
fn why(error: &lettre::transport::smtp::Error) -> String {
    let words = error.source().map(ToString::to_string).unwrap_or_default();
    if let Some(code) = number(error) {
        let status = words.split_whitespace().next().filter(|word| {
            let digits: Vec<_> = word.split('.').collect();
            let number = |d: &&str| !d.is_empty() && d.bytes().all(|b| b.is_ascii_digit());
            digits.len() == 3 && word.len() <= 11 && digits.iter().all(number)
        });
        return match status {
            Some(status) => format!("the server answered {code} {status}"),
            None => format!("the server answered {code}"),
        };
    }
    if error.is_tls() {
        return "no secure connection".into();
    }
    let mut source = error.source();
    while let Some(error) = source {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return camp_plugin::broken(error).into();
        }
        source = error.source();
    }
    "the connection broke".into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Server, &'static str> {
        Server::parse(text, Duration::from_secs(1))
    }

    #[test]
    fn the_port_follows_the_way_in() {
        let port = |text: &str| parse(text).map(|s| (s.host, s.port)).unwrap();
        assert_eq!(port("smtps://u:p@mail.test"), ("mail.test".into(), 465));
        assert_eq!(port("smtp://u:p@mail.test"), ("mail.test".into(), 587));
        assert_eq!(port("smtp://mail.test"), ("mail.test".into(), 25));
        assert_eq!(port("smtp://mail.test:2525"), ("mail.test".into(), 2525));
        assert!(parse("smtp://127.0.0.1").unwrap().local && parse("smtp://[::1]").unwrap().local);
        assert!(!parse("smtp://localhost.test").unwrap().local);
    }

    #[test]
    fn a_wrong_address_is_not_repeated() {
        for (text, said) in [
            ("mail.test", "no address"),
            ("https://u:s3cret@mail.test", "neither"),
            ("smtp://u:s3cret@mail.test?tls=maybe", "only"),
            ("smtps://u:s3cret@mail.test?tls=off", "only"),
        ] {
            let why = parse(text).err().unwrap();
            assert!(why.contains(said) && !why.contains("s3cret"), "{text}: {why}");
        }
    }
}
