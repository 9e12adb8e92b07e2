//! The file: a compressed tar archive, which begins with a list of what it holds.

use std::fmt::Write as _;
use std::io;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Serialize;

/// A file in the archive, or why it is not there.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Part {
    pub(super) name: &'static str,
    /// What it is.
    pub(super) what: &'static str,
    /// `None` if it could not be had.
    pub(super) bytes: Option<usize>,
    /// Why it could not be had.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) missing: Option<String>,
    #[serde(skip)]
    pub(super) text: String,
}

impl Part {
    pub(super) fn new(name: &'static str, what: &'static str, text: Result<String, String>) -> Self {
        match text {
            Ok(text) => Self { name, what, bytes: Some(text.len()), missing: None, text },
            Err(missing) => Self { name, what, bytes: None, missing: Some(missing), text: String::new() },
        }
    }
}

/// All parts in one file.
pub(super) fn pack(parts: &[Part], seconds: u64) -> io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
    let there =
        parts.iter().filter(|part| part.missing.is_none()).map(|part| (part.name, part.text.as_str()));
    for (name, text) in std::iter::once(("README.txt", list(parts).as_str())).chain(there) {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o600);
        header.set_mtime(seconds);
        archive.append_data(&mut header, format!("sanad-debug/{name}"), text.as_bytes())?;
    }
    archive.into_inner()?.finish()
}

fn list(parts: &[Part]) -> String {
    let mut text = "What this archive holds of a Sanad node. No keys, no passphrase and no place of either; but names and \
                    addresses of\nthis node and its peers. Written by `sanad debug bundle`.\n\n"
        .to_owned();
    for Part { name, what, missing, .. } in parts {
        // Writing to a string never fails.
        let _ = match missing {
            None => writeln!(text, "{name:14} {what}"),
            Some(why) => writeln!(text, "{name:14} {what}: NOT HERE: {why}"),
        };
    }
    text
}
