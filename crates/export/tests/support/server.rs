//! A web server on this machine that counts, and can be told to misbehave.
#![allow(dead_code, reason = "each test uses a part")]
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Decides about a request before the folder does: the path, and what is sent.
pub type Trick = Box<dyn Fn(&str) -> Option<Vec<u8>> + Send>;

#[derive(Default)]
struct Shared {
    /// Path and bytes of the body of each answer.
    served: Mutex<Vec<(String, u64)>>,
    trick: Mutex<Option<Trick>>,
    folder: Mutex<PathBuf>,
    no_ranges: Mutex<bool>,
}

/// Serves a folder until the test ends.
pub struct Server {
    pub url: String,
    shared: Arc<Shared>,
}

impl Server {
    pub fn of(folder: &Path) -> Self {
        Self::wrapped(folder, |stream| stream)
    }

    /// A server behind some layer, such as TLS.
    pub fn wrapped<S: Read + Write>(
        folder: &Path,
        wrap: impl Fn(TcpStream) -> S + Send + Clone + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let shared = Arc::new(Shared::default());
        *shared.folder.lock().unwrap() = folder.to_owned();
        let served = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (served, wrap) = (Arc::clone(&served), wrap.clone());
                stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
                std::thread::spawn(move || serve(wrap(stream), &served));
            }
        });
        Self { url, shared }
    }

    /// Requests and bytes of bodies since the last call.
    pub fn counted(&self) -> (usize, u64) {
        let served = std::mem::take(&mut *self.shared.served.lock().unwrap());
        (served.len(), served.iter().map(|(_, bytes)| bytes).sum())
    }

    /// Paths that were asked for since the last call, with the bytes of each answer.
    pub fn served(&self) -> Vec<(String, u64)> {
        std::mem::take(&mut *self.shared.served.lock().unwrap())
    }

    pub fn trick(&self, trick: impl Fn(&str) -> Option<Vec<u8>> + Send + 'static) {
        *self.shared.trick.lock().unwrap() = Some(Box::new(trick));
    }

    pub fn honest(&self) {
        *self.shared.trick.lock().unwrap() = None;
    }

    pub fn serve_no_ranges(&self) {
        *self.shared.no_ranges.lock().unwrap() = true;
    }

    pub fn serve(&self, folder: &Path) {
        *self.shared.folder.lock().unwrap() = folder.to_owned();
    }
}

/// An answer with a body.
pub fn answer(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n{headers}\r\n", body.len());
    [head.as_bytes(), body].concat()
}

fn serve(stream: impl Read + Write, shared: &Shared) -> Option<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let (mut request, mut range) = (String::new(), None);
        reader.read_line(&mut request).ok().filter(|read| *read > 0)?;
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
            let line = line.trim().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(asked) = line.strip_prefix("range: bytes=") {
                let (start, end) = asked.split_once('-')?;
                range = Some((start.parse::<u64>().ok()?, end.parse::<u64>().ok()?));
            }
        }
        let path = request.split(' ').nth(1)?.trim_start_matches('/').to_owned();
        let tricked = shared.trick.lock().unwrap().as_ref().and_then(|trick| trick(&path));
        if let Some(sent) = tricked {
            shared.served.lock().unwrap().push((path, sent.len() as u64));
            reader.get_mut().write_all(&sent).ok()?;
            continue;
        }
        let file = shared.folder.lock().unwrap().join(&path);
        let sent =
            match std::fs::File::open(file).ok().filter(|file| file.metadata().is_ok_and(|m| m.is_file())) {
                None => answer("404 Not Found", "", b"no such file"),
                Some(mut file) => {
                    let mut body = Vec::new();
                    file.read_to_end(&mut body).ok()?;
                    let total = body.len() as u64;
                    match range.filter(|_| !*shared.no_ranges.lock().unwrap()) {
                        None => answer("200 OK", "", &body),
                        Some((start, _)) if start >= total => answer(
                            "416 Range Not Satisfiable",
                            &format!("Content-Range: bytes */{total}\r\n"),
                            b"",
                        ),
                        Some((start, end)) => {
                            let end = end.min(total - 1);
                            let headers = format!("Content-Range: bytes {start}-{end}/{total}\r\n");
                            answer("206 Partial Content", &headers, &body[start as usize..=end as usize])
                        }
                    }
                }
            };
        let head = sent.windows(4).position(|end| end == b"\r\n\r\n").unwrap_or_default() + 4;
        shared.served.lock().unwrap().push((path, (sent.len() - head) as u64));
        reader.get_mut().write_all(&sent).ok()?;
        reader.get_mut().flush().ok()?;
    }
}
