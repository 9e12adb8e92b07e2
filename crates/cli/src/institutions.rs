//! Who stands behind an award: the member that entered it, the institutions that it names, and which of these have signed it.
//!
//! **Invariant:** an institution counts as having signed only by an endorsement of this very file that the ledger proves, entered by the
//! member that the institution is.

use sanad_core::ids::{LogIndex, MemberId};
use sanad_core::member::{IssuerId, MemberRecord, Standing};
use sanad_credential::{NamedAs, NamedInstitution, Signature, badge_of_sd_jwt, named_institutions};
use sanad_issuer::{ENDORSEMENT_TYPE, SubresourceDigests, is_type};
use sanad_verify::{Answer, Finding, Issuer, Language, Part};
use serde::Serialize;
use serde_json::Value;

use crate::output::Outcome;
use crate::view::printable;

/// What endorsements are compared with.
pub(crate) struct Award {
    id: Option<String>,
    achievement: Option<String>,
    digests: SubresourceDigests,
}

/// What an endorsement says, not yet checked.
#[derive(Clone, Debug)]
pub(crate) struct Endorsement {
    /// What it endorses; `None` if it does not name one thing by its id.
    pub(crate) id: Option<String>,
    pub(crate) comment: String,
    /// Of the file that it is bound to, if it is; empty if that is of no known kind.
    digest: Option<String>,
}

/// What an endorsement has to do with an award.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Relation {
    /// It is of this file, to the byte.
    Award,
    /// It is of another file with the award's id.
    Changed,
    /// It has the award's id; whether it is of this file is not known, since its digest is of another kind.
    NotCompared,
    /// It is of whatever has the award's id.
    Id,
    /// It is of the achievement, whoever is awarded it.
    Achievement,
}

/// An endorsement that was checked.
pub(crate) struct Checked {
    pub(crate) document: String,
    endorsement: Endorsement,
    answer: Answer,
    headline: String,
    /// Whoever entered it, if that is proved.
    by: Option<Issuer>,
    record: MemberRecord,
    index: LogIndex,
}

/// An institution that stands behind an award, or is said to.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Institution {
    #[serde(flatten)]
    pub(crate) state: State,
    /// The member's name in the register; else the name that the award gives it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    /// The member, if it entered something.
    #[serde(skip_serializing_if = "Option::is_none")]
    member: Option<MemberId>,
    /// The id that the award names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
    /// Where the award names it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    named_as: Vec<NamedAs>,
}

/// What an institution has done for an award.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub(crate) enum State {
    /// Entered it in the ledger.
    Entered,
    /// Signed an endorsement of this very file, which holds.
    Signed { endorsement: String, comment: String },
    /// Signed for the achievement, or for whatever has the award's id, not for this file.
    SignedInGeneral { endorsement: String, of: General },
    /// An endorsement that is given does not hold, or is of another file with the award's id.
    NotGood { endorsement: String, reason: String },
    /// Is named by whoever made the award, and nothing more.
    NamedOnly,
}

/// What is endorsed in general.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum General {
    /// By the id of its achievement: each award of that achievement.
    Achievement,
    /// Whatever has the award's id.
    Id,
}

/// All of them; empty if the award names nobody, and nobody endorses it.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(transparent)]
pub(crate) struct Institutions {
    pub(crate) list: Vec<Institution>,
    /// The award names more than are read.
    #[serde(skip)]
    has_more: bool,
}

impl Award {
    /// What a document of any kind has.
    pub(crate) fn read(document: &[u8]) -> Self {
        let json: Value =
            serde_json::from_slice(document).ok().or_else(|| badge_of_sd_jwt(document)).unwrap_or_default();
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let achievement = text(&json["credentialSubject"]["achievement"]["id"]);
        Self { id: text(&json["id"]), achievement, digests: SubresourceDigests::of(document) }
    }
}

impl Endorsement {
    /// What a document endorses, if it is an endorsement.
    pub(crate) fn read(document: &[u8]) -> Option<Self> {
        let json: Value =
            serde_json::from_slice(document).ok().filter(|json| is_type(json, ENDORSEMENT_TYPE))?;
        let subject = match &json["credentialSubject"] {
            Value::Array(subjects) if subjects.len() == 1 => &subjects[0],
            subject => subject,
        };
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let id = text(&subject["id"]);
        let is_it = |resource: &&Value| id.is_some() && text(&resource["id"]) == id;
        let related = match &json["relatedResource"] {
            Value::Array(resources) => resources.iter().find(is_it),
            resource => Some(resource).filter(is_it),
        };
        // Whatever binds it to a file counts, though it may not be known.
        let bound = related.filter(|resource| DIGESTS.iter().any(|digest| resource.get(digest).is_some()));
        let digest = bound.map(|resource| text(&resource["digestSRI"]).unwrap_or_default());
        let comment = text(&subject["endorsementComment"]).unwrap_or_default();
        Some(Self { id, comment, digest })
    }

    /// What it has to do with an award, if anything.
    pub(crate) fn relation(&self, award: &Award) -> Option<Relation> {
        let is_id = |other: &Option<String>| self.id.is_some() && self.id == *other;
        match self.digest.as_ref().map(|digest| award.digests.fit(digest)) {
            Some(Some(true)) => Some(Relation::Award),
            Some(Some(false)) if is_id(&award.id) => Some(Relation::Changed),
            Some(None) if is_id(&award.id) => Some(Relation::NotCompared),
            None if is_id(&award.id) => Some(Relation::Id),
            _ if is_id(&award.achievement) => Some(Relation::Achievement),
            _ => None,
        }
    }
}

impl Checked {
    /// An endorsement in a document, with what was found of it, and the record and index of its receipt.
    pub(crate) fn new(
        document: String,
        endorsement: Endorsement,
        finding: &Finding,
        record: MemberRecord,
        index: LogIndex,
    ) -> Self {
        let by = finding.issuer().filter(|_| is_document_proved(finding)).cloned();
        let (headline, answer) = match obstacle(finding) {
            Some((why, Outcome::No)) => (why, Answer::No),
            Some((why, Outcome::Yes | Outcome::Error)) => (why, Answer::CouldNotBeChecked),
            None => (finding.headline(), Answer::Yes),
        };
        Self { document, endorsement, answer, headline, by, record, index }
    }

    /// Whether an id was one of its signer's when it was entered.
    fn is_by(&self, id: &str) -> bool {
        IssuerId::normalise(id).is_ok_and(|id| self.record.has_issuer_id(&id, self.index))
    }

    fn state(&self, relation: Relation) -> State {
        let endorsement = self.document.clone();
        match (self.answer, relation) {
            (Answer::Yes, Relation::Award) => {
                State::Signed { endorsement, comment: self.endorsement.comment.clone() }
            }
            (Answer::Yes, Relation::Achievement) => {
                State::SignedInGeneral { endorsement, of: General::Achievement }
            }
            (Answer::Yes, Relation::Id) => State::SignedInGeneral { endorsement, of: General::Id },
            (Answer::Yes, Relation::Changed) => {
                let reason = "it is of another file with the id of this one".to_owned();
                State::NotGood { endorsement, reason }
            }
            (Answer::Yes, Relation::NotCompared) => {
                let reason = "the digest that binds it to a file is of no known kind".to_owned();
                State::NotGood { endorsement, reason }
            }
            (Answer::No | Answer::CouldNotBeChecked, _) => {
                State::NotGood { endorsement, reason: self.headline.clone() }
            }
        }
    }
}

/// Why nothing is endorsed by a document, though it says so: an endorsement holds as a credential does, is signed, and its issuer can
/// be relied on now.
pub(crate) fn obstacle(finding: &Finding) -> Option<(String, Outcome)> {
    if finding.answer() != Answer::Yes {
        return Some((finding.headline(), finding.answer().into()));
    }
    if let Some(issuer) = finding.issuer()
        && matches!(issuer.standing, Standing::Suspended | Standing::Frozen)
    {
        let standing = match finding.as_of() {
            Some(as_of) => issuer.standing_as_of(as_of.height),
            None => issuer.standing.to_string(),
        };
        let why = format!("{} ({}) is {standing}", issuer.name, issuer.id);
        return Some((why, Outcome::No));
    }
    let is_signed = finding
        .credential()
        .is_some_and(|credential| credential.proofs.iter().any(|proof| proof.signature == Signature::Good));
    (!is_signed).then(|| ("it has no signature that was found good".to_owned(), Outcome::Error))
}

/// Whether a finding shows that the document is the one that was entered.
fn is_document_proved(finding: &Finding) -> bool {
    finding.has_status() && finding.checks().iter().any(|check| check.part == Part::Document && check.holds)
}

impl Institutions {
    /// Those of an award whose finding is given: `record` is that of its receipt, `checked` are all endorsements at hand.
    pub(crate) fn of(document: &[u8], finding: &Finding, record: &MemberRecord, checked: &[Checked]) -> Self {
        let Some(issuer) = finding.issuer().filter(|_| is_document_proved(finding)) else {
            return Self::default();
        };
        if Endorsement::read(document).is_some() {
            return Self::default();
        }
        let award = Award::read(document);
        let named = named_institutions(document);
        // Whoever entered it is no partner of its own, by whatever name it is called.
        let is_issuer = |named: &NamedInstitution| {
            named
                .id
                .as_deref()
                .and_then(|id| IssuerId::normalise(id).ok())
                .is_some_and(|id| record.issuer_ids.iter().any(|term| term.id == id))
        };
        // The best of an institution's endorsements counts.
        let best = |is_by: &dyn Fn(&Checked) -> bool| {
            let found = checked
                .iter()
                .filter(|checked| is_by(checked) && checked.by.as_ref().is_some_and(|by| by.id != issuer.id));
            let found = found
                .filter_map(|checked| Some((checked, checked.state(checked.endorsement.relation(&award)?))));
            found.min_by_key(|(_, state)| state.rank())
        };
        let mut list = Vec::new();
        let mut counted: Vec<&MemberId> = Vec::new();
        for named in named.named.iter().filter(|named| !is_issuer(named)) {
            let id = named.id.as_deref();
            let found = best(&|checked| id.is_some_and(|id| checked.is_by(id)));
            let by = found.as_ref().and_then(|(checked, _)| checked.by.as_ref());
            counted.extend(by.map(|by| &by.id));
            list.push(Institution {
                state: found.as_ref().map_or(State::NamedOnly, |(_, state)| state.clone()),
                name: by.map(|by| by.name.clone()).or_else(|| named.name.clone()),
                member: by.map(|by| by.id.clone()),
                id: named.id.clone(),
                named_as: named.roles.clone(),
            });
        }
        // Those whom the award does not name; what does not hold of theirs is said where it is verified itself.
        let others = checked.iter().filter_map(|checked| checked.by.as_ref());
        for by in others {
            let found = best(&|checked| checked.by.as_ref().is_some_and(|other| other.id == by.id));
            let Some((_, state)) = found.filter(|(_, state)| !matches!(state, State::NotGood { .. })) else {
                continue;
            };
            if !counted.contains(&&by.id) {
                counted.push(&by.id);
                let (name, member) = (Some(by.name.clone()), Some(by.id.clone()));
                list.push(Institution { state, name, member, id: None, named_as: Vec::new() });
            }
        }
        if !list.is_empty() || named.has_more {
            let (name, member) = (Some(issuer.name.clone()), Some(issuer.id.clone()));
            let state = State::Entered;
            list.insert(0, Institution { state, name, member, id: None, named_as: Vec::new() });
        }
        Self { list, has_more: named.has_more }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// No yes while somebody who is named has not signed.
    pub(crate) fn outcome(&self) -> Outcome {
        let outcomes = self.list.iter().map(Institution::outcome);
        Outcome::of_one(outcomes.chain(self.has_more.then_some(Outcome::Error)))
    }

    /// A line for each, for people.
    pub(crate) fn lines(&self, language: Language) -> Vec<String> {
        let indonesian = language == Language::Indonesian;
        let mut lines: Vec<String> = self.list.iter().map(|one| one.line(indonesian)).collect();
        if self.has_more {
            lines.push(match indonesian {
                true => "lembaga lain yang disebut tidak dibaca: terlalu banyak".to_owned(),
                false => "NOT read: further institutions that it names; there are too many".to_owned(),
            });
        }
        lines
    }
}

impl State {
    /// The lower, the more an institution has done.
    fn rank(&self) -> u8 {
        match self {
            Self::Entered => 0,
            Self::Signed { .. } => 1,
            Self::SignedInGeneral { .. } => 2,
            Self::NotGood { .. } => 3,
            Self::NamedOnly => 4,
        }
    }
}

impl Institution {
    /// Whether the award names it.
    pub(crate) fn is_named(&self) -> bool {
        !self.named_as.is_empty()
    }

    fn outcome(&self) -> Outcome {
        match self.state {
            State::Entered | State::Signed { .. } => Outcome::Yes,
            State::SignedInGeneral { .. } if !self.is_named() => Outcome::Yes,
            State::NotGood { .. } => Outcome::No,
            // Its signature may be in a file that was not given.
            State::SignedInGeneral { .. } | State::NamedOnly => Outcome::Error,
        }
    }

    /// What to call it: a member by the register, anybody else in quotes, as the award does.
    fn called(&self) -> String {
        match (&self.member, &self.name, &self.id) {
            (Some(member), Some(name), _) => format!("{name} ({member})"),
            (_, Some(name), Some(id)) => format!("\"{name}\" ({id})"),
            (_, Some(name), None) => format!("\"{name}\""),
            (_, None, Some(id)) => id.clone(),
            (_, None, None) => "?".to_owned(),
        }
    }

    fn line(&self, indonesian: bool) -> String {
        let called = printable(&self.called());
        match (&self.state, indonesian) {
            (State::Entered, false) => format!("entered by {called}"),
            (State::Entered, true) => format!("dimasukkan oleh {called}"),
            (State::Signed { endorsement, .. }, false) => {
                format!("signed by {called}: {endorsement} is its endorsement of this file")
            }
            (State::Signed { endorsement, .. }, true) => {
                format!("ditandatangani oleh {called}: {endorsement} adalah dukungannya atas berkas ini")
            }
            (State::SignedInGeneral { endorsement, of: General::Achievement }, false) => {
                format!(
                    "NOT signed by {called}: {endorsement} endorses the achievement, whoever is awarded it, and not this award"
                )
            }
            (State::SignedInGeneral { endorsement, of: General::Achievement }, true) => {
                format!(
                    "TIDAK ditandatangani oleh {called}: {endorsement} mendukung capaiannya, siapa pun penerimanya, bukan kredensial ini"
                )
            }
            (State::SignedInGeneral { endorsement, of: General::Id }, false) => {
                format!(
                    "NOT signed by {called}: {endorsement} endorses whatever has the id of this award, and not this file"
                )
            }
            (State::SignedInGeneral { endorsement, of: General::Id }, true) => {
                format!(
                    "TIDAK ditandatangani oleh {called}: {endorsement} mendukung apa pun yang memiliki id kredensial ini, bukan berkas ini"
                )
            }
            (State::NotGood { endorsement, reason }, false) => {
                format!(
                    "NOT signed by {called}: its endorsement {endorsement} does not hold: {}",
                    printable(reason)
                )
            }
            (State::NotGood { endorsement, reason }, true) => {
                format!(
                    "TIDAK ditandatangani oleh {called}: dukungannya {endorsement} tidak berlaku: {}",
                    printable(reason)
                )
            }
            (State::NamedOnly, false) => {
                format!(
                    "NOT signed by {called}: only the issuer names it; if it has endorsed this file, give the endorsement, too"
                )
            }
            (State::NamedOnly, true) => {
                format!(
                    "TIDAK ditandatangani oleh {called}: hanya penerbit yang menyebutnya; jika ia mendukung berkas ini, berikan juga dukungannya"
                )
            }
        }
    }
}

/// What binds a related resource to its content (VC Data Model 2.0, 5.3).
const DIGESTS: [&str; 2] = ["digestSRI", "digestMultibase"];
