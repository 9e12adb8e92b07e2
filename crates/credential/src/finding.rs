//! What was found of a credential's own proof.

use std::fmt;

use sanad_core::ids::MemberId;
use serde::Serialize;

/// All that was found of a credential by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The gravest of what follows, in a word.
    pub verdict: Verdict,
    /// The issuer that the document names: an address, not a proof of anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// Each proof, in the order of the document.
    pub proofs: Vec<Proof>,
    /// When the credential is in force.
    pub validity: Validity,
    /// Claims of a JWT that contradict the credential in it.
    pub mismatches: Vec<Mismatch>,
    /// What the document invites to look up, and was not looked at.
    pub left_open: Vec<String>,
}

/// What was found, in a word. The later ones say more against the credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// A signature is good, and none bad; the credential is in force.
    Good,
    /// No signature could be checked.
    NotChecked,
    /// There is no proof in the document.
    Unsigned,
    /// It is not in force yet.
    NotYetValid,
    /// It is no longer in force.
    Expired,
    /// The signature is good, but part of the document is not under it.
    NotCovered,
    /// The document contradicts itself, or its dates cannot be read.
    Inconsistent,
    /// A signature is wrong.
    Bad,
}

impl Verdict {
    /// Whether something speaks against the credential; where nothing was checked, nothing does.
    #[must_use]
    pub fn is_against(self) -> bool {
        self >= Self::NotYetValid
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Good => "signature good",
            Self::NotChecked => "signature not checked",
            Self::Unsigned => "not signed",
            Self::NotYetValid => "not yet valid",
            Self::Expired => "expired",
            Self::NotCovered => "signature does not cover all of it",
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
    /// Places of the document that can be changed without breaking the signature.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub uncovered: Vec<String>,
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
    /// The issuing key of a member, by its proved record.
    Member {
        /// The member.
        id: MemberId,
        /// Its name.
        name: String,
    },
    /// The issuer that the document names is that key (`did:key`). Who is behind it is another question.
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
                write!(f, "{key}, named by the document only: nothing shows that it is the issuer's")
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
            (Some(from), None) => write!(f, "valid from {from}, with no end"),
            (None, Some(until)) => write!(f, "valid until {until}"),
            (None, None) => f.write_str("the document gives no dates"),
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
