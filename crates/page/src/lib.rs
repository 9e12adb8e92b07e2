//! The verifier's page and explorer of `web/`, built into the programs that serve them or write them into a folder.
//!
//! `site/` is made from `web/` by `npm run build`, and kept in the repository: so the build needs nothing but Rust, and
//! every copy of a version has the same bytes, whoever serves it. What differs is the configuration (`config.json`, and the
//! last line of `page.html`), which is data.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

/// A file of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageFile {
    /// Its path below the page's address, such as `/page.js`.
    pub path: &'static str,
    /// Its media type.
    pub media_type: &'static str,
    /// The content.
    pub content: &'static [u8],
    /// The same, compressed with gzip.
    pub gzip: &'static [u8],
}

/// A text with a place for a trust file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrustSlot {
    before: &'static str,
    after: &'static str,
}

/// Path of the configuration of a site.
pub const CONFIG: &str = "/config.json";
/// Path of the page in one file.
pub const SINGLE_FILE: &str = "/page.html";
/// Path of the service worker. Beside a folder that is called [`FOLDER`] lies another copy, [`WIDE_WORKER`].
pub const WORKER: &str = "/sw.js";
/// The last part of the address that codes of certificates have, without a slash.
pub const FOLDER: &str = "v";
/// Name of the service worker beside [`FOLDER`]: from there it reaches `SITE/v`, and not only what is below `SITE/v/`.
pub const WIDE_WORKER: &str = "v.sw.js";
/// Path of the list of hashes. Its own hash stands for the whole page.
pub const HASHES: &str = "/page.sha256";

/// The page in one file, which is kept and opened elsewhere.
pub const SINGLE: TrustSlot = slot(include_str!("../site/page.html"), "\"}</script>\n");
/// The configuration of a node's site, which asks that node.
pub const NODE_CONFIG: TrustSlot = slot("{\"export\":\"\",\"node\":\"./\",\"trust\":\"\"}\n", "\"}\n");

include!(concat!(env!("OUT_DIR"), "/files.rs"));

impl TrustSlot {
    /// The text with a genesis or trust file in its place; empty leaves it to the visitor.
    pub fn with(&self, trust: &[u8]) -> String {
        format!("{}{}{}", self.before, URL_SAFE_NO_PAD.encode(trust), self.after)
    }
}

/// The configuration of a site whose export answers for the status now; an empty address if none does.
pub fn site_config(export: &str, trust: &[u8]) -> String {
    let trust = URL_SAFE_NO_PAD.encode(trust);
    format!("{}\n", serde_json::json!({ "export": export, "node": "", "trust": trust }))
}

/// The hash that stands for the whole page, as `sha256sum page.sha256` gives it.
///
/// # Panics
/// Never: the list is a file of the page.
pub fn page_hash() -> String {
    let list = FILES.iter().find(|file| file.path == HASHES).expect("invariant: the build makes the list");
    sha256(list.content)
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

const fn slot(text: &'static str, after: &'static str) -> TrustSlot {
    let (before, end) = text.split_at(text.len() - after.len());
    let (mut at, end, after_bytes) = (0, end.as_bytes(), after.as_bytes());
    while at < end.len() {
        assert!(end[at] == after_bytes[at], "the text has another end");
        at += 1;
    }
    TrustSlot { before, after }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(path: &str) -> &'static str {
        let file = FILES.iter().find(|file| file.path == path).unwrap_or_else(|| unreachable!("{path}"));
        std::str::from_utf8(file.content).unwrap_or_default()
    }

    #[test]
    fn every_file_has_the_hash_that_is_published() {
        let listed: Vec<(&str, &str)> = text(HASHES)
            .lines()
            .filter_map(|line| line.split_once("  "))
            .map(|(hash, name)| (name, hash))
            .collect();
        assert_eq!(listed.len() + 1, FILES.len(), "each but the list itself");
        for (name, hash) in listed {
            assert_eq!(sha256(text(&format!("/{name}")).as_bytes()), hash, "{name}");
        }
        let (single, _) = text("/page.html.sha256").split_once("  ").unwrap_or_default();
        assert_eq!(sha256(SINGLE.with(&[]).as_bytes()), single);
    }

    #[test]
    fn the_worker_keeps_the_page_and_its_configuration() {
        let worker = text("/sw.js");
        for name in ["./", "page.js", "explorer.html", "config.json"] {
            assert!(worker.contains(&format!("\"{name}\"")), "{name}");
        }
        assert!(FILES.iter().any(|file| file.path == WORKER));
        assert!(!worker.contains("v1/"), "nothing else that a node answers is kept");
    }

    #[test]
    fn the_policy_allows_the_script_that_is_unpacked_and_no_other() {
        assert!(
            SCRIPT_POLICY.starts_with("'self' 'sha256-") && SCRIPT_POLICY.split(' ').count() == 2,
            "{SCRIPT_POLICY}"
        );
        for path in ["/index.html", "/explorer.html"] {
            assert!(text(path).contains(&format!("script-src {SCRIPT_POLICY};")), "{path}");
        }
    }

    #[test]
    fn the_single_file_needs_no_other() {
        let page = SINGLE.with(b"\xff\xfe");
        for other in ["src=\"", "href=\"style.css\"", "\nimport ", "\nexport ", "preload"] {
            assert!(!page.contains(other), "{other}");
        }
        assert!(page.contains("'sha256-"));
        let last = page.lines().last().unwrap_or_default();
        assert!(last.ends_with(r#"{"export":"","node":"","trust":"__4"}</script>"#), "{last}");
    }

    #[test]
    fn a_configuration_is_json_whatever_the_address() {
        assert_eq!(NODE_CONFIG.with(&[]), "{\"export\":\"\",\"node\":\"./\",\"trust\":\"\"}\n");
        let config: serde_json::Value =
            serde_json::from_str(&site_config("https://a.example/\"x", &[0xff])).unwrap_or_default();
        assert_eq!((&config["export"], &config["trust"]), (&"https://a.example/\"x".into(), &"_w".into()));
    }
}
