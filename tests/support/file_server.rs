//! A web server on loopback that gives the files of a folder, whole or in ranges.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// Ends with the process.
pub struct FileServer {
    port: u16,
    seen: Arc<Mutex<Vec<String>>>,
    sent: Arc<Mutex<u64>>,
}

impl FileServer {
    pub fn start(folder: &Path) -> FileServer {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (seen, sent) = (Arc::<Mutex<Vec<String>>>::default(), Arc::<Mutex<u64>>::default());
        let server = FileServer { port, seen: seen.clone(), sent: sent.clone() };
        let folder = folder.to_owned();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (folder, seen, sent) = (folder.clone(), seen.clone(), sent.clone());
                // A client that goes away is its own affair.
                std::thread::spawn(move || answer(stream, &folder, &seen, &sent).ok());
            }
        });
        server
    }

    pub fn address(&self, file: &str) -> String {
        format!("http://127.0.0.1:{}/{file}", self.port)
    }

    /// The requests so far: method, path, range.
    pub fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }

    /// How many bytes of files it has given.
    pub fn sent(&self) -> u64 {
        *self.sent.lock().unwrap()
    }
}

fn answer(
    mut stream: TcpStream,
    folder: &Path,
    seen: &Mutex<Vec<String>>,
    sent: &Mutex<u64>,
) -> std::io::Result<()> {
    let mut lines = Vec::new();
    for line in BufReader::new(stream.try_clone()?).lines() {
        match line? {
            line if line.is_empty() => break,
            line => lines.push(line),
        }
    }
    let mut words = lines.first().map_or("", String::as_str).split(' ');
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let range = lines.iter().find_map(|l| {
        let (name, value) = l.split_once(": ")?;
        name.eq_ignore_ascii_case("range").then(|| value.to_owned())
    });
    seen.lock().unwrap().push(format!("{method} {path} {}", range.clone().unwrap_or_default()));
    let plain = path.split('?').next().unwrap_or_default().trim_start_matches('/');
    let file: PathBuf = folder.join(plain);
    let Ok(bytes) = std::fs::read(file) else {
        return stream.write_all(
            b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
        );
    };
    let asked = range.as_deref().and_then(|r| {
        let (from, to) = r.strip_prefix("bytes=")?.split_once('-')?;
        let from: usize = from.parse().ok()?;
        let to = to.parse().map_or(bytes.len(), |to: usize| to + 1).min(bytes.len());
        (from < to).then_some((from, to))
    });
    let (status, part, extent) = match asked {
        Some((from, to)) => (
            "206 Partial Content",
            &bytes[from..to],
            format!("content-range: bytes {from}-{}/{}\r\n", to - 1, bytes.len()),
        ),
        None => ("200 OK", &bytes[..], String::new()),
    };
    stream.write_all(
        format!(
            "HTTP/1.1 {status}\r\ncontent-length: {}\r\n{extent}accept-ranges: bytes\r\nconnection: close\r\n\r\n",
            part.len()
        )
        .as_bytes(),
    )?;
    if method != "HEAD" {
        stream.write_all(part)?;
        *sent.lock().unwrap() += part.len() as u64;
    }
    stream.flush()
}
