//! The status as of now, from a node, checked as strictly as a receipt.

use sanad_api::ProofForm;
use sanad_core::receipt::Receipt;
use tokio::runtime::Runtime;

use crate::finding::{Finding, explain};
use crate::remote::{self, Remote, SourceArgs, is_missing, patiently};
use crate::target::key_of;
use crate::time;
use crate::trust::Trust;
use crate::verdict::Verdict;

/// A connection that all documents share.
pub(super) struct Session {
    runtime: Runtime,
    remote: anyhow::Result<Remote>,
}

impl Session {
    /// Connects. A node that cannot be reached shows in each finding.
    pub(super) fn new(args: &SourceArgs) -> anyhow::Result<Self> {
        let runtime = remote::runtime()?;
        let remote = runtime.block_on(Remote::open(args));
        Ok(Self { runtime, remote })
    }

    /// Brings a finding up to date; returns whether the node gave an answer.
    ///
    /// What failed offline stays failed: the fresh status is that of the document, not of the receipt.
    pub(super) fn refresh(&self, finding: &mut Finding, receipt: &Receipt, trust: &Trust) -> bool {
        // Otherwise a check has failed already, and there is nothing to ask about.
        let Ok(key) = key_of(receipt) else { return true };
        let remote = match &self.remote {
            Ok(remote) => remote,
            Err(error) => return unanswered(finding, &format!("{error:#}")),
        };
        let proof =
            match self.runtime.block_on(patiently(|| remote.client().status(&key, ProofForm::SelfContained)))
            {
                Ok(proof) => proof,
                Err(error) if is_missing(&error) => {
                    let detail = format!("{} knows no such credential", remote.url());
                    finding.check("online", Verdict::NotProven, Err(detail));
                    return true;
                }
                Err(error) => return unanswered(finding, &format!("{}: {}", remote.url(), explain(&error))),
            };
        let fresh = Finding::of_proof(finding.target.clone(), &proof, trust, time::now_ms());
        finding.merge(fresh, &receipt.proof.header, &proof.header);
        true
    }
}

/// An answer was asked for and did not come: whatever the receipt says, that is no yes.
fn unanswered(finding: &mut Finding, why: &str) -> bool {
    finding.check("online", Verdict::NotProven, Err(format!("no answer, so the status now is open: {why}")));
    false
}
