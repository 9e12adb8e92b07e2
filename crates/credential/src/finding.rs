//! What was found of a credential's own proof.

use std::fmt;

use sanad_core::ids::MemberId;
use serde::Serialize;

use crate::fault::{Obstacle, Unchecked};
use crate::pointer::shown;

/// All that was found of a credential by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// The gravest of the checks, in a word.
    pub verdict: Verdict,
    /// Every check. The verdict follows from these alone; a [`Part`] without one counts as not checked.
    pub checks: Vec<Check>,
    /// The issuer that the document names: an address, not a proof of anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// Each proof, in the order of the document.
    pub proofs: Vec<Proof>,
    /// When the credential is in force.
    pub validity: Validity,
    /// Claims of a JWT that contradict the credential in it.
    pub mismatches: Vec<Mismatch>,
    /// Rules of its data model that the document breaks.
    pub faults: Vec<Fault>,
    /// It is larger than what is read, so that its dates and all else were not looked at: whoever decides by it must not take that for a yes.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub beyond_limits: bool,
    /// What the document invites to look up and was not looked at, and whatever else a reader should know.
    pub left_open: Vec<String>,
}

/// One check and what it came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was checked.
    pub part: Part,
    /// What follows from it for the whole: [`Verdict::Good`] if it holds.
    pub verdict: Verdict,
    /// What was seen.
    pub detail: String,
}

/// What is checked of a credential. It is good only if every part was checked and holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// The document can be read as a credential.
    Form,
    /// Its contexts are known, so that its names mean what they seem to mean.
    Contexts,
    /// It keeps the rules of its data model.
    Model,
    /// A signature is good, and none is bad.
    Signature,
    /// Such a signature is by a key that is shown to be the issuer's.
    Key,
    /// Such a signature covers all of the document.
    Cover,
    /// The credential is in force.
    Validity,
    /// The claims of a JWT agree with the credential in it.
    Claims,
}

impl Part {
    /// Every part.
    pub const ALL: [Self; 8] = [
        Self::Form,
        Self::Contexts,
        Self::Model,
        Self::Signature,
        Self::Key,
        Self::Cover,
        Self::Validity,
        Self::Claims,
    ];
}

/// A rule of the data model that the document breaks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// Where, as a JSON pointer.
    pub pointer: String,
    /// What is wrong there.
    pub text: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pointer = if self.pointer.is_empty() { "the document" } else { &self.pointer };
        write!(f, "{pointer} {}", self.text)
    }
}

/// What was found, in a word. The later ones say more against the credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Every check was made and holds.
    Good,
    /// A signature is good, but nothing shows that its key is the issuer's.
    KeyUnproven,
    /// Something could not be checked.
    NotChecked,
    /// There is no proof in the document.
    Unsigned,
    /// It is not in force yet.
    NotYetValid,
    /// It is no longer in force.
    Expired,
    /// The signature is good, but part of the document is not under it.
    NotCovered,
    /// It breaks rules of its data model.
    Malformed,
    /// The document contradicts itself, or its dates cannot be read.
    Inconsistent,
    /// A signature is wrong.
    Bad,
}

impl Verdict {
    /// The verdict that follows from checks: the gravest, and never better than *not checked* if a part is missing.
    #[must_use]
    pub fn of(checks: &[Check]) -> Self {
        let of_part = |part: Part| {
            let verdicts = checks.iter().filter(|check| check.part == part).map(|check| check.verdict);
            verdicts.max().unwrap_or(Self::NotChecked)
        };
        Part::ALL.into_iter().map(of_part).max().unwrap_or(Self::NotChecked)
    }

    /// Whether something speaks against the credential; where nothing was checked, nothing does.
    #[must_use]
    pub fn is_against(self) -> bool {
        match self {
            Self::Good | Self::KeyUnproven | Self::NotChecked | Self::Unsigned => false,
            Self::NotYetValid
            | Self::Expired
            | Self::NotCovered
            | Self::Malformed
            | Self::Inconsistent
            | Self::Bad => true,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Good => "signature good",
            Self::KeyUnproven => "signature good, but not shown to be the issuer's",
            Self::NotChecked => "not checked",
            Self::Unsigned => "not signed",
            Self::NotYetValid => "not yet valid",
            Self::Expired => "expired",
            Self::NotCovered => "signature does not cover all of it",
            Self::Malformed => "breaks the rules of its data model",
            Self::Inconsistent => "contradicts itself",
            Self::Bad => "signature wrong",
        })
    }
}

/// One proof.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Proof {
    /// Its cryptosuite, its type or, of a JWT, its algorithm.
    pub method: String,
    /// What became of it.
    pub signature: Signature,
    /// Why, where the signature is not good.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The key that it was checked with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<Key>,
    /// Places of the document that can be changed without breaking the signature: a JSON pointer each, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub uncovered: Vec<String>,
}

impl Proof {
    /// A proof that nothing is said of.
    pub(crate) fn unchecked(method: &str, why: &Unchecked) -> Self {
        let mut proof = Self::new(method);
        proof.fail(why.clone().into());
        proof
    }

    /// A proof that was not looked at yet.
    pub(crate) fn new(method: &str) -> Self {
        let signature = Signature::NotChecked;
        Self { method: shown(method), signature, reason: None, key: None, uncovered: Vec::new() }
    }

    /// Notes why it is not good.
    pub(crate) fn fail(&mut self, obstacle: Obstacle) {
        (self.signature, self.reason) = match obstacle {
            Obstacle::Fault(fault) => (Signature::Bad, Some(fault.to_string())),
            Obstacle::Unchecked(why) => (Signature::NotChecked, Some(why.to_string())),
        };
    }
}

/// What became of a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Signature {
    /// It is one by the key over this document.
    Good,
    /// It is not.
    Bad,
    /// Nothing is said of it.
    NotChecked,
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Good => "good",
            Self::Bad => "bad",
            Self::NotChecked => "not checked",
        })
    }
}

/// A key and what shows whose it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Key {
    /// The key: a Multikey, or `RSA` and its length.
    pub key: String,
    /// Whose it is.
    #[serde(flatten)]
    pub holder: Holder,
}

/// Whose a key is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "holder", rename_all = "kebab-case")]
pub enum Holder {
    /// The issuing key of a member, by its proved record, which lists the issuer id that the document names.
    Member {
        /// The member.
        id: MemberId,
        /// Its name.
        name: String,
    },
    /// The issuer that the document names is that key (`did:key`, `did:jwk`). Who is behind it is another question.
    Issuer,
    /// The document names the key; nothing shows that it is the issuer's.
    Unproven,
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = &self.key;
        match &self.holder {
            Holder::Member { id, name } => write!(f, "{key}, the registered key of {name} ({id})"),
            Holder::Issuer => write!(f, "{key}, which is the issuer's id"),
            Holder::Unproven => {
                write!(f, "{key}, which is not shown to be the issuer's")
            }
        }
    }
}

/// When a credential is in force: what it says and what that means at the time of the check.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Validity {
    /// From when on, as it is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Until when, as it is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// Its time has not come.
    pub not_yet: bool,
    /// Its time has passed.
    pub expired: bool,
    /// Fields that are no dates.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unreadable: Vec<&'static str>,
    /// No end is shown, and its holder may be withholding one.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub end_withholdable: bool,
    /// It begins or has ended by less than clocks may be apart, which was tolerated.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub tolerated: bool,
}

impl fmt::Display for Validity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.unreadable.is_empty() {
            return write!(f, "no date can be read from {}", self.unreadable.join(", "));
        }
        match (&self.from, &self.until) {
            (_, Some(until)) if self.expired => write!(f, "expired since {until}"),
            (Some(from), _) if self.not_yet => write!(f, "not valid before {from}"),
            (Some(from), Some(until)) => write!(f, "valid from {from} until {until}"),
            (Some(from), None) if self.end_withholdable => {
                write!(f, "valid from {from}; no end is shown, and what is withheld may be one")
            }
            (None, None) if self.end_withholdable => {
                f.write_str("no end is shown, and what is withheld may be one")
            }
            (Some(from), None) => write!(f, "valid from {from}, with no end"),
            (None, Some(until)) => write!(f, "valid until {until}"),
            (None, None) => f.write_str("the document gives no dates"),
        }?;
        match self.tolerated {
            true => f.write_str(" (clocks up to two minutes apart are tolerated)"),
            false => Ok(()),
        }
    }
}

/// A claim of a JWT that says something else than the credential in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mismatch {
    /// The claim.
    pub claim: &'static str,
    /// What the claim says.
    pub claimed: String,
    /// What the credential says.
    pub credential: String,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { claim, claimed, credential } = self;
        write!(f, "claim {claim}: {claimed}, but the credential has {credential}")
    }
}
