//! A web server on loopback that remembers what is posted to it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use serde_json::Value;

/// A request that the server got.
#[derive(Clone, Debug)]
pub struct Request {
    pub headers: Vec<String>,
    pub body: Value,
}

/// Answers every POST with 200, one that holds `refuse` with 400, the first ones with 503; remembers
/// them.
pub struct Server {
    pub port: u16,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    pub fn start(refuse: &'static str) -> Server {
        Server::down_at_first(refuse, 0)
    }

    pub fn down_at_first(refuse: &'static str, down: usize) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests: Arc<Mutex<Vec<Request>>> = Arc::default();
        let seen = requests.clone();
        // Ends with the process.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let mut reader = BufReader::new(stream);
                let mut headers = Vec::new();
                loop {
                    let mut line = String::new();
                    if reader.read_line(&mut line).unwrap_or(0) == 0 || line.trim().is_empty() {
                        break;
                    }
                    headers.push(line.trim().to_lowercase());
                }
                let length = headers.iter().find_map(|h| h.strip_prefix("content-length: "));
                let mut body = vec![0; length.map_or(0, |l| l.parse().unwrap())];
                reader.read_exact(&mut body).unwrap();
                let text = String::from_utf8(body).unwrap();
                let status = if seen.lock().unwrap().len() < down {
                    "503 Service Unavailable"
                } else if text.contains(refuse) {
                    "400 Bad Request"
                } else {
                    "200 OK"
                };
                if let Ok(body) = serde_json::from_str(&text) {
                    seen.lock().unwrap().push(Request { headers, body });
                }
                let answer =
                    format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
                reader.get_mut().write_all(answer.as_bytes()).unwrap();
            }
        });
        Server { port, requests }
    }

    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}
