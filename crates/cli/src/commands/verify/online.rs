//! The status as of now, from a node, checked as strictly as a receipt.

use sanad_api::ProofForm;
use sanad_core::receipt::Receipt;
use tokio::runtime::Runtime;

use crate::finding::{Finding, explain};
use crate::remote::{self, Remote, SourceArgs, is_missing};
use crate::target::key_of;
use crate::time;
use crate::trust::Trust;

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

    /// Brings a finding up to date.
    ///
    /// What failed offline stays failed: the fresh status is that of the document, not of the receipt.
    ///
    /// # Errors
    /// Why the status as of now could not be checked. That says nothing of the credential.
    pub(super) fn refresh(
        &self,
        finding: &mut Finding,
        receipt: &Receipt,
        trust: &Trust,
    ) -> Result<(), String> {
        // Otherwise a check has failed already, and there is nothing to ask about.
        let (true, Ok(key)) = (finding.has_status(), key_of(receipt)) else { return Ok(()) };
        let remote = match &self.remote {
            Ok(remote) => remote,
            Err(error) => return Err(finding.unanswered(format!("no answer: {error:#}"))),
        };
        let asked = remote.ask(|| remote.client().status(&key, ProofForm::SelfContained));
        let proof = match self.runtime.block_on(asked) {
            Ok(proof) => proof,
            // The log has it, as the receipt proves: the node is behind, or hides it.
            Err(error) if is_missing(&error) => {
                let detail = format!("{} knows no such credential: it is behind, or lies", remote.url());
                return Err(finding.unanswered(detail));
            }
            Err(error) => {
                return Err(finding.unanswered(format!("no answer: {}: {}", remote.url(), explain(&error))));
            }
        };
        if proof.entry != receipt.proof.entry {
            return Err(finding.unanswered(format!("{} answers about another credential", remote.url())));
        }
        let fresh = Finding::of_proof(finding.target.clone(), &proof, trust, time::now_ms());
        finding.merge(fresh, &receipt.proof, &proof)
    }
}
