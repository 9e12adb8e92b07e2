//! What a verifier trusts: the genesis, and better a trust file with one recent header.
//!
//! What genesis and proved changes determine is computed here, never taken from a proof. History outranks signatures:
//! a header at a height that the trust file covers counts only if it is in the anchor's history, or signed by enough
//! who still hold their key, however many retired keys signed it.

mod file;

use std::sync::Arc;

use crate::block::BlockHeader;
use crate::genesis::Genesis;
use crate::hash::{BlockHash, ChainId, HistoryHash};
use crate::history::{SEAL_HEADERS, SEAL_LEVEL};
use crate::ids::Height;
use crate::merkle::{self, Hash, TreeHash};
use crate::proof::{Finality, ProofFault, ProvenHeader, RestsOn, VALIDATOR_CHANGES_MAX, ValidatorChange};
use crate::validators::{CommitCertificate, Validator, ValidatorSet, ValidatorSetError};

pub use file::{
    Anchor, TRUST_FILE_BYTES_MAX, TRUST_FILE_FORMAT, TRUST_FILE_MAGIC, TRUST_FILE_SUFFIX, TrustFault,
    TrustFile, TrustFormatError, TrustedChange,
};

/// How far the anchor's time may be ahead of the verifier's clock, in milliseconds (5 minutes).
pub const ANCHOR_AHEAD_MS_MAX: u64 = 5 * 60 * 1000;
/// How long an anchor vouches for signatures after its own time, in milliseconds (365 days).
pub const ANCHOR_AGE_MS_MAX: u64 = 365 * 24 * 60 * 60 * 1000;

/// What a verifier trusts of one chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustAnchor {
    /// Id of the chain: the hash of its genesis.
    pub chain_id: ChainId,
    /// Those who decide the first block.
    pub validators: ValidatorSet,
    file: Option<Arc<ProvedFile>>,
}

/// What a trust file was proved to say, and when it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
struct ProvedFile {
    /// Every set up to the one that decides after the anchor, the genesis set first.
    sets: Vec<ValidatorSet>,
    header: BlockHeader,
    hash: BlockHash,
    /// Roots of the complete subtrees of 2^16 headers in the anchor's history.
    seals: Vec<Hash>,
    /// The verifier's time, in milliseconds since 1970-01-01 UTC.
    now_ms: u64,
}

impl TrustAnchor {
    /// The anchor that a genesis gives.
    ///
    /// # Errors
    /// [`ValidatorSetError`] if the genesis was not checked.
    pub fn new(genesis: &Genesis) -> Result<Self, ValidatorSetError> {
        Ok(Self::from_validators(genesis.chain_id(), genesis.validators()?))
    }

    /// The anchor that a chain and its first validators give.
    pub fn from_validators(chain_id: ChainId, validators: ValidatorSet) -> Self {
        Self { chain_id, validators, file: None }
    }

    /// Header of the trust file, if there is one.
    pub fn header(&self) -> Option<&BlockHeader> {
        self.file.as_ref().map(|file| &file.header)
    }

    /// The set that decides `height`, as far as the anchor knows: with a trust file, up to the height after it.
    pub fn set_at(&self, height: Height) -> Option<&ValidatorSet> {
        match &self.file {
            None => Some(&self.validators).filter(|set| height == set.first_height()),
            Some(file) if height <= file.header.height.next() => file.set_at(height),
            Some(_) => None,
        }
    }

    /// The set with a number, if the anchor knows it.
    pub fn set_numbered(&self, number: u32) -> Option<&ValidatorSet> {
        match &self.file {
            None => Some(&self.validators).filter(|set| set.number() == number),
            Some(file) => file.sets.get(number as usize),
        }
    }

    /// The set that decided a header which was verified with this anchor; `None` if it was proved by history alone.
    pub fn deciders(&self, header: &BlockHeader, finality: &Finality) -> Option<ValidatorSet> {
        let carried = finality.validator_changes().iter().rev().map(|change| &change.next);
        let known = self.file.iter().flat_map(|file| file.sets.iter().rev());
        let mut sets = carried.chain(known).chain(std::iter::once(&self.validators));
        sets.find(|set| set.hash() == header.validators_hash).cloned()
    }

    /// The set that decides `height`, as far as the anchor knows, or the last one before the first of `changes`.
    pub(crate) fn set_before(&self, height: Height, changes: &[ValidatorChange]) -> ValidatorSet {
        let first = changes.first().map_or(height, |change| change.header.height);
        match &self.file {
            None => self.validators.clone(),
            Some(file) => file.set_at(first).unwrap_or(&self.validators).clone(),
        }
    }

    /// Whether a validator is in the set after the trust file's header, with the same key.
    pub(crate) fn still_holds_key(&self, validator: &Validator) -> bool {
        self.file.as_ref().is_some_and(|file| file.last_set().validators().contains(validator))
    }

    /// Checks all the changes that a proof of `header` carries, those included that verification leaves aside because
    /// the trust file knows better, and that they lead to the set that the header names.
    ///
    /// # Errors
    /// [`ProofFault`] of a change.
    pub(crate) fn check_carried(
        &self,
        header: &BlockHeader,
        changes: &[ValidatorChange],
    ) -> Result<(), ProofFault> {
        let start = self.set_before(header.height, changes);
        let reached = self.follow(&start, Height::GENESIS, changes, header.height)?;
        check_set(header, &reached)
    }

    /// Checks that a header is final.
    ///
    /// # Errors
    /// [`ProofFault`] of the chain, the validator sets, a certificate or the history.
    pub fn verify_header(
        &self,
        header: &BlockHeader,
        finality: &Finality,
    ) -> Result<ProvenHeader, ProofFault> {
        self.check_form(header)?;
        match finality {
            Finality::Certificate { certificate, validator_changes } => {
                self.verify_certified(header, certificate, validator_changes)
            }
            Finality::Sealed { path } => self.verify_sealed(header, path),
            Finality::History(proof) => {
                self.check_form(&proof.header)?;
                let proven =
                    self.verify_certified(&proof.header, &proof.certificate, &proof.validator_changes)?;
                let hash = header.hash();
                proof.verify_path(header.height, &hash)?;
                match &self.file {
                    // However many signed the newer header: the anchor stands.
                    Some(file) if header.height == file.header.height && hash != file.hash => {
                        Err(ProofFault::NotTheAnchor { height: header.height })
                    }
                    _ => Ok(proven),
                }
            }
        }
    }

    fn check_form(&self, header: &BlockHeader) -> Result<(), ProofFault> {
        header.check()?;
        if header.chain_id != self.chain_id {
            return Err(ProofFault::ForeignChain { expected: self.chain_id, actual: header.chain_id });
        }
        Ok(())
    }

    fn verify_sealed(&self, header: &BlockHeader, path: &[Hash]) -> Result<ProvenHeader, ProofFault> {
        let file = self.file.as_ref().ok_or(ProofFault::NeedsTrustFile)?;
        let (height, newer) = (header.height, file.header.height);
        let index = height.0 - 1;
        let Some(seal) = usize::try_from(index >> SEAL_LEVEL).ok().and_then(|seal| file.seals.get(seal))
        else {
            let covered = Height(1 + file.seals.len() as u64 * SEAL_HEADERS);
            return Err(ProofFault::NotCovered { height, covered });
        };
        let leaf = HistoryHash::leaf(&header.hash().0);
        merkle::verify_inclusion::<HistoryHash>(leaf, index % SEAL_HEADERS, SEAL_HEADERS, path, seal)
            .map_err(|source| ProofFault::History { height, newer, source })?;
        let validators = file.set_at(height).map_or(0, |set| set.validators().len());
        Ok(ProvenHeader { signers: Vec::new(), validators, rests_on: file.rests_on() })
    }

    /// Checks the signatures of a header whose form was checked.
    fn verify_certified(
        &self,
        header: &BlockHeader,
        certificate: &CommitCertificate,
        changes: &[ValidatorChange],
    ) -> Result<ProvenHeader, ProofFault> {
        let count = changes.len();
        if count > VALIDATOR_CHANGES_MAX {
            return Err(ProofFault::TooManyChanges { count });
        }
        let height = header.height;
        // Without a change that is newer than the anchor, an unknown set says what the anchor lacks, not that the header is wrong;
        // but for the first header after it, whose set the anchor names.
        let unknown = |at: Height, changes: &[ValidatorChange], validators: &ValidatorSet, has_trust_file| {
            let is_unknown =
                changes.is_empty() && height > at.next() && header.validators_hash != validators.hash();
            is_unknown.then_some(ProofFault::UnknownValidators { height, has_trust_file }).map_or(Ok(()), Err)
        };
        let (validators, rests_on) = match &self.file {
            None => {
                let validators = self.follow(&self.validators, Height::GENESIS, changes, height)?;
                unknown(Height::GENESIS, changes, &validators, false)?;
                (validators, RestsOn::Genesis)
            }
            Some(file) if height <= file.header.height => (file.covered(header)?, file.rests_on()),
            Some(file) => {
                file.check_fresh()?;
                let at = file.header.height;
                // What the trust file knows outranks what a proof carries.
                let known = changes.iter().take_while(|change| change.header.height <= at).count();
                let validators = self.follow(file.last_set(), at, &changes[known..], height)?;
                unknown(at, &changes[known..], &validators, true)?;
                (validators, file.rests_on())
            }
        };
        verify_signed(header, certificate, &validators)?;
        if let Some(file) = self.file.as_ref().filter(|file| header.height < file.header.height) {
            file.check_still_current(header, certificate, &validators)?;
        }
        Ok(ProvenHeader {
            signers: certificate.signers(&validators).cloned().collect(),
            validators: validators.validators().len(),
            rests_on,
        })
    }

    /// Follows changes above `at`, from `validators`, up to the set that decides `last`.
    fn follow(
        &self,
        validators: &ValidatorSet,
        at: Height,
        changes: &[ValidatorChange],
        last: Height,
    ) -> Result<ValidatorSet, ProofFault> {
        let mut validators = validators.clone();
        let mut at = at;
        for change in changes {
            let height = change.header.height;
            if height <= at || height >= last {
                return Err(ProofFault::ChangeOrder { height });
            }
            at = height;
            validators = self.follow_one(&validators, &change.header, &change.certificate, &change.next)?;
        }
        Ok(validators)
    }

    /// The set that a header announces, which `validators` signed.
    fn follow_one(
        &self,
        validators: &ValidatorSet,
        header: &BlockHeader,
        certificate: &CommitCertificate,
        next: &ValidatorSet,
    ) -> Result<ValidatorSet, ProofFault> {
        self.check_form(header)?;
        verify_signed(header, certificate, validators)?;
        check_announced(header, validators, next)?;
        Ok(next.clone())
    }
}

impl ProvedFile {
    fn set_at(&self, height: Height) -> Option<&ValidatorSet> {
        self.sets.iter().rev().find(|set| set.first_height() <= height)
    }

    fn last_set(&self) -> &ValidatorSet {
        self.sets.last().expect("invariant: the genesis set is always there")
    }

    fn rests_on(&self) -> RestsOn {
        RestsOn::TrustFile { height: self.header.height, time_ms: self.header.time_ms }
    }

    fn check_fresh(&self) -> Result<(), ProofFault> {
        let (anchor_time_ms, now_ms) = (self.header.time_ms, self.now_ms);
        if now_ms < anchor_time_ms.saturating_sub(ANCHOR_AHEAD_MS_MAX) {
            return Err(ProofFault::ClockBehind { anchor_time_ms, now_ms });
        }
        let fresh = now_ms <= anchor_time_ms.saturating_add(ANCHOR_AGE_MS_MAX);
        if fresh { Ok(()) } else { Err(ProofFault::Renew { anchor_time_ms, now_ms }) }
    }

    /// The set of a header that the file's history covers.
    fn covered(&self, header: &BlockHeader) -> Result<ValidatorSet, ProofFault> {
        let height = header.height;
        if height == self.header.height && header.hash() != self.hash {
            return Err(ProofFault::NotTheAnchor { height });
        }
        Ok(self
            .set_at(height)
            .expect("invariant: the genesis set decides every height without another")
            .clone())
    }

    /// Checks that of the signers of an older header enough hold the same key in the anchor's set: retired keys can
    /// sign anything.
    fn check_still_current(
        &self,
        header: &BlockHeader,
        certificate: &CommitCertificate,
        validators: &ValidatorSet,
    ) -> Result<(), ProofFault> {
        let current = self.last_set().validators();
        let signers = certificate.signatures.iter();
        let signer = |place: u16| validators.validators().get(usize::from(place));
        let holds = |place| signer(place).is_some_and(|signer| current.contains(signer));
        let still = signers.filter(|signature| holds(signature.validator)).count();
        let needed = validators.faulty_max() + 1;
        if still < needed {
            return Err(ProofFault::RetiredSigners { height: header.height, current: still, needed });
        }
        self.check_fresh()
    }
}

/// Checks that `next` is the set that a header of `validators` announces.
fn check_announced(
    header: &BlockHeader,
    validators: &ValidatorSet,
    next: &ValidatorSet,
) -> Result<(), ProofFault> {
    let height = header.height;
    let (expected, actual) = (header.next_validators_hash, next.hash());
    if expected != actual {
        return Err(ProofFault::NextValidators { height, expected, actual });
    }
    next.check_follows(validators).map_err(|source| ProofFault::NextSet { height, source })?;
    if next.first_height() != height.next() {
        let (former, actual) = (height, next.first_height());
        return Err(ProofFault::NextSet {
            height,
            source: ValidatorSetError::FirstHeight { former, actual },
        });
    }
    Ok(())
}

/// Checks that a header names `validators` as those that decide it.
fn check_set(header: &BlockHeader, validators: &ValidatorSet) -> Result<(), ProofFault> {
    let (height, expected, actual) = (header.height, validators.hash(), header.validators_hash);
    if expected == actual { Ok(()) } else { Err(ProofFault::Validators { height, expected, actual }) }
}

fn verify_signed(
    header: &BlockHeader,
    certificate: &CommitCertificate,
    validators: &ValidatorSet,
) -> Result<(), ProofFault> {
    check_set(header, validators)?;
    let height = header.height;
    certificate
        .verify(&header.chain_id, height, &header.id(), validators)
        .map_err(|source| ProofFault::Certificate { height, source })
}
