//! The checks of a receipt or a status proof, in the order of `docs/formats/receipt.md`, "Verification".

use std::time::Duration;

use sanad_core::commitment::{Opening, OpeningError};
use sanad_core::event::Event;
use sanad_core::ids::Height;
use sanad_core::proof::{Finality, ProvenHeader, RestsOn, StatusProof};
use sanad_core::receipt::{Receipt, ReceiptFormatError};
use sanad_core::timeliness::existed_by_ms;

use crate::document::Stop;
use crate::fault::Fault;
use crate::finding::{AsOf, Basis, Finding, Form, Issuer};
use crate::part::Part;
use crate::time;
use crate::trust::Trust;
use crate::verdict::Verdict;

/// Checks credentials against one trust, at one time.
#[derive(Clone, Copy, Debug)]
pub struct Verifier<'a> {
    pub(crate) trust: &'a Trust,
    pub(crate) now_ms: u64,
    age_max: Option<Duration>,
    history: bool,
}

/// Why there is nothing to check.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NotAReceipt {
    /// The bytes do not claim to be a receipt.
    #[error("not a receipt")]
    Bytes(#[source] ReceiptFormatError),
    /// The receipt proves nothing without the document.
    #[error("the document is needed to check this receipt")]
    DocumentNeeded,
}

impl<'a> Verifier<'a> {
    /// A verifier that checks as of `now_ms`, in milliseconds since 1970-01-01 UTC.
    #[must_use]
    pub fn new(trust: &'a Trust, now_ms: u64) -> Self {
        Self { trust, now_ms, age_max: None, history: false }
    }

    /// Refuses a status as of a block that is older than this, as [`Verdict::Stale`]. Without it any age is taken from
    /// a receipt, and [`ANSWER_AGE_MAX`](crate::ANSWER_AGE_MAX) from a node.
    #[must_use]
    pub fn age_max(mut self, age_max: Option<Duration>) -> Self {
        self.age_max = age_max;
        self
    }

    /// Demands that a header below the trust file's block is sealed or in its history, however many signed it: see
    /// `docs/formats/trust-file.md`, "When a header counts".
    #[must_use]
    pub fn history(mut self, demanded: bool) -> Self {
        self.history = demanded;
        self
    }

    /// Checks a receipt, in either form, and the document that belongs to it. `target` is what the finding calls it.
    ///
    /// # Errors
    /// [`NotAReceipt`] if nothing was checked: then there is nothing to say of the credential.
    pub fn receipt(
        &self,
        target: &str,
        receipt: &[u8],
        document: Option<&[u8]>,
    ) -> Result<Finding, NotAReceipt> {
        match Receipt::from_bytes(receipt, self.trust.anchor()) {
            Ok(receipt) => self.read_receipt(target, &receipt, document),
            Err(error) if Receipt::is_claimed(receipt) => {
                let mut finding = Finding::blank(target, vec![Part::Encoding], self.age_max);
                finding.fail(Fault::of_unread(&error, receipt, self.trust.has_file()));
                finding.settle();
                Ok(finding)
            }
            Err(error) => Err(NotAReceipt::Bytes(error)),
        }
    }

    /// Checks a receipt that was read already.
    ///
    /// # Errors
    /// [`NotAReceipt::DocumentNeeded`].
    pub fn read_receipt(
        &self,
        target: &str,
        receipt: &Receipt,
        document: Option<&[u8]>,
    ) -> Result<Finding, NotAReceipt> {
        let mut required = required_of(&receipt.proof.finality);
        match receipt.opening {
            Opening::Full { .. } | Opening::ClosedSummary { .. } => required.push(Part::Document),
            Opening::Paper { .. } => required.push(Part::Summary),
        }
        let mut finding = Finding::blank(target, required, self.age_max);
        let checked =
            self.check_proof(&mut finding, &receipt.proof).map_err(Stop::Fault).and_then(|status| {
                self.check_document(&mut finding, receipt, document)?;
                Ok(status)
            });
        match checked {
            Ok(status) => {
                finding.status = Some(status);
                finding.proof = Some(Box::new(receipt.proof.clone()));
            }
            Err(Stop::Opening(OpeningError::DocumentNeeded)) => return Err(NotAReceipt::DocumentNeeded),
            Err(Stop::Opening(error)) => {
                finding.fail(Fault::new(Part::Document, Verdict::NotProven, error.to_string()));
            }
            Err(Stop::Fault(fault)) => finding.fail(fault),
        }
        finding.settle();
        Ok(finding)
    }

    /// Checks the proof of a status, without document or receipt.
    #[must_use]
    pub fn status(&self, target: &str, proof: &StatusProof) -> Finding {
        let mut finding = Finding::blank(target, required_of(&proof.finality), self.age_max);
        match self.check_proof(&mut finding, proof) {
            Ok(status) => {
                finding.status = Some(status);
                finding.proof = Some(Box::new(proof.clone()));
            }
            Err(fault) => finding.fail(fault),
        }
        finding.settle();
        finding
    }

    /// Steps 2 to 6.
    fn check_proof(&self, finding: &mut Finding, proof: &StatusProof) -> Result<Verdict, Fault> {
        finding.form = Some(Form::of(&proof.finality));
        let proven = proof.verify_header(self.trust.anchor()).map_err(|fault| {
            let fault = Fault::from(&fault);
            if !matches!(fault.part, Part::Header | Part::Chain) {
                self.hold_form(finding, proof);
            }
            fault
        })?;
        self.hold_form(finding, proof);
        self.check_history(proof)?;
        self.hold_header(finding, proof, proven);
        check_entry(finding, proof)?;
        check_state(finding, proof)
    }

    fn check_history(&self, proof: &StatusProof) -> Result<(), Fault> {
        let below = self.trust.anchor().header().is_none_or(|anchor| proof.header.height < anchor.height);
        match &proof.finality {
            Finality::Certificate { .. } if self.history && below => {
                let detail = "a history path is demanded, and signatures alone vouch for the block; `sanad receipt \
                              renew` gives the receipt one";
                Err(Fault::new(Part::History, Verdict::NeedsHistoryPath, detail))
            }
            Finality::Certificate { .. } | Finality::Sealed { .. } | Finality::History(_) => Ok(()),
        }
    }

    fn hold_form(&self, finding: &mut Finding, proof: &StatusProof) {
        let header = &proof.header;
        finding.hold(Part::Header, format!("block {} of layout {}", header.height, header.version.layout));
        let (id, name) = (self.trust.anchor().chain_id, &self.trust.genesis().name);
        finding.hold(Part::Chain, format!("{id} ({name})"));
    }

    fn hold_header(&self, finding: &mut Finding, proof: &StatusProof, proven: ProvenHeader) {
        let header = &proof.header;
        let ProvenHeader { signers, validators, rests_on } = proven;
        let (basis, anchor) = match rests_on {
            RestsOn::Genesis => (Basis::Genesis, "genesis only".to_owned()),
            RestsOn::TrustFile { height, time_ms } => {
                let age_seconds = time::age_seconds(time_ms, self.now_ms);
                let basis = Basis::TrustFile { height, time_ms, age_seconds };
                (basis, format!("the trust file of block {height}"))
            }
        };
        finding.hold(Part::Anchor, anchor);
        let mut signed = |height: Height| {
            finding.hold(Part::Validators, format!("{validators} validators"));
            let signers = signers.len();
            let detail = format!("block {height} signed by {signers} of {validators} validators");
            finding.hold(Part::Certificate, detail);
        };
        let height = header.height;
        match &proof.finality {
            Finality::Certificate { .. } => signed(height),
            Finality::Sealed { .. } => {
                finding.hold(Part::History, format!("block {height} is under a seal of the trust file"));
            }
            Finality::History(newer) => {
                let newer = newer.header.height;
                signed(newer);
                let detail = format!("block {height} is in the history of block {newer}");
                finding.hold(Part::History, detail);
            }
        }
        finding.as_of = Some(AsOf {
            height,
            time_ms: header.time_ms,
            time: time::format_ms(header.time_ms),
            age_seconds: time::age_seconds(header.time_ms, self.now_ms),
        });
        (finding.signers, finding.validators, finding.rests_on) = (signers, validators, Some(basis));
    }
}

/// Without these no status is proved.
fn required_of(finality: &Finality) -> Vec<Part> {
    let by: &[Part] = match finality {
        Finality::Certificate { .. } => &[Part::Validators, Part::Certificate],
        Finality::Sealed { .. } => &[Part::History],
        Finality::History(_) => &[Part::Validators, Part::Certificate, Part::History],
    };
    let parts = [Part::Header, Part::Chain, Part::Anchor].iter().chain(by);
    parts.chain(&[Part::Inclusion, Part::Issuer, Part::Status, Part::State]).copied().collect()
}

/// Step 3.
fn check_entry(finding: &mut Finding, proof: &StatusProof) -> Result<(), Fault> {
    let Event::Issue { commitment } = proof.entry.event else {
        let detail =
            format!("log index {} is \"{}\", not an issuance", proof.index, proof.entry.event.kind());
        return Err(Fault::new(Part::Inclusion, Verdict::NotProven, detail));
    };
    proof.verify_inclusion().map_err(|fault| Fault::from(&fault))?;
    let header = &proof.header;
    finding.hold(Part::Inclusion, format!("log index {} of {}", proof.index, header.log_size));
    (finding.commitment, finding.log_index) = (Some(commitment), Some(proof.index));
    finding.existed_by = Some(time::format_ms(existed_by_ms(header.time_ms, header.round)));
    Ok(())
}

/// Steps 4 to 6: they hold together or not at all.
fn check_state(finding: &mut Finding, proof: &StatusProof) -> Result<Verdict, Fault> {
    let status = proof.verify_state().map_err(|fault| Fault::from(&fault))?;
    let record = &proof.issuer.record;
    let issuer = Issuer {
        id: record.id.clone(),
        name: record.name.clone(),
        standing: record.standing,
        since: record.since,
    };
    let standing = issuer.standing_as_of(proof.header.height);
    finding.hold(Part::Issuer, format!("{} ({}), {standing}", record.id, record.name));
    finding.hold(Part::Status, status.to_string());
    finding.hold(Part::State, format!("state root {}", proof.header.state_root));
    finding.issuer = Some(issuer);
    Ok(status.into())
}
