//! The signed report of an audit.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use sanad_core::audit_report::AuditStatement;
use sanad_core::keyfile::{self, KEY_FILE_BYTES_MAX};
use sanad_core::signature::SecretKey;

use super::found::Found;
use crate::files::{self, Mode};
use crate::keys::{self, PassphraseArgs, Purpose};
use crate::time;

/// Who signs a report, and where it goes.
pub(super) struct Signer {
    path: PathBuf,
    key: SecretKey,
}

impl Signer {
    /// Opens the key, and checks that the report can be a new file.
    pub(super) fn open(path: &Path, key: &Path, passphrase: &PassphraseArgs) -> anyhow::Result<Self> {
        if path.exists() {
            bail!("{} exists already and is never overwritten; choose another place", path.display());
        }
        let text = files::read_text(key, KEY_FILE_BYTES_MAX)?;
        let held =
            keyfile::peek(&text).with_context(|| format!("{} is not a key file", key.display()))?.purpose;
        // Not the consensus key: a validator signs with that through its guard alone.
        let purpose = if held == Purpose::Network.as_str() { Purpose::Network } else { Purpose::Issuing };
        Ok(Self { path: path.to_owned(), key: keys::open(key, purpose, passphrase)? })
    }

    /// Signs what an audit found, and writes it.
    pub(super) fn write(&self, audited: &Found, duration: Duration) -> anyhow::Result<()> {
        let report = statement(audited, duration).sign(&self.key).context("the report cannot be signed")?;
        files::create_new(&self.path, report.to_json().as_bytes(), Mode::Public)
    }
}

fn statement(audited: &Found, duration: Duration) -> AuditStatement {
    let state = &audited.state;
    AuditStatement {
        chain_id: state.chain_id(),
        verdict: audited.verdict,
        height: state.head().height,
        head_hash: state.head().hash,
        head_time_ms: state.head().time_ms,
        log_size: state.log_size(),
        log_root: state.log_root(),
        status_root: state.status().root(state.log_size()),
        registry_root: state.registry().root(),
        validators_hash: state.validators().hash(),
        batches: audited.batches,
        findings: audited.findings.len() as u64,
        first_finding: audited.findings.first().cloned(),
        audited_at_ms: time::now_ms(),
        duration_ms: duration.as_millis() as u64,
        program: concat!("sanad ", env!("CARGO_PKG_VERSION")).to_owned(),
    }
}
