//! A finding: what was checked of a credential, what was found, and one word for it.

use std::time::Duration;

use sanad_core::hash::Commitment;
use sanad_core::ids::{Height, LogIndex, MemberId};
use sanad_core::member::Standing;
use sanad_core::proof::{Evidence, Finality, StatusProof};
use sanad_core::summary::Summary;
use serde::{Serialize, Serializer};

use crate::claims::Claims;
use crate::fault::Fault;
use crate::open::Open;
use crate::part::Part;
use crate::time;
use crate::verdict::{Answer, Verdict};

/// All that was found of one credential. `docs/formats/finding.md` describes its JSON form, which `Serialize` gives.
///
/// **Invariant:** every change ends with `settle`, which computes the verdict from the checks.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    pub(crate) target: String,
    verdict: Verdict,
    reason: Option<String>,
    pub(crate) rests_on: Option<Basis>,
    pub(crate) as_of: Option<AsOf>,
    pub(crate) existed_by: Option<String>,
    pub(crate) form: Option<Form>,
    pub(crate) issuer: Option<Issuer>,
    pub(crate) log_index: Option<LogIndex>,
    pub(crate) commitment: Option<Commitment>,
    pub(crate) summary: Option<Summary>,
    pub(crate) expired: bool,
    pub(crate) signers: Vec<MemberId>,
    pub(crate) validators: usize,
    pub(crate) asked: Asked,
    checks: Vec<Check>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) claims: Option<Claims>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) credential: Option<sanad_credential::Finding>,
    not_proved: Vec<Open>,
    /// What is left open besides the checks.
    #[serde(skip)]
    pub(crate) open: Vec<Open>,
    /// The proved status; `None` while a check that the status needs has not held.
    #[serde(skip)]
    pub(crate) status: Option<Verdict>,
    /// The checks without which there is no status.
    #[serde(skip)]
    required: Vec<Part>,
    #[serde(skip)]
    pub(crate) age_max: Option<Duration>,
    /// Whether a check fails by this machine's clock: then it is the clock that has to be set, whatever the word says.
    #[serde(skip)]
    pub(crate) clock_is_wrong: bool,
    #[serde(skip)]
    pub(crate) proof: Option<Box<StatusProof>>,
    #[serde(skip)]
    pub(crate) fork: Option<Box<Evidence>>,
}

/// One thing that was checked.
#[derive(Clone, Debug)]
pub struct Check {
    /// What was checked.
    pub part: Part,
    /// Whether it holds.
    pub holds: bool,
    /// What was seen, or why it does not hold.
    pub detail: String,
    /// The word that follows if it fails; `None` for a failure that says nothing of the credential.
    word: Option<Verdict>,
}

/// The block that a finding speaks of.
#[derive(Clone, Debug, Serialize)]
pub struct AsOf {
    /// Height of the block.
    pub height: Height,
    /// Its time, in milliseconds since 1970-01-01 UTC.
    pub time_ms: u64,
    /// The same, as RFC 3339 in UTC.
    pub time: String,
    /// Its age at the time of the check; negative where the verifier's clock is behind.
    pub age_seconds: i64,
}

/// The issuer, by its proved record.
#[derive(Clone, Debug, Serialize)]
pub struct Issuer {
    /// Member id; unique on the ledger.
    pub id: MemberId,
    /// Name in the record; other members may have the same one.
    pub name: String,
    /// How the member stands with the consortium,
    pub standing: Standing,
    /// and since which block. What a block decides comes into force with the next one: it may be the one after the block that
    /// proves it.
    pub since: Height,
}

impl Issuer {
    /// The standing and its beginning, as of the block that proves them: "frozen since block 7", or "frozen from block 8 on".
    #[must_use]
    pub fn standing_as_of(&self, height: Height) -> String {
        let Self { standing, since, .. } = self;
        match *since > height {
            true => format!("{standing} from block {since} on"),
            false => format!("{standing} since block {since}"),
        }
    }
}

/// What a header is trusted by.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "kebab-case", tag = "anchor")]
pub enum Basis {
    /// The genesis alone.
    Genesis,
    /// A trust file.
    TrustFile {
        /// Height of its anchor.
        height: Height,
        /// Time of its anchor, in milliseconds since 1970-01-01 UTC.
        time_ms: u64,
        /// Age of its anchor.
        age_seconds: i64,
    },
}

/// What makes a header final.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// Signatures of its validators.
    Certificate,
    /// A path to a seal of the trust file.
    Sealed,
    /// A place in the history of a newer header.
    History,
}

/// Whether a node or an export was asked for the status now.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case", tag = "result")]
pub enum Asked {
    /// Nobody was asked.
    NotAsked,
    /// The status is the one that it proved.
    Answered {
        /// Its address.
        source: String,
    },
    /// It proved nothing: it is behind, unreachable, of another chain, or does not know the credential.
    CouldNotBeChecked {
        /// Its address.
        source: String,
        /// What the source lacked, in words for people.
        reason: String,
    },
}

impl Finding {
    /// Nothing was checked, so nothing holds.
    pub(crate) fn blank(target: &str, required: Vec<Part>, age_max: Option<Duration>) -> Self {
        Self {
            target: target.to_owned(),
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
            asked: Asked::NotAsked,
            checks: Vec::new(),
            claims: None,
            credential: None,
            not_proved: Vec::new(),
            open: Vec::new(),
            status: None,
            required,
            age_max,
            clock_is_wrong: false,
            proof: None,
            fork: None,
        }
    }

    /// What was asked about.
    #[must_use]
    pub fn target(&self) -> &str {
        &self.target
    }

    /// The word.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// Part and sentence of the check that gave the word; `None` if the word is the status alone.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    /// Every check that was made, in order.
    #[must_use]
    pub fn checks(&self) -> &[Check] {
        &self.checks
    }

    /// What a reader might take for proved and is not.
    #[must_use]
    pub fn not_proved(&self) -> &[Open] {
        &self.not_proved
    }

    /// What the header is trusted by, where it is proved.
    #[must_use]
    pub fn rests_on(&self) -> Option<Basis> {
        self.rests_on
    }

    /// The block, where its header is proved.
    #[must_use]
    pub fn as_of(&self) -> Option<&AsOf> {
        self.as_of.as_ref()
    }

    /// RFC 3339 time by which the log had the entry, where the entry is proved.
    #[must_use]
    pub fn existed_by(&self) -> Option<&str> {
        self.existed_by.as_deref()
    }

    /// What makes the header final, where a proof could be read.
    #[must_use]
    pub fn form(&self) -> Option<Form> {
        self.form
    }

    /// The issuer, where its record is proved.
    #[must_use]
    pub fn issuer(&self) -> Option<&Issuer> {
        self.issuer.as_ref()
    }

    /// The issuer that the document names, where the ledger proves that it entered this very document.
    #[must_use]
    pub fn entered_by(&self) -> Option<&Issuer> {
        let holds = |part| self.checks().iter().any(|check| check.part == part && check.holds);
        self.issuer().filter(|_| holds(Part::Document) && holds(Part::IssuerId))
    }

    /// Place of the entry in the log, where it is proved.
    #[must_use]
    pub fn log_index(&self) -> Option<LogIndex> {
        self.log_index
    }

    /// The issuer's summary, where the receipt opens it and the ledger holds it.
    #[must_use]
    pub fn summary(&self) -> Option<&Summary> {
        self.summary.as_ref()
    }

    /// Whether the last day that the summary gives is over at the time of the check.
    #[must_use]
    pub fn is_expired(&self) -> bool {
        self.expired
    }

    /// Who signed the header, or the newer header that has it in its history; and how many validators there were.
    #[must_use]
    pub fn signers(&self) -> (&[MemberId], usize) {
        (&self.signers, self.validators)
    }

    /// The claims of an SD-JWT, if it is the document that was entered.
    #[must_use]
    pub fn claims(&self) -> Option<&Claims> {
        self.claims.as_ref()
    }

    /// What the document shows by itself, if it is a W3C credential and the one that was entered.
    #[must_use]
    pub fn credential(&self) -> Option<&sanad_credential::Finding> {
        self.credential.as_ref()
    }

    /// Whether somebody was asked for the status now.
    #[must_use]
    pub fn asked(&self) -> &Asked {
        &self.asked
    }

    /// Evidence that the validators signed two histories, if the proofs that were compared show it.
    #[must_use]
    pub fn fork(&self) -> Option<&Evidence> {
        self.fork.as_deref()
    }

    /// Whether there is a status that a fresh proof can bring up to date.
    #[must_use]
    pub fn has_status(&self) -> bool {
        self.status.is_some() && self.fork.is_none()
    }

    /// What all of it means for somebody who has to decide.
    ///
    /// Evidence comes before ignorance: what the files prove stands, whoever could not be asked. Without evidence against
    /// the credential, a source that was asked in vain leaves the question open.
    #[must_use]
    pub fn answer(&self) -> Answer {
        let against = self.credential.as_ref().is_some_and(|credential| credential.verdict.is_against());
        let unanswered = matches!(self.asked, Asked::CouldNotBeChecked { .. });
        // Whoever shows it may be withholding that it has expired, or showing more than is read.
        let unseen = self
            .credential
            .as_ref()
            .is_some_and(|credential| credential.validity.end_withholdable || credential.beyond_limits);
        match self.verdict.answer() {
            Answer::Yes if against || self.expired => Answer::No,
            Answer::Yes if unanswered || unseen => Answer::CouldNotBeChecked,
            Answer::No if unanswered && self.verdict == Verdict::Stale => Answer::CouldNotBeChecked,
            answer => answer,
        }
    }

    /// Whether the document looks like a credential, and its own dates were not all looked at: it is beyond a limit or in a form that is
    /// not read, or its holder may be withholding its end. The form is the issuer's choice, so that alone leaves [`answer`](Self::answer) a yes.
    #[must_use]
    pub fn dates_unseen(&self) -> bool {
        let is_unread = |check: &sanad_credential::Check| {
            check.part == sanad_credential::Part::Form && check.verdict != sanad_credential::Verdict::Good
        };
        self.credential.as_ref().is_some_and(|credential| {
            credential.validity.end_withholdable || credential.checks.iter().any(is_unread)
        })
    }

    pub(crate) fn hold(&mut self, part: Part, detail: impl Into<String>) {
        self.checks.push(Check { part, holds: true, detail: detail.into(), word: None });
    }

    pub(crate) fn fail(&mut self, fault: Fault) {
        let Fault { part, verdict, detail, is_clock } = fault;
        self.clock_is_wrong |= is_clock;
        self.checks.push(Check { part, holds: false, detail, word: Some(verdict) });
    }

    /// Notes a check that failed and says nothing of the credential.
    pub(crate) fn note(&mut self, part: Part, detail: impl Into<String>) {
        self.checks.push(Check { part, holds: false, detail: detail.into(), word: None });
    }

    /// Forgets the checks of a part, to make them again.
    pub(crate) fn forget(&mut self, part: Part) {
        self.checks.retain(|check| check.part != part);
    }

    /// The first check that fails, in a sentence.
    pub(crate) fn failure(&self) -> Option<String> {
        let check = self.checks.iter().find(|check| !check.holds)?;
        Some(format!("{}: {}", check.part, check.detail))
    }

    /// Computes the word: the gravest of the status and the checks that fail. Without all required checks there is no
    /// status.
    pub(crate) fn settle(&mut self) {
        self.check_age();
        let failed = self.checks.iter().filter_map(|check| Some((check.word?, check)));
        // Of several with the same word the first one.
        let gravest = failed.rev().max_by_key(|(word, _)| *word);
        let holds = |part: &Part| self.checks.iter().any(|check| check.part == *part && check.holds);
        let missing = self.required.iter().find(|part| !holds(part));
        let status = if missing.is_none() { self.status } else { None };
        (self.verdict, self.reason) = match (status, gravest) {
            (Some(status), Some((word, check))) if word > status => (word, Some(said(check))),
            (Some(status), _) => (status, None),
            // "stale" says something of a status, and there is none.
            (None, Some((word, check))) if word > Verdict::Stale => (word, Some(said(check))),
            (None, _) => {
                let part = missing.copied().unwrap_or(Part::Status);
                (Verdict::NotProven, Some(format!("{part}: was not checked")))
            }
        };
        self.not_proved = self.left_open();
    }

    fn left_open(&self) -> Vec<Open> {
        let failed = self.checks.iter().filter(|check| !check.holds);
        let mut open: Vec<Open> = failed.map(|check| Open::Unproved(check.part)).collect();
        open.dedup();
        open.extend(self.open.iter().cloned());
        if let Asked::CouldNotBeChecked { source, .. } = &self.asked {
            open.push(Open::StatusNotAnswered { source: source.clone() });
        }
        if let Some(as_of) = &self.as_of {
            open.push(Open::StatusAfter { height: as_of.height, time: as_of.time.clone() });
        }
        open.push(Open::Truth);
        open
    }

    fn check_age(&mut self) {
        self.forget(Part::Age);
        let (Some(as_of), Some(age_max)) = (&self.as_of, self.age_max) else { return };
        let age = as_of.age_seconds;
        let most = i64::try_from(age_max.as_secs()).unwrap_or(i64::MAX);
        let allowed = format!("at most {} is allowed", time::format_seconds(age_max.as_secs()));
        let ago = time::format_age(age);
        if age < -time::CLOCK_TOLERANCE_SECONDS {
            self.fail(Fault::new(Part::Age, Verdict::Stale, format!("the block is {ago}; check the clocks")));
        } else if age > most {
            self.fail(Fault::new(Part::Age, Verdict::Stale, format!("the block is from {ago}; {allowed}")));
        } else {
            self.hold(Part::Age, format!("{ago}; {allowed}"));
        }
    }
}

fn said(check: &Check) -> String {
    format!("{}: {}", check.part, check.detail)
}

impl Check {
    /// What it proves if it holds.
    #[must_use]
    pub fn proves(&self) -> String {
        self.part.proves()
    }
}

impl Serialize for Check {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        let mut fields = serializer.serialize_struct("Check", 4)?;
        fields.serialize_field("part", &self.part)?;
        fields.serialize_field("holds", &self.holds)?;
        fields.serialize_field("proves", &self.proves())?;
        fields.serialize_field("detail", &self.detail)?;
        fields.end()
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(parts: &[Part]) -> Finding {
        let mut finding = Finding::blank("x", vec![Part::Header, Part::Certificate, Part::Status], None);
        for part in parts {
            finding.hold(*part, "");
        }
        finding.settle();
        finding
    }

    #[test]
    fn a_status_without_every_required_check_is_not_good() {
        let all = [Part::Header, Part::Certificate, Part::Status];
        for missing in 0..=all.len() {
            let held: Vec<Part> = all
                .iter()
                .enumerate()
                .filter(|(place, _)| *place != missing)
                .map(|(_, part)| *part)
                .collect();
            let mut finding = finding(&held);
            assert_eq!(finding.verdict(), Verdict::NotProven, "without a status");
            finding.status = Some(Verdict::Active);
            finding.settle();
            let expected = if missing == all.len() { Verdict::Active } else { Verdict::NotProven };
            assert_eq!(finding.verdict(), expected, "without {:?}", all.get(missing));
            assert_eq!(finding.answer() == Answer::Yes, missing == all.len());
        }
    }

    #[test]
    fn a_failed_check_outweighs_one_of_the_same_part_that_holds() {
        let mut finding = finding(&[Part::Header, Part::Certificate, Part::Status]);
        finding.status = Some(Verdict::Active);
        finding.fail(Fault::new(Part::Certificate, Verdict::Tampered, "a changed signature"));
        finding.settle();
        assert_eq!(finding.verdict(), Verdict::Tampered);
        assert_eq!(finding.reason(), Some("certificate: a changed signature"));
    }

    #[test]
    fn no_later_check_improves_the_word() {
        let mut finding = finding(&[Part::Header]);
        finding.fail(Fault::new(Part::Certificate, Verdict::NotProven, "too few signatures"));
        finding.hold(Part::Certificate, "");
        finding.hold(Part::Status, "active");
        finding.settle();
        assert_eq!(finding.verdict(), Verdict::NotProven);
        assert!(!finding.has_status());
    }
}
