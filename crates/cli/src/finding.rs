//! A finding: what was checked of a credential, what was found, and one word for it.

use std::path::PathBuf;
use std::time::Duration;

use sanad_core::block::BlockHeader;
use sanad_core::event::Event;
use sanad_core::hash::Commitment;
use sanad_core::ids::{Height, LogIndex, MemberId};
use sanad_core::member::Standing;
use sanad_core::proof::{Finality, ProofFault, ProvenHeader, RestsOn, StatusProof};
use sanad_core::receipt::{Receipt, ReceiptBinaryError, ReceiptFault, ReceiptFormatError};
use sanad_core::summary::Summary;
use serde::Serialize;

use crate::output::{Outcome, Report};
use crate::trust::Trust;
use crate::verdict::Verdict;
use crate::view::View;
use crate::{credential, time};

/// One thing that was checked.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Check {
    /// Which part.
    pub(crate) part: &'static str,
    /// Whether it holds.
    pub(crate) holds: bool,
    /// What it proves where it holds.
    pub(crate) proves: &'static str,
    /// What was seen, or why it does not hold.
    pub(crate) detail: String,
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
}

/// All that was found of one credential.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Finding {
    /// What was asked about.
    pub(crate) target: String,
    /// Whether the document itself was looked at.
    pub(crate) document_seen: bool,
    pub(crate) verdict: Verdict,
    /// Where the verdict is no plain status: why.
    pub(crate) reason: Option<String>,
    /// The block, where the validators' signatures on it hold.
    pub(crate) as_of: Option<AsOf>,
    /// The issuer, where its record is proved.
    pub(crate) issuer: Option<Issuer>,
    pub(crate) log_index: Option<LogIndex>,
    pub(crate) commitment: Option<Commitment>,
    pub(crate) signers: Vec<MemberId>,
    pub(crate) validators: usize,
    /// What the signatures are trusted by, where they hold.
    pub(crate) rests_on: Option<RestsOn>,
    /// What the issuer's summary says, where the receipt opens it and the ledger holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) summary: Option<Summary>,
    pub(crate) checks: Vec<Check>,
    /// What the document shows by itself, where it is a W3C credential; it changes nothing above.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) credential: Option<sanad_credential::Finding>,
    /// What a reader might take for proved and is not: see [`Finding::close`].
    pub(crate) not_proved: Vec<String>,
    /// The receipt that was read, if one was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) receipt: Option<PathBuf>,
}

impl Finding {
    /// Nothing was found.
    pub(crate) fn unknown(target: String, reason: String) -> Self {
        Self { verdict: Verdict::Unknown, reason: Some(reason), ..Self::blank(target) }
    }

    /// Nothing was checked yet.
    fn blank(target: String) -> Self {
        Self {
            target,
            document_seen: true,
            verdict: Verdict::Active,
            reason: None,
            as_of: None,
            issuer: None,
            log_index: None,
            commitment: None,
            signers: Vec::new(),
            validators: 0,
            rests_on: None,
            summary: None,
            checks: Vec::new(),
            credential: None,
            not_proved: Vec::new(),
            receipt: None,
        }
    }

    /// A receipt that has no valid encoding, or is of another chain: nothing but that can be said.
    pub(crate) fn of_unread(target: String, error: &ReceiptFormatError) -> Self {
        use ReceiptBinaryError as Binary;
        let mut finding = Self::blank(target);
        let (part, verdict) = match error {
            ReceiptFormatError::Binary(Binary::ForeignChain { .. }) => ("chain", Verdict::ForeignChain),
            ReceiptFormatError::Binary(Binary::Signers { .. } | Binary::UnknownValidator { .. }) => {
                ("certificate", Verdict::NotProven)
            }
            ReceiptFormatError::Binary(Binary::UnknownSet { .. } | Binary::NotCovered { .. }) => {
                ("certificate", Verdict::NeedsTrustFile)
            }
            ReceiptFormatError::Binary(Binary::Summary(error)) if error.needs_newer_verifier() => {
                ("encoding", Verdict::NeedsNewerVerifier)
            }
            _ => ("encoding", Verdict::Tampered),
        };
        finding.check(part, verdict, Err(explain(error)));
        finding
    }

    /// Checks each part of a proof against the anchor. If the signatures do not hold, nothing that they would vouch
    /// for is shown.
    pub(crate) fn of_proof(target: String, proof: &StatusProof, trust: &Trust, now_ms: u64) -> Self {
        let mut finding = Self::blank(target);
        let chain = proof.header.chain_id == trust.anchor.chain_id;
        let detail = match chain {
            true => format!("{} ({})", trust.anchor.chain_id, trust.genesis.name),
            false => {
                format!("the proof is of chain {}, not of {}", proof.header.chain_id, trust.anchor.chain_id)
            }
        };
        finding.check("chain", Verdict::ForeignChain, if chain { Ok(detail) } else { Err(detail) });
        if finding.check_certificate(proof, trust, now_ms) {
            finding.check_entry(proof);
            finding.check_state(proof);
        }
        finding
    }

    /// Checks that a document is the one its receipt was issued for; without a document, that the receipt's summary
    /// is.
    pub(crate) fn check_document(&mut self, receipt: &Receipt, document: Option<&[u8]>) {
        let result = receipt.verify_document(document);
        let verdict = match &result {
            Err(ReceiptFault::NotAnIssuance { .. } | ReceiptFault::Opening(_) | ReceiptFault::Summary(_)) => {
                Verdict::NotProven
            }
            _ => Verdict::Tampered,
        };
        if result.is_ok() && self.as_of.is_some() {
            self.summary = receipt.opening.summary().cloned();
        }
        let (part, detail) = match document {
            Some(_) => ("document", "document and secret give the commitment that was issued"),
            None => ("summary", "summary and key give the commitment that was issued"),
        };
        let result = result.map(|()| detail.to_owned()).map_err(|fault| explain(&fault));
        self.check(part, verdict, result);
        self.document_seen = document.is_some();
    }

    /// Refuses a proof that is older than the caller takes.
    pub(crate) fn check_age(&mut self, age_max: Duration) {
        let Some(as_of) = &self.as_of else { return };
        let age = as_of.age_seconds;
        let most = i64::try_from(age_max.as_secs()).unwrap_or(i64::MAX);
        let asked = format!("at most {} was asked for", time::format_seconds(age_max.as_secs()));
        let result = match age {
            ..CLOCK_TOLERANCE_SECONDS_BEHIND => {
                Err(format!("the block is {}; check the clocks", time::format_age(age)))
            }
            _ if age > most => Err(format!("the block is from {}; {asked}", time::format_age(age))),
            _ => Ok(format!("{}; {asked}", time::format_age(age))),
        };
        self.check("age", Verdict::Stale, result);
    }

    /// Says what is left open, once all is checked.
    pub(crate) fn close(mut self) -> Self {
        let failed = self.checks.iter().filter(|check| !check.holds);
        self.not_proved = failed.map(|check| check.proves.to_owned()).collect();
        if let Some(as_of) = &self.as_of {
            self.not_proved.push(format!("the status after block {}, {}", as_of.height, as_of.time));
        }
        if !self.document_seen {
            self.not_proved
                .push("anything of the document beyond the summary: the document was not seen".to_owned());
        }
        self.not_proved.push("that what it says is true, or who is showing it".to_owned());
        self
    }

    /// Takes over what a node proved just now, unless the receipt is of a later block.
    pub(crate) fn merge(&mut self, fresh: Self, old: &BlockHeader, new: &BlockHeader) {
        if let Some(Check { part, detail, .. }) = fresh.checks.iter().find(|check| !check.holds) {
            let detail = format!("the node's answer does not hold: {part}: {detail}");
            return self.check("online", Verdict::NotProven, Err(detail));
        }
        // Two final blocks at one height: the validators have forked the chain.
        if self.as_of.is_some() && old.height == new.height && old.hash() != new.hash() {
            let detail =
                format!("two different blocks are final at height {}; keep both as evidence", old.height);
            return self.check("online", Verdict::NotProven, Err(detail));
        }
        let height = new.height;
        if self.as_of.is_some() && new.height < old.height {
            let detail = format!("the node is behind, at block {height}: {}", fresh.verdict);
            return self.check("online", Verdict::NotProven, Ok(detail));
        }
        self.note("online", Ok(format!("{} as of block {height}", fresh.verdict)));
        if self.verdict.gravity() <= Verdict::Revoked.gravity() {
            self.verdict = fresh.verdict;
        }
        self.as_of = fresh.as_of;
        self.issuer = fresh.issuer;
        self.log_index = fresh.log_index;
        self.signers = fresh.signers;
        self.validators = fresh.validators;
        self.rests_on = fresh.rests_on;
    }

    /// The exit code it stands for: a yes needs the ledger's, and nothing against the credential itself.
    pub(crate) fn outcome(&self) -> Outcome {
        match &self.credential {
            Some(credential) if credential.verdict.is_against() => self.verdict.outcome().and(Outcome::No),
            _ => self.verdict.outcome(),
        }
    }

    /// Notes the result of a check, which fails with `failure` alone.
    pub(crate) fn check(&mut self, part: &'static str, failure: Verdict, result: Result<String, String>) {
        self.note(part, result.map_err(|detail| (failure, detail)));
    }

    /// Notes the result of a check. Of several that fail, the gravest verdict stays.
    fn note(&mut self, part: &'static str, result: Result<String, (Verdict, String)>) {
        let (holds, failure, detail) = match result {
            Ok(detail) => (true, Verdict::Active, detail),
            Err((failure, detail)) => (false, failure, detail),
        };
        if !holds && failure.gravity() > self.verdict.gravity() {
            self.verdict = failure;
            self.reason = Some(format!("{part}: {detail}"));
        }
        self.checks.push(Check { part, holds, proves: proves(part), detail });
    }

    /// Checks that the header is final; returns whether it is.
    fn check_certificate(&mut self, proof: &StatusProof, trust: &Trust, now_ms: u64) -> bool {
        let header = &proof.header;
        let result = proof.verify_header(&trust.anchor).map_err(failed).map(|proven| {
            let ProvenHeader { signers, validators, rests_on } = proven;
            self.as_of = Some(AsOf {
                height: header.height,
                time_ms: header.time_ms,
                time: time::format_ms(header.time_ms),
                age_seconds: time::age_seconds(header.time_ms, now_ms),
            });
            let detail = match &proof.finality {
                Finality::Certificate { .. } => {
                    format!("block {} signed by {} of {validators} validators", header.height, signers.len())
                }
                Finality::Sealed { .. } => {
                    format!("block {} is in the history that the trust file covers", header.height)
                }
                Finality::History(newer) => format!(
                    "block {} is in the history of block {}, signed by {} of {validators} validators",
                    header.height,
                    newer.header.height,
                    signers.len()
                ),
            };
            (self.signers, self.validators, self.rests_on) = (signers, validators, Some(rests_on));
            detail
        });
        let holds = result.is_ok();
        self.note("certificate", result);
        holds
    }

    fn check_entry(&mut self, proof: &StatusProof) {
        let result = match proof.entry.event {
            Event::Issue { commitment } => proof.verify_inclusion().map_err(failed).map(|()| {
                (self.commitment, self.log_index) = (Some(commitment), Some(proof.index));
                format!("log index {} of {}", proof.index, proof.header.log_size)
            }),
            event => {
                let kind = event.kind();
                Err((Verdict::NotProven, format!("log index {} is \"{kind}\", not an issuance", proof.index)))
            }
        };
        self.note("inclusion", result);
    }

    fn check_state(&mut self, proof: &StatusProof) {
        let record = &proof.issuer.record;
        match proof.verify_state() {
            Ok(status) => {
                if Verdict::from(status).gravity() > self.verdict.gravity() {
                    self.verdict = status.into();
                }
                self.note("status", Ok(status.to_string()));
                self.issuer = Some(Issuer { id: record.id.clone(), name: record.name.clone() });
                let standing = match record.standing {
                    Standing::Active => String::new(),
                    other => format!(", {other} since block {}", record.since),
                };
                self.note("issuer", Ok(format!("{} ({}{standing})", record.id, record.name)));
            }
            Err(fault) => {
                let part = match fault {
                    ProofFault::Status { .. } => "status",
                    ProofFault::StateRoot { .. } => "state",
                    _ => "issuer",
                };
                self.note(part, Err(failed(fault)));
            }
        }
    }
}

impl Report for Finding {
    fn view(&self) -> View {
        let beside = match &self.credential {
            Some(credential) if credential.verdict.is_against() => {
                format!("; as a credential: {}", credential.verdict)
            }
            _ => String::new(),
        };
        let failed: Vec<&str> =
            self.checks.iter().filter(|check| !check.holds).map(|check| check.part).collect();
        let parts = if failed.is_empty() { String::new() } else { format!(" ({})", failed.join(", ")) };
        let mut view = View::new().line(format!("{}: {}{parts}{beside}", self.target, self.verdict));
        if let Some(reason) = &self.reason {
            view = view.fact("because", reason);
        }
        if let Some(as_of) = &self.as_of {
            let age = time::format_age(as_of.age_seconds);
            view = view.fact("as of", format!("block {}, {} ({age})", as_of.height, as_of.time));
        }
        if let Some(issuer) = &self.issuer {
            view = view.fact("issuer", format!("{} ({})", issuer.name, issuer.id));
        }
        if let Some(summary) = &self.summary {
            for (label, text) in summary.fields() {
                view = view.fact(label.as_str(), text);
            }
        }
        if let Some(index) = self.log_index {
            view = view.fact("log index", index);
        }
        if !self.signers.is_empty() {
            let names: Vec<&str> = self.signers.iter().map(MemberId::as_str).collect();
            let count = format!("{} of {}", names.len(), self.validators);
            view = view.fact("signed by", format!("{count}: {}", names.join(", ")));
        }
        match self.rests_on {
            Some(RestsOn::Genesis) => view = view.fact("rests on", "the genesis only"),
            Some(RestsOn::TrustFile { height, time_ms }) => {
                view = view.fact("rests on", format!("block {height}, {}", time::format_ms(time_ms)));
            }
            None => {}
        }
        for Check { part, holds, proves, detail } in &self.checks {
            view = view.line(match holds {
                true => format!("  [ok] {part}: {proves} ({detail})"),
                false => format!("  [NO] {part}: {detail}"),
            });
        }
        if let Some(credential) = &self.credential {
            view = view.line("  the document by itself:").then(credential::view(credential));
        }
        self.not_proved.iter().fold(view, |view, open| view.line(format!("  not proved: {open}")))
    }
}

/// What a part proves where it holds.
fn proves(part: &str) -> &'static str {
    match part {
        "encoding" => "it can be read to its end",
        "chain" => "it is of this consortium",
        "certificate" => "more than 2/3 of the validators vouch for the block",
        "inclusion" => "the issuer entered it in the log, in this block or before",
        "status" => "its status as of the block",
        "state" => "status and issuer as of the block",
        "issuer" => "the issuer's name and standing as of the block",
        "document" => "this document is the one that was entered",
        "summary" => "this summary is the one that was entered; the document was not seen",
        "age" => "the block is not older than was asked for",
        "online" => "the status as of the node's last block",
        _ => "",
    }
}

fn failed(fault: ProofFault) -> (Verdict, String) {
    (Verdict::from(&fault), explain(&fault))
}

/// An error and its causes in one line.
pub(crate) fn explain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}

/// A block may be this far ahead of this machine's clock before its age is doubted: 5 minutes.
const CLOCK_TOLERANCE_SECONDS_BEHIND: i64 = -300;
