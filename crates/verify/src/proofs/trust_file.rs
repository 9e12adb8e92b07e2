//! What a trust file proves.

use sanad_core::genesis::fingerprint;
use sanad_core::hash::{BlockHash, ChainId};
use sanad_core::history::SEAL_HEADERS;
use sanad_core::ids::Height;
use sanad_core::trust::{TrustAnchor, TrustFile};
use serde::Serialize;

use crate::fault::Fault;
use crate::time;
use crate::verdict::Verdict;

/// The result of proving a trust file from its genesis.
#[derive(Clone, Debug, Serialize)]
pub struct TrustFinding {
    /// [`Verdict::Proved`] if everything in the file follows from its genesis.
    pub verdict: Verdict,
    /// Why it does not.
    pub reason: Option<String>,
    /// The chain of its genesis.
    pub chain_id: ChainId,
    /// The same, for people to compare.
    pub fingerprint: String,
    /// The consortium's name by the genesis.
    pub name: String,
    /// What is proved, if it holds.
    #[serde(flatten)]
    pub proved: Option<ProvenTrust>,
}

/// What a trust file proves.
#[derive(Clone, Debug, Serialize)]
pub struct ProvenTrust {
    /// Height of the anchor.
    pub height: Height,
    /// Hash of the anchor's header.
    pub block: BlockHash,
    /// Its time, in milliseconds since 1970-01-01 UTC,
    pub time_ms: u64,
    /// and age.
    pub age_seconds: i64,
    /// Changes of validators up to it.
    pub validator_changes: usize,
    /// Validators after it.
    pub validators: usize,
    /// Heights below this one have sealed proofs.
    pub sealed_below: Height,
}

impl TrustFinding {
    /// Proves a trust file as of `now_ms`, in milliseconds since 1970-01-01 UTC.
    #[must_use]
    pub fn of(file: &TrustFile, now_ms: u64) -> Self {
        let chain_id = file.genesis.chain_id();
        let (verdict, reason, proved) = match file.verify(now_ms) {
            Err(fault) => {
                let fault = Fault::from(&fault);
                (fault.verdict(), Some(fault.reason()), None)
            }
            Ok(anchor) => (Verdict::Proved, None, Some(ProvenTrust::of(file, &anchor, now_ms))),
        };
        let (fingerprint, name) = (fingerprint(&chain_id), file.genesis.name.clone());
        Self { verdict, reason, chain_id, fingerprint, name, proved }
    }
}

impl ProvenTrust {
    fn of(file: &TrustFile, anchor: &TrustAnchor, now_ms: u64) -> Self {
        let header = &file.anchor.header;
        Self {
            height: header.height,
            block: header.hash(),
            time_ms: header.time_ms,
            age_seconds: time::age_seconds(header.time_ms, now_ms),
            validator_changes: file.validator_changes.len(),
            validators: anchor.set_at(header.height.next()).map_or(0, |set| set.validators().len()),
            sealed_below: Height(1 + file.seals.len() as u64 * SEAL_HEADERS),
        }
    }
}
