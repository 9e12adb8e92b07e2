//! Whether one log begins another.

use sanad_core::hash::Root;
use sanad_core::ids::{Height, LogSize, MemberId};
use sanad_core::proof::{
    ConsistencyProof, Contradiction, Evidence, FinalStatement, LogHead, ProvenConsistency, StatusProof,
};
use serde::Serialize;

use crate::fault::Fault;
use crate::trust::Trust;
use crate::verdict::Verdict;

/// The result of checking a consistency proof.
#[derive(Clone, Debug, Serialize)]
pub struct Consistency {
    /// What was asked about.
    pub target: String,
    /// [`Verdict::Proved`] if the older log begins the newer one.
    pub verdict: Verdict,
    /// Why it does not, or is not proved to.
    pub reason: Option<String>,
    /// Size of the older log, by the proof.
    pub older_size: LogSize,
    /// Root of the log tree over the older log.
    pub older_root: Root,
    /// Size of the newer log, by the proof.
    pub newer_size: LogSize,
    /// Root of the log tree over the newer log.
    pub newer_root: Root,
    /// The block that vouches for both, if it is proved,
    pub height: Option<Height>,
    /// its time, in milliseconds since 1970-01-01 UTC,
    pub time_ms: Option<u64>,
    /// who signed it,
    pub signers: Vec<MemberId>,
    /// and how many validators there were.
    pub validators: usize,
    #[serde(skip)]
    fork: Option<Box<Evidence>>,
}

impl Consistency {
    /// Checks a proof. With a receipt's proof, the older log must be that of the receipt's block: two logs of one size
    /// with different roots are evidence of a fork.
    #[must_use]
    pub fn of(target: &str, proof: &ConsistencyProof, known: Option<&StatusProof>, trust: &Trust) -> Self {
        let (older, newer) = (&proof.older, &proof.newer);
        let mut found = Self::unproved(target, (older.size, older.root), (newer.size, newer.root));
        let proven = match proof.verify(trust.anchor()) {
            Ok(proven) => proven,
            Err(fault) => return found.refused(Fault::from(&fault)),
        };
        let ProvenConsistency { older, height, time_ms, basis, .. } = proven;
        (found.height, found.time_ms) = (Some(height), Some(time_ms));
        (found.signers, found.validators) = (basis.signers, basis.validators);
        let Some(known) = known else {
            found.verdict = Verdict::Proved;
            return found;
        };
        if let Err(fault) = known.verify_header(trust.anchor()) {
            return found.refused(Fault::from(&fault));
        }
        let log = LogHead { size: known.header.log_size, root: known.header.log_root };
        if log.size != older.size {
            found.reason = Some(format!(
                "the proof begins at {} entries, the receipt's log has {}; ask for a proof from that size",
                older.size, log.size
            ));
        } else if log.root != older.root {
            found.reason = Some(format!(
                "FORK: at {} entries the receipt's log has the root {}, this one {}, and validators signed both",
                log.size, log.root, older.root
            ));
            let (header, finality) = (known.header.clone(), known.finality.clone());
            let older = Box::new(FinalStatement { header, finality });
            let newer = Box::new(proof.clone());
            found.fork = Some(Box::new(Evidence::new(Contradiction::Log { older, newer })));
        } else {
            found.verdict = Verdict::Proved;
        }
        found
    }

    /// Evidence that the validators signed two histories, if receipt and proof show it.
    #[must_use]
    pub fn fork(&self) -> Option<&Evidence> {
        self.fork.as_deref()
    }

    /// Before anything is checked.
    pub(crate) fn unproved(target: &str, older: (LogSize, Root), newer: (LogSize, Root)) -> Self {
        Self {
            target: target.to_owned(),
            verdict: Verdict::NotProven,
            reason: None,
            older_size: older.0,
            older_root: older.1,
            newer_size: newer.0,
            newer_root: newer.1,
            height: None,
            time_ms: None,
            signers: Vec::new(),
            validators: 0,
            fork: None,
        }
    }

    fn refused(mut self, fault: Fault) -> Self {
        (self.verdict, self.reason) = (fault.verdict(), Some(fault.reason()));
        self
    }
}
