//! A status asked of a node or an export, beside what the files prove.

use std::time::Duration;

use sanad_core::proof::{Evidence, StatusProof};

use crate::fault::Fault;
use crate::finding::{Asked, Finding};
use crate::part::Part;
use crate::verdict::Verdict;
use crate::verifier::Verifier;

/// Age at which an answer is stale, if the caller gives none: a day. A consortium that issues nothing has a block at
/// each heartbeat all the same.
pub const ANSWER_AGE_MAX: Duration = Duration::from_secs(24 * 60 * 60);

impl Finding {
    /// Notes that a source was asked for the status now and proved nothing. The verdict stays what the files prove;
    /// [`Finding::answer`] no longer says yes.
    pub fn unanswered(&mut self, source: &str, reason: &str) {
        self.note(Part::Online, format!("{source}: {reason}"));
        self.asked = Asked::CouldNotBeChecked { source: source.to_owned(), reason: reason.to_owned() };
        self.settle();
    }

    /// Brings the finding up to date with a proof that a source gave, checked as strictly as a receipt.
    ///
    /// Of two proofs the newer one counts. One that is older than what the files prove, or does not hold, says nothing.
    /// Two that contradict each other are evidence of a fork: see [`Finding::fork`].
    pub fn refresh(&mut self, verifier: &Verifier<'_>, source: &str, proof: &StatusProof) {
        // Otherwise a check has failed already, and there is nothing to bring up to date.
        let Some(known) = self.proof.clone().filter(|_| self.has_status()) else { return };
        if proof.entry != known.entry || proof.index != known.index {
            return self.unanswered(source, "it answers about another credential");
        }
        let fresh = verifier.status(&self.target, proof);
        if !fresh.has_status() {
            let failure = fresh.failure().unwrap_or_default();
            return self.unanswered(source, &format!("its proof does not hold: {failure}"));
        }
        if let Some(fork) = Evidence::of_statuses(&known, proof) {
            let (held, height) = (known.header.height, proof.header.height);
            let detail = if held == height {
                format!("FORK: two different blocks are final at height {held}")
            } else {
                let (word, other) = (self.verdict(), fresh.verdict());
                format!("FORK: {word} as of block {held}, but {other} as of block {height}")
            };
            self.fail(Fault::new(Part::Online, Verdict::NotProven, detail));
            self.fork = Some(Box::new(fork));
            self.asked = Asked::Answered { source: source.to_owned() };
            return self.settle();
        }
        if proof.header.height < known.header.height {
            let (height, held) = (proof.header.height, known.header.height);
            let reason = format!("it is behind, at block {height}; the receipt is of block {held}");
            return self.unanswered(source, &reason);
        }
        self.hold(Part::Online, format!("{} as of block {}", fresh.verdict(), proof.header.height));
        self.asked = Asked::Answered { source: source.to_owned() };
        self.age_max = self.age_max.or(Some(ANSWER_AGE_MAX));
        self.status = fresh.status;
        self.as_of = fresh.as_of;
        self.form = fresh.form;
        self.issuer = fresh.issuer;
        self.signers = fresh.signers;
        self.validators = fresh.validators;
        self.rests_on = fresh.rests_on;
        self.proof = Some(Box::new(proof.clone()));
        self.settle();
    }
}

impl Verifier<'_> {
    /// The finding for a proof that a source gave, where there is no receipt to compare it with. One that does not hold
    /// says something of the source, and nothing of the credential.
    #[must_use]
    pub fn answered(&self, target: &str, source: &str, proof: &StatusProof) -> Finding {
        let mut finding = self.status(target, proof);
        if let Some(failure) = finding.failure().filter(|_| !finding.has_status()) {
            return self.not_answered(target, source, &format!("its proof does not hold: {failure}"));
        }
        finding.asked = Asked::Answered { source: source.to_owned() };
        finding.age_max = finding.age_max.or(Some(ANSWER_AGE_MAX));
        finding.settle();
        finding
    }

    /// The finding where there is no receipt and the source that was asked proves nothing.
    #[must_use]
    pub fn not_answered(&self, target: &str, source: &str, reason: &str) -> Finding {
        let mut finding = Finding::blank(target, vec![Part::Online], None);
        finding.fail(Fault::new(Part::Online, Verdict::CouldNotBeChecked, format!("{source}: {reason}")));
        finding.asked = Asked::CouldNotBeChecked { source: source.to_owned(), reason: reason.to_owned() };
        finding.settle();
        finding
    }
}
