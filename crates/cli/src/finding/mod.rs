//! A finding: what was checked of a credential, what was found, and one word for it. `docs/formats/finding.md` has the
//! fields, the parts and the words.

mod fault;
mod part;
mod view;

use std::path::PathBuf;
use std::time::Duration;

use sanad_core::commitment::{Opening, OpeningError};
use sanad_core::document::{self, DocumentKind};
use sanad_core::event::Event;
use sanad_core::hash::Commitment;
use sanad_core::ids::{Height, LogIndex, MemberId};
use sanad_core::member::{IssuerId, Standing};
use sanad_core::proof::{Finality, ProvenHeader, RestsOn, StatusProof};
use sanad_core::receipt::{Receipt, ReceiptFault, ReceiptFormatError};
use sanad_core::sd_jwt::{HolderBinding, SdJwt};
use sanad_core::summary::{Summary, SummaryLabel};
use sanad_core::timeliness::existed_by_ms;
use serde::Serialize;

pub(crate) use fault::{Fault, explain};
pub(crate) use part::Part;

use crate::output::Outcome;
use crate::time;
use crate::trust::Trust;
use crate::verdict::Verdict;

/// All that was found of one credential.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Finding {
    /// What was asked about.
    pub(crate) target: String,
    /// Computed from the checks by [`Finding::settle`]; never set elsewhere.
    pub(crate) verdict: Verdict,
    /// Part and sentence of the check that gave the word; `None` if the word is the status alone.
    pub(crate) reason: Option<String>,
    /// What the header is trusted by, where it is proved.
    pub(crate) rests_on: Option<Basis>,
    /// The block, where its header is proved.
    pub(crate) as_of: Option<AsOf>,
    /// RFC 3339 time by which the log had the entry, where the entry is proved.
    pub(crate) existed_by: Option<String>,
    /// What makes the header final, where a proof could be read.
    pub(crate) form: Option<Form>,
    /// The issuer, where its record is proved.
    pub(crate) issuer: Option<Issuer>,
    pub(crate) log_index: Option<LogIndex>,
    pub(crate) commitment: Option<Commitment>,
    /// What the issuer's summary says, where the receipt opens it and the ledger holds it.
    pub(crate) summary: Option<Summary>,
    /// Whether the last day that the summary gives is over, by this machine's clock; it changes nothing above.
    pub(crate) expired: bool,
    pub(crate) signers: Vec<MemberId>,
    pub(crate) validators: usize,
    pub(crate) checks: Vec<Check>,
    /// What the document shows by itself, where it is a W3C credential; it changes nothing above.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) credential: Option<sanad_credential::Finding>,
    /// What a reader might take for proved and is not.
    pub(crate) not_proved: Vec<String>,
    /// The receipt that was read, if one was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) receipt: Option<PathBuf>,
    /// The proved status; `None` while a check that the status needs has not held.
    #[serde(skip)]
    status: Option<Verdict>,
}

/// One thing that was checked.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Check {
    pub(crate) part: Part,
    pub(crate) holds: bool,
    /// What it proves if it holds.
    pub(crate) proves: &'static str,
    /// What was seen, or why it does not hold.
    pub(crate) detail: String,
    /// The word that follows from it if it fails; `None` for a failure that says nothing of the credential.
    #[serde(skip)]
    word: Option<Verdict>,
}

/// The block that a finding speaks of.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct AsOf {
    pub(crate) height: Height,
    pub(crate) time_ms: u64,
    pub(crate) time: String,
    pub(crate) age_seconds: i64,
}

/// Who issued.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Issuer {
    pub(crate) id: MemberId,
    pub(crate) name: String,
    pub(crate) standing: Standing,
    pub(crate) since: Height,
}

/// What a header is trusted by.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "kebab-case", tag = "anchor")]
pub(crate) enum Basis {
    Genesis,
    TrustFile { height: Height, time_ms: u64, age_seconds: i64 },
}

/// What makes a header final.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Form {
    Certificate,
    Sealed,
    History,
}

impl Form {
    pub(crate) fn of(finality: &Finality) -> Self {
        match finality {
            Finality::Certificate { .. } => Self::Certificate,
            Finality::Sealed { .. } => Self::Sealed,
            Finality::History(_) => Self::History,
        }
    }
}

impl Finding {
    /// The node knows no such credential.
    pub(crate) fn unknown(target: String, reason: String) -> Self {
        let mut finding = Self::blank(target);
        (finding.verdict, finding.reason) = (Verdict::Unknown, Some(reason));
        finding
    }

    /// Nothing was checked, so nothing holds.
    fn blank(target: String) -> Self {
        Self {
            target,
            verdict: Verdict::NotProven,
            reason: None,
            rests_on: None,
            as_of: None,
            existed_by: None,
            form: None,
            issuer: None,
            log_index: None,
            commitment: None,
            summary: None,
            expired: false,
            signers: Vec::new(),
            validators: 0,
            checks: Vec::new(),
            credential: None,
            not_proved: Vec::new(),
            receipt: None,
            status: None,
        }
    }

    /// Bytes that claim to be a receipt and cannot be read as one.
    pub(crate) fn of_unread(target: String, error: &ReceiptFormatError, bytes: &[u8], trust: &Trust) -> Self {
        let mut finding = Self::blank(target);
        finding.fail(Fault::of_unread(error, bytes, trust.anchor.header().is_some()));
        finding.settle();
        finding
    }

    /// Checks a proof that has no document.
    pub(crate) fn of_proof(target: String, proof: &StatusProof, trust: &Trust, now_ms: u64) -> Self {
        let mut finding = Self::blank(target);
        match finding.check_proof(proof, trust, now_ms) {
            Ok(status) => finding.status = Some(status),
            Err(fault) => finding.fail(fault),
        }
        finding.settle();
        finding
    }

    /// Checks a receipt and its document, in the order of `docs/formats/receipt.md`, "Verification".
    ///
    /// # Errors
    /// [`OpeningError::DocumentNeeded`]: without the document nothing can be said.
    pub(crate) fn of_receipt(
        target: String,
        receipt: &Receipt,
        document: Option<&[u8]>,
        trust: &Trust,
        now_ms: u64,
    ) -> Result<Self, OpeningError> {
        let mut finding = Self::blank(target);
        match finding.check_receipt(receipt, document, trust, now_ms) {
            Ok(()) => {}
            Err(Stop::DocumentNeeded) => return Err(OpeningError::DocumentNeeded),
            Err(Stop::Fault(fault)) => finding.fail(fault),
        }
        finding.settle();
        Ok(finding)
    }

    /// Refuses a proof that is older than the caller takes.
    pub(crate) fn check_age(&mut self, age_max: Duration) {
        let Some(as_of) = &self.as_of else { return };
        let age = as_of.age_seconds;
        let most = i64::try_from(age_max.as_secs()).unwrap_or(i64::MAX);
        let asked = format!("at most {} was asked for", time::format_seconds(age_max.as_secs()));
        let stale = |detail| Fault::new(Part::Age, Verdict::Stale, detail);
        if age < -CLOCK_TOLERANCE_SECONDS {
            self.fail(stale(format!("the block is {}; check the clocks", time::format_age(age))));
        } else if age > most {
            self.fail(stale(format!("the block is from {}; {asked}", time::format_age(age))));
        } else {
            self.hold(Part::Age, format!("{}; {asked}", time::format_age(age)));
        }
        self.settle();
    }

    /// Whether there is a status that a fresh proof can bring up to date.
    pub(crate) fn has_status(&self) -> bool {
        self.status.is_some()
    }

    /// Takes the status over from a newer proof; `Err` if the proof says nothing, which changes no verdict.
    pub(crate) fn merge(&mut self, fresh: Self, old: &StatusProof, new: &StatusProof) -> Result<(), String> {
        if let Some(reason) = fresh.failure() {
            return Err(self.unanswered(format!("the answer does not hold: {reason}")));
        }
        let (old, new) = (&old.header, &new.header);
        if new.height < old.height {
            let detail = format!("the node is behind, at block {}: {}", new.height, fresh.verdict);
            return Err(self.unanswered(detail));
        }
        let fork = |detail| Fault::new(Part::Online, Verdict::NotProven, detail);
        if old.height == new.height && old.hash() != new.hash() {
            self.fail(fork(format!(
                "FORK: two different blocks are final at height {}; keep both proofs as evidence",
                old.height
            )));
        } else if self.status == Some(Verdict::Revoked) && fresh.status != Some(Verdict::Revoked) {
            self.fail(fork(format!(
                "FORK: revoked as of block {}, but {} as of block {}; keep both proofs as evidence",
                old.height, fresh.verdict, new.height
            )));
        } else {
            self.hold(Part::Online, format!("{} as of block {}", fresh.verdict, new.height));
            self.status = fresh.status;
            self.as_of = fresh.as_of;
            self.form = fresh.form;
            self.issuer = fresh.issuer;
            self.signers = fresh.signers;
            self.validators = fresh.validators;
            self.rests_on = fresh.rests_on;
        }
        self.settle();
        Ok(())
    }

    /// Notes that the status as of now could not be checked; returns why.
    pub(crate) fn unanswered(&mut self, detail: String) -> String {
        self.note(Part::Online, false, detail.clone(), None);
        self.settle();
        detail
    }

    /// Says what is left open, once all is checked.
    pub(crate) fn close(mut self) -> Self {
        let failed = self.checks.iter().filter(|check| !check.holds);
        let mut open: Vec<String> = failed.map(|check| check.proves.to_owned()).collect();
        open.append(&mut self.not_proved);
        if let Some(as_of) = &self.as_of {
            open.push(format!("the status after block {}, {}", as_of.height, as_of.time));
        }
        open.push("that what it says is true, or who is showing it".to_owned());
        self.not_proved = open;
        self
    }

    /// The exit code it stands for: a yes needs the ledger's, and nothing against the credential itself.
    pub(crate) fn outcome(&self) -> Outcome {
        let against = self.credential.as_ref().is_some_and(|credential| credential.verdict.is_against());
        match against || self.expired {
            true => self.verdict.outcome().and(Outcome::No),
            false => self.verdict.outcome(),
        }
    }

    /// Computes the word: the gravest of the status and the checks that fail.
    fn settle(&mut self) {
        let failed = self.checks.iter().filter_map(|check| Some((check.word?, check)));
        // Of several with the same word the first one.
        let gravest = failed.rev().max_by_key(|(word, _)| *word);
        let status = self.status.unwrap_or(Verdict::NotProven);
        (self.verdict, self.reason) = match gravest {
            Some((word, check)) if word > status || self.status.is_none() => {
                (word, Some(format!("{}: {}", check.part, check.detail)))
            }
            _ => (status, None),
        };
    }

    /// The first check that fails, in a sentence.
    fn failure(&self) -> Option<String> {
        let check = self.checks.iter().find(|check| !check.holds)?;
        Some(format!("{}: {}", check.part, check.detail))
    }

    fn hold(&mut self, part: Part, detail: impl Into<String>) {
        self.note(part, true, detail.into(), None);
    }

    fn fail(&mut self, fault: Fault) {
        self.note(fault.part, false, fault.detail, Some(fault.verdict));
    }

    fn note(&mut self, part: Part, holds: bool, detail: String, word: Option<Verdict>) {
        self.checks.push(Check { part, holds, proves: part.proves(), detail, word });
    }

    /// Steps 2 to 6.
    fn check_proof(&mut self, proof: &StatusProof, trust: &Trust, now_ms: u64) -> Result<Verdict, Fault> {
        self.form = Some(Form::of(&proof.finality));
        let proven = proof.verify_header(&trust.anchor).map_err(|fault| {
            let fault = Fault::from(&fault);
            if !matches!(fault.part, Part::Header | Part::Chain) {
                self.hold_form(proof, trust);
            }
            fault
        })?;
        self.hold_form(proof, trust);
        self.hold_header(proof, proven, now_ms);
        self.check_entry(proof)?;
        self.check_state(proof)
    }

    fn hold_form(&mut self, proof: &StatusProof, trust: &Trust) {
        self.hold(
            Part::Header,
            format!("block {} of layout {}", proof.header.height, proof.header.version.layout),
        );
        self.hold(Part::Chain, format!("{} ({})", trust.anchor.chain_id, trust.genesis.name));
    }

    fn hold_header(&mut self, proof: &StatusProof, proven: ProvenHeader, now_ms: u64) {
        let header = &proof.header;
        let ProvenHeader { signers, validators, rests_on } = proven;
        let (basis, anchor) = match rests_on {
            RestsOn::Genesis => (Basis::Genesis, "genesis only".to_owned()),
            RestsOn::TrustFile { height, time_ms } => {
                let age_seconds = time::age_seconds(time_ms, now_ms);
                (
                    Basis::TrustFile { height, time_ms, age_seconds },
                    format!("the trust file of block {height}"),
                )
            }
        };
        self.hold(Part::Anchor, anchor);
        let mut signed = |height: Height| {
            self.hold(Part::Validators, format!("{validators} validators"));
            self.hold(
                Part::Certificate,
                format!("block {height} signed by {} of {validators} validators", signers.len()),
            );
        };
        match &proof.finality {
            Finality::Certificate { .. } => signed(header.height),
            Finality::Sealed { .. } => {
                self.hold(
                    Part::History,
                    format!("block {} is under a seal of the trust file", header.height),
                );
            }
            Finality::History(newer) => {
                let newer = newer.header.height;
                signed(newer);
                self.hold(
                    Part::History,
                    format!("block {} is in the history of block {newer}", header.height),
                );
            }
        }
        self.as_of = Some(AsOf {
            height: header.height,
            time_ms: header.time_ms,
            time: time::format_ms(header.time_ms),
            age_seconds: time::age_seconds(header.time_ms, now_ms),
        });
        (self.signers, self.validators, self.rests_on) = (signers, validators, Some(basis));
    }

    /// Step 3.
    fn check_entry(&mut self, proof: &StatusProof) -> Result<(), Fault> {
        let Event::Issue { commitment } = proof.entry.event else {
            let detail =
                format!("log index {} is \"{}\", not an issuance", proof.index, proof.entry.event.kind());
            return Err(Fault::new(Part::Inclusion, Verdict::NotProven, detail));
        };
        proof.verify_inclusion().map_err(|fault| Fault::from(&fault))?;
        let header = &proof.header;
        self.hold(Part::Inclusion, format!("log index {} of {}", proof.index, header.log_size));
        (self.commitment, self.log_index) = (Some(commitment), Some(proof.index));
        self.existed_by = Some(time::format_ms(existed_by_ms(header.time_ms, header.round)));
        Ok(())
    }

    /// Steps 4 to 6: they hold together or not at all.
    fn check_state(&mut self, proof: &StatusProof) -> Result<Verdict, Fault> {
        let status = proof.verify_state().map_err(|fault| Fault::from(&fault))?;
        let record = &proof.issuer.record;
        self.hold(
            Part::Issuer,
            format!("{} ({}), {} since block {}", record.id, record.name, record.standing, record.since),
        );
        self.hold(Part::Status, status.to_string());
        self.hold(Part::State, format!("state root {}", proof.header.state_root));
        self.issuer = Some(Issuer {
            id: record.id.clone(),
            name: record.name.clone(),
            standing: record.standing,
            since: record.since,
        });
        Ok(status.into())
    }

    /// Steps 2 to 9.
    fn check_receipt(
        &mut self,
        receipt: &Receipt,
        document: Option<&[u8]>,
        trust: &Trust,
        now_ms: u64,
    ) -> Result<(), Stop> {
        let status = self.check_proof(&receipt.proof, trust, now_ms)?;
        let contradiction = match receipt.verify_document(document) {
            Ok(()) => None,
            Err(fault @ ReceiptFault::Summary(_)) => {
                Some(Fault::new(Part::Summary, Verdict::NotProven, explain(&fault)))
            }
            Err(ReceiptFault::Opening(OpeningError::DocumentNeeded)) => return Err(Stop::DocumentNeeded),
            Err(fault @ ReceiptFault::Opening(_)) => {
                return Err(Fault::new(Part::Document, Verdict::NotProven, explain(&fault)).into());
            }
            Err(fault) => return Err(Fault::new(Part::Document, Verdict::Tampered, explain(&fault)).into()),
        };
        let summary = receipt.opening.summary();
        self.summary = summary.cloned();
        // Days are written as YYYY-MM-DD, so that they compare as texts do.
        let today = time::format_ms(now_ms);
        let last_day = summary.and_then(|summary| summary.text(SummaryLabel::ValidUntil));
        self.expired = last_day.is_some_and(|last| last < &today[..last.len().min(today.len())]);
        self.status = Some(status);
        match receipt.opening {
            Opening::Paper { .. } => self.not_proved.push(DOCUMENT_NOT_SEEN.to_owned()),
            Opening::Full { .. } | Opening::ClosedSummary { .. } => {
                self.hold(Part::Document, "document and secret give the commitment that was issued");
            }
        }
        let Some(document) = document else { return Ok(()) };
        match contradiction {
            Some(fault) => self.fail(fault),
            None if summary.is_none() => {}
            None if receipt.document == DocumentKind::Json => {
                self.hold(Part::Summary, "no field contradicts the document");
            }
            None => self.not_proved.push(format!(
                "that the document says what the summary says: a document of kind {} is not compared with it",
                receipt.document
            )),
        }
        self.check_issuer_id(receipt, document);
        self.note_holder(receipt, document);
        Ok(())
    }

    /// Step 9.
    fn check_issuer_id(&mut self, receipt: &Receipt, document: &[u8]) {
        let proof = &receipt.proof;
        let record = &proof.issuer.record;
        let Some(named) = document::named_issuer(receipt.document, document) else {
            let why = match receipt.document {
                DocumentKind::Bytes => "a document of kind bytes is not searched for its issuer",
                _ => "the document names no issuer, or in a form that is not read",
            };
            self.not_proved.push(format!("that the document speaks of {} as its issuer: {why}", record.id));
            return;
        };
        match IssuerId::normalise(&named) {
            Ok(id) if record.has_issuer_id(&id, proof.index) => self.hold(Part::IssuerId, id.as_str()),
            _ => {
                let detail = format!(
                    "the document names the issuer {named:?}, which is not an issuer id of {}",
                    record.id
                );
                self.fail(Fault::new(Part::IssuerId, Verdict::NotProven, detail));
            }
        }
    }

    fn note_holder(&mut self, receipt: &Receipt, document: &[u8]) {
        if receipt.document == DocumentKind::SdJwt
            && SdJwt::parse(document).is_ok_and(|jwt| jwt.holder_binding() == HolderBinding::NotChecked)
        {
            self.not_proved.push("that the one who shows it is its holder: holder not checked".to_owned());
        }
    }
}

/// Why the checks of a receipt end early.
enum Stop {
    Fault(Fault),
    DocumentNeeded,
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// What a finding says of a paper receipt.
const DOCUMENT_NOT_SEEN: &str = "anything of the document beyond the summary: document not seen";
/// A block may be this far ahead of this machine's clock before its age is doubted: 5 minutes.
const CLOCK_TOLERANCE_SECONDS: i64 = 300;
