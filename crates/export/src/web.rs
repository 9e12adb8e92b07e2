//! An export with a web server: nothing of it is believed, and no answer costs more than the file asked for may.

use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ureq::http::{StatusCode, Uri, header};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Body};

use crate::cache::Cache;
use crate::error::ExportError;
use crate::folder::{ContentHash, Cost, Files, Opened, Part};

/// How to read an export from a web server.
#[derive(Clone, Debug)]
pub struct WebOptions {
    /// How long to wait for a connection, for the head of an answer, and for each part of its body.
    pub timeout: Duration,
    /// Certificates (PEM) of the authorities that vouch for the server; the system's if there are none.
    pub ca_certificates_pem: Option<Vec<u8>>,
    /// Folder in which checked files that never change are kept; nothing is kept without one.
    pub cache: Option<PathBuf>,
}

impl Default for WebOptions {
    fn default() -> Self {
        Self { timeout: Duration::from_secs(10), ca_certificates_pem: None, cache: None }
    }
}

/// Why a web server gave nothing that can be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WebError {
    /// Not an address of an export.
    #[error("not the address of an export: {what}")]
    Address {
        /// What does not fit.
        what: &'static str,
    },
    /// Unencrypted, and not on this machine.
    #[error("http is for this machine alone; give an https address")]
    Unencrypted,
    /// A file of certificates that does not read, or the system has none.
    #[error("no certificates of authorities can be read; give a PEM file")]
    Certificates,
    /// An answer that points elsewhere: an export is read from the place that was named.
    #[error("redirected to {location}, which is not followed; give that address if you mean it")]
    Redirect {
        /// Where to.
        location: String,
    },
    /// An answer with a status that says nothing of the file.
    #[error("answered with status {status}")]
    Status {
        /// The status code.
        status: u16,
    },
    /// A server that gives no parts of files, and the file is too long to be read whole.
    #[error("the server gives no parts of files, and this one has more than {limit} bytes")]
    NoRanges {
        /// Most bytes that are read for the sake of a part.
        limit: u64,
    },
    /// Another part than the one that was asked for.
    #[error("answered with another part of the file than was asked for")]
    OtherPart,
    /// The time was up.
    #[error("no answer in time")]
    Timeout,
    /// The server's certificate is not accepted.
    #[error("its certificate is not accepted ({0}); --ca FILE names the authority that vouches for it")]
    Certificate(String),
    /// No connection, or one that broke.
    #[error("cannot be reached")]
    Unreachable(#[source] Box<ureq::Error>),
}

/// An export under a URL.
#[derive(Debug)]
pub(crate) struct Web {
    /// Ends with a slash.
    base: String,
    agent: Agent,
    cache: Option<Cache>,
    requests: AtomicU64,
    bytes: Arc<AtomicU64>,
    /// Whole files from a server that gives no parts of them.
    wholes: Mutex<HashMap<String, Arc<Vec<u8>>>>,
}

impl Web {
    /// Makes no connection yet.
    pub(crate) fn new(url: &str, options: &WebOptions) -> Result<Self, ExportError> {
        let refused = |source| ExportError::Web { url: PathBuf::from(url), source: Box::new(source) };
        let (base, scheme) = check_url(url).map_err(refused)?;
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .max_response_header_size(HEADERS_BYTES_MAX)
            .accept_encoding("identity")
            .user_agent(concat!("sanad/", env!("CARGO_PKG_VERSION")))
            .timeout_resolve(Some(options.timeout))
            .timeout_connect(Some(options.timeout))
            .timeout_send_request(Some(options.timeout))
            .timeout_recv_response(Some(options.timeout))
            .timeout_per_read(Some(options.timeout))
            .timeout_recv_body(Some(options.timeout.saturating_mul(BODY_TIMEOUTS)));
        let config = match scheme {
            Scheme::Https => config.tls_config(tls(options).map_err(refused)?),
            // This machine is not reached through a proxy.
            Scheme::Loopback => config.proxy(None),
        };
        Ok(Self {
            base,
            agent: config.build().new_agent(),
            cache: options.cache.as_deref().and_then(Cache::open),
            requests: AtomicU64::new(0),
            bytes: Arc::default(),
            wholes: Mutex::default(),
        })
    }

    fn url(&self, file: &str) -> String {
        format!("{}{file}", self.base)
    }

    fn fault(&self, file: &str, source: WebError) -> ExportError {
        ExportError::Web { url: self.path(file), source: Box::new(source) }
    }

    /// The answer about a file, tried a second time if the connection breaks; `None` if there is no such file.
    fn get(&self, file: &str, range: Option<&str>) -> Result<Option<Answer>, ExportError> {
        let ask = || {
            self.requests.fetch_add(1, Ordering::Relaxed);
            let request = self.agent.get(self.url(file));
            match range {
                Some(range) => request.header(header::RANGE, range).call(),
                None => request.call(),
            }
        };
        let broke = |error: &ureq::Error| matches!(error, ureq::Error::Io(_) | ureq::Error::Protocol(_));
        let answer = match ask() {
            Err(error) if broke(&error) => ask(),
            answer => answer,
        };
        let answer = answer.map_err(|error| {
            self.fault(
                file,
                match error {
                    ureq::Error::Timeout(_) => WebError::Timeout,
                    error => match certificate_fault(&error) {
                        Some(fault) => WebError::Certificate(fault.to_string()),
                        None => WebError::Unreachable(Box::new(error)),
                    },
                },
            )
        })?;
        let (head, body) = answer.into_parts();
        let text = |name| head.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let refused = |source| Err(self.fault(file, source));
        match head.status {
            StatusCode::OK | StatusCode::PARTIAL_CONTENT | StatusCode::RANGE_NOT_SATISFIABLE => {
                Ok(Some(Answer { status: head.status, range: text(header::CONTENT_RANGE), body }))
            }
            StatusCode::NOT_FOUND | StatusCode::GONE => Ok(None),
            status if status.is_redirection() => {
                refused(WebError::Redirect { location: text(header::LOCATION).unwrap_or_default() })
            }
            status => refused(WebError::Status { status: status.as_u16() }),
        }
    }

    fn counted(&self, body: Body) -> impl Read + Send + use<> {
        Counted { body: body.into_reader(), bytes: Arc::clone(&self.bytes) }
    }

    fn wholes(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<Vec<u8>>>> {
        // A panic while it is held leaves only whole files behind.
        self.wholes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a whole file in memory, from which parts are taken.
    fn whole(&self, file: &str, body: Body) -> Result<Arc<Vec<u8>>, ExportError> {
        let no_ranges = || self.fault(file, WebError::NoRanges { limit: WHOLE_BYTES_MAX });
        if body.content_length().is_some_and(|length| length > WHOLE_BYTES_MAX) {
            return Err(no_ranges());
        }
        let mut bytes = Vec::new();
        let read = self.counted(body).take(WHOLE_BYTES_MAX + 1).read_to_end(&mut bytes);
        read.map_err(|source| ExportError::Io { path: self.path(file), source })?;
        if bytes.len() as u64 > WHOLE_BYTES_MAX {
            return Err(no_ranges());
        }
        let whole = Arc::new(bytes);
        let mut wholes = self.wholes();
        let held: usize = wholes.values().map(|whole| whole.len()).sum();
        if (held + whole.len()) as u64 > WHOLE_BYTES_MAX {
            wholes.clear();
        }
        wholes.insert(file.to_owned(), Arc::clone(&whole));
        Ok(whole)
    }
}

/// What is wrong with a server's certificate, if that ended the connection.
fn certificate_fault(error: &ureq::Error) -> Option<&rustls::CertificateError> {
    let found = match error {
        ureq::Error::Rustls(error) => Some(error),
        ureq::Error::Io(error) => error.get_ref().and_then(|held| held.downcast_ref()),
        _ => None,
    };
    match found? {
        rustls::Error::InvalidCertificate(fault) => Some(fault),
        _ => None,
    }
}

/// A body whose bytes are counted as they come.
struct Counted<R> {
    body: R,
    bytes: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.body.read(buffer)?;
        self.bytes.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

struct Answer {
    status: StatusCode,
    /// The header `Content-Range`.
    range: Option<String>,
    body: Body,
}

impl Files for Web {
    fn path(&self, file: &str) -> PathBuf {
        self.url(file).into()
    }

    fn open(&self, file: &str) -> Result<Option<Opened>, ExportError> {
        let Some(Answer { status, body, .. }) = self.get(file, None)? else { return Ok(None) };
        if status != StatusCode::OK {
            return Err(self.fault(file, WebError::Status { status: status.as_u16() }));
        }
        let length = body.content_length();
        Ok(Some(Opened { reader: Box::new(self.counted(body)), length }))
    }

    fn read_at(&self, file: &str, start: u64, length: usize) -> Result<Option<Part>, ExportError> {
        let end = start.saturating_add(length as u64);
        let of_whole = |whole: &[u8]| {
            let place = |at: u64| usize::try_from(at).map_or(whole.len(), |at| at.min(whole.len()));
            Part { bytes: whole[place(start)..place(end)].to_vec(), file_length: Some(whole.len() as u64) }
        };
        if let Some(whole) = self.wholes().get(file) {
            return Ok(Some(of_whole(whole)));
        }
        let range = format!("bytes={start}-{}", end.saturating_sub(1));
        let Some(Answer { status, range, body }) = self.get(file, Some(&range))? else { return Ok(None) };
        match status {
            StatusCode::OK => Ok(Some(of_whole(&self.whole(file, body)?))),
            StatusCode::PARTIAL_CONTENT => {
                let range = range.unwrap_or_default();
                if !range.starts_with(&format!("bytes {start}-")) {
                    return Err(self.fault(file, WebError::OtherPart));
                }
                let mut bytes = Vec::new();
                let read = self.counted(body).take(length as u64).read_to_end(&mut bytes);
                read.map_err(|source| ExportError::Io { path: self.path(file), source })?;
                let file_length = range.rsplit('/').next().and_then(|length| length.parse().ok());
                Ok(Some(Part { bytes, file_length }))
            }
            // Beyond its end.
            _ => Ok(Some(Part { bytes: Vec::new(), file_length: None })),
        }
    }

    fn disk(&self) -> Option<&Path> {
        None
    }

    fn cost(&self) -> Option<Cost> {
        let (requests, bytes) = (&self.requests, &self.bytes);
        Some(Cost { requests: requests.load(Ordering::Relaxed), bytes: bytes.load(Ordering::Relaxed) })
    }

    fn kept(&self, content: &ContentHash) -> Option<Vec<u8>> {
        self.cache.as_ref()?.read(content)
    }

    fn keep(&self, content: &ContentHash, bytes: &[u8]) {
        if let Some(cache) = &self.cache {
            cache.write(content, bytes);
        }
    }
}

enum Scheme {
    Https,
    /// Without encryption, on this machine.
    Loopback,
}

/// The base of the files' URLs, with a slash at its end.
fn check_url(url: &str) -> Result<(String, Scheme), WebError> {
    let wrong = |what| WebError::Address { what };
    if url.len() > URL_BYTES_MAX || url.contains(['?', '#', '@']) {
        return Err(wrong("it has a query, a fragment or a user, or is too long"));
    }
    let uri: Uri = url.parse().map_err(|_| wrong("it is not a URL"))?;
    let host = uri.host().filter(|host| !host.is_empty()).ok_or(wrong("it names no host"))?;
    // The library reads a port that is none as if there were none.
    let after_host = uri.authority().map_or("", |authority| &authority.as_str()[host.len()..]);
    let port = after_host.strip_prefix(':').map(str::parse::<u16>);
    if !after_host.is_empty() && !matches!(port, Some(Ok(1..))) {
        return Err(wrong("its port is not a number from 1 to 65535"));
    }
    if uri.path().split('/').any(|part| part == "." || part == "..") {
        return Err(wrong("its path goes up"));
    }
    let scheme = match uri.scheme_str() {
        Some("https") => Scheme::Https,
        Some("http") if is_loopback(host) => Scheme::Loopback,
        Some("http") => return Err(WebError::Unencrypted),
        _ => return Err(wrong("it begins neither with https:// nor with http://")),
    };
    Ok((format!("{}/", url.trim_end_matches('/')), scheme))
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || address.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Trusts the authorities that were given, or else the system's.
fn tls(options: &WebOptions) -> Result<TlsConfig, WebError> {
    let certificates: Vec<Certificate<'static>> = match &options.ca_certificates_pem {
        Some(pem) => {
            let items: Vec<_> =
                parse_pem(pem).collect::<Result<_, _>>().map_err(|_| WebError::Certificates)?;
            let certificate = |item| match item {
                PemItem::Certificate(certificate) => Some(certificate),
                _ => None,
            };
            items.into_iter().filter_map(certificate).collect()
        }
        None => {
            let found = rustls_native_certs::load_native_certs().certs;
            found.iter().map(|certificate| Certificate::from_der(certificate).to_owned()).collect()
        }
    };
    if certificates.is_empty() {
        return Err(WebError::Certificates);
    }
    Ok(TlsConfig::builder()
        .root_certs(RootCerts::from(certificates))
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .build())
}

/// Whether a text is meant as a URL, and not as a folder.
pub(crate) fn is_url(text: &str) -> bool {
    text.split_once("://").is_some_and(|(scheme, _)| {
        !scheme.is_empty()
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
    })
}

/// Longest address, in bytes.
const URL_BYTES_MAX: usize = 2048;
/// Longest head of an answer, in bytes.
const HEADERS_BYTES_MAX: usize = 16 << 10;
/// How many timeouts a body may take in all, however steadily it comes.
const BODY_TIMEOUTS: u32 = 6;
/// Longest file that is read whole for the sake of its parts, and most bytes of such files in memory (64 MiB).
const WHOLE_BYTES_MAX: u64 = 64 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for (url, base) in [
            ("https://example.org", "https://example.org/"),
            ("https://example.org/log//", "https://example.org/log/"),
            ("http://127.0.0.1:8080/x", "http://127.0.0.1:8080/x/"),
            ("http://[::1]:80", "http://[::1]:80/"),
            ("http://localhost", "http://localhost/"),
        ] {
            assert_eq!(check_url(url).ok().map(|(base, _)| base).as_deref(), Some(base));
        }
        for url in
            ["http://example.org", "http://127.0.0.1.example.org", "http://10.0.0.1", "http://localhost.evil"]
        {
            assert!(matches!(check_url(url), Err(WebError::Unencrypted)), "{url}");
        }
        for url in [
            "https://",
            "https:///x",
            "ftp://example.org",
            "file:///etc",
            "https://a@example.org",
            "https://example.org?x",
            "https://example.org#x",
            "https://example.org:99999",
            "https://example.org:",
            "https://exa mple.org",
            "https://example.org/../x",
            "",
            "example.org",
        ] {
            assert!(matches!(check_url(url), Err(WebError::Address { .. })), "{url}");
        }
        assert!(
            is_url("ftp://x")
                && is_url("https://x")
                && !is_url("public")
                && !is_url("://x")
                && !is_url("a b://")
        );
    }
}
