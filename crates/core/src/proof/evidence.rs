//! Evidence: signed statements that one honest chain, or one honest validator, cannot make.

use serde::{Deserialize, Serialize};

use super::{ConsistencyFault, ConsistencyProof, Finality, ProofFault, StatusProof};
use crate::block::BlockHeader;
use crate::event::Event;
use crate::evidence::{Accusation, Equivocation, EquivocationError, Statement, StatementKind};
use crate::hash::ChainId;
use crate::ids::Height;
use crate::json_form::{self, JsonFormError};
use crate::status::CredentialStatus;
use crate::trust::TrustAnchor;
use crate::validators::{CommitCertificate, ValidatorSet};

/// What an evidence file says it is.
pub const EVIDENCE_FORMAT: &str = "sanad-evidence/v1";
/// Its media type.
pub const EVIDENCE_MEDIA_TYPE: &str = "application/vnd.sanad.evidence+json";
/// What the names of its files end with.
pub const EVIDENCE_SUFFIX: &str = ".evidence.json";
/// Longest evidence file, in bytes (4 MiB).
pub const EVIDENCE_JSON_BYTES_MAX: usize = 4 << 20;

/// Two statements that contradict each other, for anyone to check; see `docs/formats/evidence.md`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// [`EVIDENCE_FORMAT`].
    pub format: String,
    /// The two statements.
    pub statements: Contradiction,
}

/// A header and what makes it final.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FinalStatement {
    /// Header that is said to be final.
    pub header: BlockHeader,
    /// What makes it final.
    pub finality: Finality,
}

/// Two statements that cannot both be of one chain, or of one validator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Contradiction {
    /// Two final headers of one height.
    Heights {
        /// One header,
        one: Box<FinalStatement>,
        /// Another header of the same height, and what makes it final.
        other: Box<FinalStatement>,
    },
    /// A credential that is revoked as of one block, and not as of a later one.
    Revocation {
        /// Proof that the credential is revoked as of the earlier block.
        revoked: Box<StatusProof>,
        /// Proof, of a greater height, that it is not.
        later: Box<StatusProof>,
    },
    /// A log that does not begin with the log of an older final header.
    Log {
        /// The older header.
        older: Box<FinalStatement>,
        /// A consistency proof from the same size, with another root.
        newer: Box<ConsistencyProof>,
    },
    /// Two votes or proposals of one validator for one round.
    Equivocation {
        /// What it signed.
        signed: Box<Equivocation>,
        /// A final header of the same height, and its certificate: they say whose the key was. Not needed with a trust
        /// file that covers the height.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        decided: Option<Box<FinalStatement>>,
    },
}

/// What an evidence file proved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProvenEvidence {
    /// Id of the chain whose members are accused.
    pub chain_id: ChainId,
    /// Height of the older of the two headers.
    pub height: Height,
    /// Height of the newer of the two headers.
    pub newer: Height,
    /// What it says of single members.
    #[serde(flatten)]
    pub attribution: Attribution,
}

/// Whose fault evidence proves, by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "attribution", rename_all = "kebab-case")]
pub enum Attribution {
    /// These members contradicted themselves: each signed both statements.
    Members {
        /// Who, and what it signed; in the order of the validator set.
        accused: Vec<Accusation>,
    },
    /// More than a third of the validators broke the rules, but not by what is in the two certificates: their rounds differ, so
    /// a vote in each may be honest. The votes in between would show whose is not.
    DifferentRounds {
        /// Round of the first certificate.
        one: u32,
        /// Round of the other.
        other: u32,
    },
    /// More than a third of the validators broke the rules; the certificates are of two heights, or two sets. Two final
    /// headers of one height would show more.
    DifferentHeights,
    /// A statement is final by a history, not by a certificate of its own: nobody's signature of it is here.
    NoCertificate,
}

/// Why an evidence file proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EvidenceFault {
    /// One of the statements is not final.
    #[error("a statement does not hold")]
    Statement(#[from] ProofFault),
    /// The consistency proof does not hold.
    #[error("the consistency proof does not hold")]
    Consistency(#[from] ConsistencyFault),
    /// A validator did not sign both.
    #[error("the two statements are no contradiction of one validator")]
    Equivocation(#[from] EquivocationError),
    /// Nothing proves whose the key was at that height.
    #[error(
        "who decides height {height} is not proved: a trust file that covers it is needed, or a final header of that \
         height in the file"
    )]
    UnknownSet {
        /// Height of the two statements.
        height: Height,
    },
    /// The header beside it is of another height.
    #[error("the final header is of height {actual}, the statements of {expected}")]
    OtherHeight {
        /// The height of the statements.
        expected: Height,
        /// The header's.
        actual: Height,
    },
    /// The key was not that of a validator.
    #[error("the key was not one of a validator at height {height}")]
    NotAValidator {
        /// Height of the two statements.
        height: Height,
    },
    /// The two statements can be of one chain.
    #[error("the two statements do not contradict each other: {why}")]
    NoContradiction {
        /// How both can be true, in words for people.
        why: &'static str,
    },
}

/// Why bytes are not an evidence file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvidenceFormatError {
    /// Too long.
    #[error("{actual} bytes; an evidence file has at most {EVIDENCE_JSON_BYTES_MAX}")]
    TooLong {
        /// Length.
        actual: usize,
    },
    /// Not its JSON form.
    #[error("not the JSON form of an evidence file")]
    Form(#[from] JsonFormError),
    /// Another format.
    #[error("not a \"{EVIDENCE_FORMAT}\"")]
    Format,
}

impl Evidence {
    /// A proof of two statements.
    #[must_use]
    pub fn new(statements: Contradiction) -> Self {
        Self { format: EVIDENCE_FORMAT.to_owned(), statements }
    }

    /// The fork that two proofs of one credential's status show, if they show one. Requires that both hold.
    #[must_use]
    pub fn of_statuses(one: &StatusProof, other: &StatusProof) -> Option<Self> {
        let (older, newer) =
            if one.header.height <= other.header.height { (one, other) } else { (other, one) };
        let statements = if older.header.height == newer.header.height {
            let statement = |proof: &StatusProof| {
                Box::new(FinalStatement { header: proof.header.clone(), finality: proof.finality.clone() })
            };
            Contradiction::Heights { one: statement(older), other: statement(newer) }
        } else {
            Contradiction::Revocation { revoked: Box::new(older.clone()), later: Box::new(newer.clone()) }
        };
        let proof = Self::new(statements);
        proof.statements.check().ok().map(|()| proof)
    }

    /// Evidence that a validator contradicted itself.
    #[must_use]
    pub fn of_validator(signed: Equivocation, decided: Option<FinalStatement>) -> Self {
        Self::new(Contradiction::Equivocation { signed: Box::new(signed), decided: decided.map(Box::new) })
    }

    /// Checks that both statements hold and contradict each other.
    ///
    /// # Errors
    /// [`EvidenceFault`].
    pub fn verify(&self, anchor: &TrustAnchor) -> Result<ProvenEvidence, EvidenceFault> {
        self.statements.check()?;
        let (height, newer, attribution) = match &self.statements {
            Contradiction::Heights { one, other } => {
                anchor.verify_header(&one.header, &one.finality)?;
                anchor.verify_header(&other.header, &other.finality)?;
                (one.header.height, other.header.height, attribute(one, other, anchor))
            }
            Contradiction::Revocation { revoked, later } => {
                revoked.verify(anchor)?;
                later.verify(anchor)?;
                (revoked.header.height, later.header.height, Attribution::DifferentHeights)
            }
            Contradiction::Log { older, newer } => {
                anchor.verify_header(&older.header, &older.finality)?;
                newer.verify(anchor)?;
                let newer = FinalStatement { header: newer.header.clone(), finality: newer.finality.clone() };
                let attribution = match older.header.height == newer.header.height {
                    true => attribute(older, &newer, anchor),
                    false => Attribution::DifferentHeights,
                };
                (older.header.height, newer.header.height, attribution)
            }
            Contradiction::Equivocation { signed, decided } => {
                signed.verify(&anchor.chain_id)?;
                let accused = accuse(signed, decided.as_deref(), anchor)?;
                (signed.height, signed.height, Attribution::Members { accused: vec![accused] })
            }
        };
        Ok(ProvenEvidence { chain_id: anchor.chain_id, height, newer, attribution })
    }

    /// Reads the JSON form.
    ///
    /// # Errors
    /// [`EvidenceFormatError`].
    pub fn from_json(text: &[u8]) -> Result<Self, EvidenceFormatError> {
        if text.len() > EVIDENCE_JSON_BYTES_MAX {
            return Err(EvidenceFormatError::TooLong { actual: text.len() });
        }
        let proof: Self = json_form::read(text)?;
        if proof.format == EVIDENCE_FORMAT { Ok(proof) } else { Err(EvidenceFormatError::Format) }
    }

    /// The JSON form on one line, with its line feed.
    #[must_use]
    pub fn to_line(&self) -> String {
        let mut text = serde_json::to_string(self).expect("invariant: a proof has only plain fields");
        text.push('\n');
        text
    }

    /// The JSON form.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("invariant: a proof has only plain fields");
        text.push('\n');
        text
    }
}

impl Contradiction {
    /// Checks that the statements contradict each other if both are final.
    fn check(&self) -> Result<(), EvidenceFault> {
        let contradicts =
            |holds: bool, why| if holds { Ok(()) } else { Err(EvidenceFault::NoContradiction { why }) };
        match self {
            Self::Heights { one, other } => {
                contradicts(one.header.height == other.header.height, "the heights differ")?;
                contradicts(one.header.hash() != other.header.hash(), "both are the same block")
            }
            Self::Revocation { revoked, later } => {
                let issuance = matches!(revoked.entry.event, Event::Issue { .. });
                let same = revoked.index == later.index && revoked.entry == later.entry;
                contradicts(issuance && same, "they are not of one credential")?;
                contradicts(revoked.header.height < later.header.height, "the later block is not higher")?;
                contradicts(is_revoked(revoked)?, "the older proof does not revoke")?;
                contradicts(!is_revoked(later)?, "both revoke")
            }
            Self::Log { older, newer } => {
                let (size, root) = (older.header.log_size, older.header.log_root);
                contradicts(size == newer.older.size, "the sizes of the logs differ")?;
                contradicts(root != newer.older.root, "both logs begin alike")
            }
            Self::Equivocation { signed, decided } => match decided {
                Some(decided) if decided.header.height != signed.height => {
                    Err(EvidenceFault::OtherHeight { expected: signed.height, actual: decided.header.height })
                }
                _ => Ok(()),
            },
        }
    }
}

/// Who signed two final headers of one height. Requires that both are.
fn attribute(one: &FinalStatement, other: &FinalStatement, anchor: &TrustAnchor) -> Attribution {
    let certified = |statement: &FinalStatement| match &statement.finality {
        Finality::Certificate { certificate, .. } => {
            Some((certificate.clone(), anchor.deciders(&statement.header, &statement.finality)?))
        }
        Finality::Sealed { .. } | Finality::History(_) => None,
    };
    let (Some((first, first_set)), Some((second, second_set))) = (certified(one), certified(other)) else {
        return Attribution::NoCertificate;
    };
    if first.round != second.round {
        return Attribution::DifferentRounds { one: first.round, other: second.round };
    }
    let statement = |statement: &FinalStatement, certificate: &CommitCertificate, set: &ValidatorSet, key| {
        let place = set.position(key)?;
        let signed = certificate.signatures.iter().find(|signed| usize::from(signed.validator) == place)?;
        Some(Statement { block: Some(statement.header.id()), valid_round: None, signature: signed.signature })
    };
    let accused = first_set.validators().iter().filter_map(|validator| {
        let equivocation = Equivocation {
            key: validator.key,
            height: one.header.height,
            round: first.round,
            statement: StatementKind::Precommit,
            first: statement(one, &first, &first_set, &validator.key)?,
            second: statement(other, &second, &second_set, &validator.key)?,
        };
        Some(Accusation { member: validator.member.clone(), equivocation })
    });
    Attribution::Members { accused: accused.collect() }
}

/// Whose key it was that signed.
fn accuse(
    signed: &Equivocation,
    decided: Option<&FinalStatement>,
    anchor: &TrustAnchor,
) -> Result<Accusation, EvidenceFault> {
    let height = signed.height;
    let known = match decided {
        Some(FinalStatement { header, finality }) => {
            anchor.verify_header(header, finality)?;
            anchor.deciders(header, finality)
        }
        None => anchor.set_at(height).cloned(),
    };
    let set = known.ok_or(EvidenceFault::UnknownSet { height })?;
    let place = set.position(&signed.key).ok_or(EvidenceFault::NotAValidator { height })?;
    let member = set.validators()[place].member.clone();
    Ok(Accusation { member, equivocation: signed.clone() })
}

fn is_revoked(proof: &StatusProof) -> Result<bool, ProofFault> {
    Ok(proof.verify_state()? == CredentialStatus::Revoked)
}
