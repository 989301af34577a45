//! A small SMTP server on loopback that remembers what it is told.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

/// A message as the server took it.
#[derive(Debug, Clone, Default)]
pub struct Message {
    pub from: String,
    pub to: Vec<String>,
    pub data: String,
    /// Which connection it came through, from 1.
    pub connection: usize,
}

impl Message {
    /// A header, unfolded.
    pub fn header(&self, name: &str) -> Option<String> {
        let head = self.data.split("\r\n\r\n").next()?.replace("\r\n ", " ");
        head.split("\r\n").find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    }
}

#[derive(Default)]
struct State {
    messages: Vec<Message>,
    lines: Vec<String>,
    connections: usize,
    /// Answers to commands that begin so, used up one by one; an empty one hangs up.
    answers: HashMap<String, Vec<String>>,
}

#[derive(Clone)]
pub struct Server {
    pub port: u16,
    state: Arc<Mutex<State>>,
}

impl Server {
    /// `answers`: the start of a command (`RCPT TO:<x@`, `.` for the end of a message), and what the
    /// server answers instead of yes, in order.
    pub fn start(answers: &[(&str, &[&str])]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
        let port = listener.local_addr().expect("loopback").port();
        let answers = answers.iter().map(|(command, answers)| {
            ((*command).to_owned(), answers.iter().rev().map(|a| (*a).to_owned()).collect())
        });
        let state = State { answers: answers.collect(), ..State::default() };
        let server = Self { port, state: Arc::new(Mutex::new(state)) };
        let serving = server.clone();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let server = serving.clone();
                thread::spawn(move || server.talk(&stream));
            }
        });
        server
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics with it")
    }

    pub fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port)
    }

    pub fn messages(&self) -> Vec<Message> {
        self.state().messages.clone()
    }

    /// All commands, without the lines of messages.
    pub fn lines(&self) -> Vec<String> {
        self.state().lines.clone()
    }

    pub fn connections(&self) -> usize {
        self.state().connections
    }

    /// What to answer: `Some("")` hangs up.
    fn answer(&self, command: &str) -> Option<String> {
        let mut state = self.state();
        let found = state.answers.iter_mut().find(|(start, _)| command.starts_with(*start));
        found.and_then(|(_, answers)| answers.pop())
    }

    fn talk(&self, stream: &TcpStream) {
        let connection = {
            let mut state = self.state();
            state.connections += 1;
            state.connections
        };
        let mut reader = BufReader::new(stream);
        let say = |text: &str| (&*stream).write_all(format!("{text}\r\n").as_bytes()).is_ok();
        let greeting = self.answer("GREETING").unwrap_or_else(|| "220 ready".into());
        if !say(&greeting) || !greeting.starts_with('2') {
            return;
        }
        let mut message = Message::default();
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            let line = line.trim_end().to_owned();
            self.state().lines.push(line.clone());
            let scripted = self.answer(&line);
            if scripted.as_deref() == Some("") {
                return;
            }
            if let Some(answer) = scripted {
                if !say(&answer) || answer.starts_with("421") {
                    return;
                }
                continue;
            }
            let command = line.to_ascii_uppercase();
            let answer = if command.starts_with("EHLO") {
                "250-here\r\n250-8BITMIME\r\n250 AUTH PLAIN LOGIN"
            } else if command.starts_with("AUTH") {
                "235 2.7.0 welcome"
            } else if let Some(from) = line.strip_prefix("MAIL FROM:<") {
                message = Message {
                    from: from.split('>').next().unwrap_or_default().to_owned(),
                    connection,
                    ..Message::default()
                };
                "250 2.1.0 yes"
            } else if let Some(to) = line.strip_prefix("RCPT TO:<") {
                message.to.push(to.split('>').next().unwrap_or_default().to_owned());
                "250 2.1.5 yes"
            } else if command == "DATA" {
                if !say("354 go on") {
                    return;
                }
                let mut data = String::new();
                loop {
                    let mut line = String::new();
                    if reader.read_line(&mut line).unwrap_or(0) == 0 {
                        return;
                    }
                    if line == ".\r\n" {
                        break;
                    }
                    data.push_str(line.strip_prefix('.').unwrap_or(&line));
                }
                match self.answer(&format!(". {}", message.to.join(","))) {
                    Some(answer) if answer.is_empty() => return,
                    Some(answer) => {
                        if !say(&answer) {
                            return;
                        }
                        continue;
                    }
                    None => {}
                }
                message.data = data;
                self.state().messages.push(std::mem::take(&mut message));
                "250 2.0.0 queued as 4F1"
            } else if command == "QUIT" {
                say("221 2.0.0 goodbye");
                return;
            } else {
                "250 2.0.0 yes"
            };
            if !say(answer) {
                return;
            }
        }
    }
}
