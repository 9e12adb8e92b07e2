//! The blocks of a snapshot, followed from the first to the one that its trust file proves.
//!
//! Nothing is executed. A quorum of the validators of its height signed each block, and the last one's header commits to
//! every byte of those before it; the state that comes with them is the one that this header states.

use std::collections::HashMap;

use crate::block::{Block, Past, batches_root};
use crate::execution::TILE_LEVEL;
use crate::hash::{BlockHash, ChainId, HistoryHash, Root};
use crate::ids::{Height, LogIndex, LogSize, MemberId};
use crate::member::EventsHead;
use crate::merkle::{Frontier, Hash, Rfc6962, TreeHash as _};
use crate::snapshot::StateSnapshot;
use crate::trust::TrustAnchor;
use crate::validators::{CertificateError, CommitCertificate};

/// A block that the validators of its height signed, with its leaf hashes.
#[derive(Debug)]
pub struct SignedBlock {
    /// Block whose batches and header belong together.
    pub block: Block,
    /// Precommits of more than 2/3 of the validators of its height.
    pub certificate: CommitCertificate,
    hash: BlockHash,
    batches_root: Root,
}

/// What a block adds to the trees.
#[derive(Debug)]
pub struct Followed {
    /// Hash of the block's header.
    pub hash: BlockHash,
    /// Leaf hashes of its entries.
    pub leaf_hashes: Vec<Hash>,
    /// Roots of the complete subtrees of 2^[`TILE_LEVEL`] leaves that they end.
    pub tile_roots: Vec<Hash>,
}

/// Why a block does not belong into a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FollowFault {
    /// It is of another chain.
    #[error("it is of the chain {actual}, not of {expected}")]
    OtherChain {
        /// The chain of the genesis.
        expected: ChainId,
        /// The block's.
        actual: ChainId,
    },
    /// It is above the last block.
    #[error("it is above the last block of the snapshot")]
    Beyond,
    /// It has another height.
    #[error("it has the height {actual}")]
    Height {
        /// The height stated.
        actual: Height,
    },
    /// Its certificate does not make it final.
    #[error("its certificate does not make it final")]
    Certificate(#[source] CertificateError),
    /// What its header says came before is not what came before, or it does not hold the batches of its header.
    #[error("it does not follow the block before with these batches")]
    Past,
    /// Its entries are not as many as its header says.
    #[error("its header states a log of {stated} entries, and there are {found}")]
    LogSize {
        /// As the header states.
        stated: LogSize,
        /// Those of the blocks so far.
        found: LogSize,
    },
    /// It is not the block that the verifier trusts.
    #[error("it is not the block {expected} of this height that is trusted here: a fork, or a forgery")]
    NotTrusted {
        /// The block trusted.
        expected: BlockHash,
    },
    /// The blocks end before the last one.
    #[error("it is missing")]
    Missing,
    /// The root of its log is not the one over the entries.
    #[error("its header states another root of the log")]
    LogRoot,
    /// The state says that other entries concern a member.
    #[error("the entries that concern {member} are not those that its record folds")]
    Events {
        /// Member whose list of entries differs.
        member: MemberId,
    },
}

impl SignedBlock {
    /// Checks that the validators of its height signed a block. Needs no block before; called on any thread.
    ///
    /// # Errors
    /// [`FollowFault`].
    pub fn check(
        block: Block,
        certificate: CommitCertificate,
        anchor: &TrustAnchor,
    ) -> Result<Self, FollowFault> {
        let header = &block.header;
        if header.chain_id != anchor.chain_id {
            return Err(FollowFault::OtherChain { expected: anchor.chain_id, actual: header.chain_id });
        }
        let validators = anchor.set_at(header.height).ok_or(FollowFault::Beyond)?;
        let id = header.id();
        certificate
            .verify(&anchor.chain_id, header.height, &id, validators)
            .map_err(FollowFault::Certificate)?;
        block.batches.iter().for_each(|batch| batch.hash_leaves());
        Ok(Self { hash: id.hash, batches_root: batches_root(&block.batches), block, certificate })
    }
}

/// Follows the blocks of a snapshot.
#[derive(Debug)]
pub struct BlockFollower<'a> {
    anchor: &'a TrustAnchor,
    /// A block that the verifier trusts for another reason.
    trusted: Option<(Height, BlockHash)>,
    head: (Height, BlockHash),
    log: Frontier<Rfc6962>,
    history: Frontier<HistoryHash>,
    /// What the state says of others' entries, in the order of the log, and how many of them were met.
    concerns: Vec<(LogIndex, MemberId)>,
    met: usize,
    events: HashMap<MemberId, EventsHead>,
}

impl<'a> BlockFollower<'a> {
    /// Before the first block. `anchor` is that of the snapshot's trust file; `trusted` is a block that the verifier has
    /// from elsewhere.
    pub fn new(anchor: &'a TrustAnchor, state: &StateSnapshot, trusted: Option<(Height, BlockHash)>) -> Self {
        let by_index = |(member, index): &(MemberId, LogIndex)| (*index, member.clone());
        let mut concerns: Vec<_> = state.concerns.iter().map(by_index).collect();
        concerns.sort_unstable();
        Self {
            anchor,
            trusted,
            head: (Height::GENESIS, BlockHash(anchor.chain_id.0)),
            log: Frontier::new(),
            history: Frontier::new(),
            concerns,
            met: 0,
            events: HashMap::new(),
        }
    }

    /// Height of the last block.
    pub fn height(&self) -> Height {
        self.head.0
    }

    /// Entries up to the last block.
    pub fn log_size(&self) -> LogSize {
        LogSize(self.log.size())
    }

    /// Takes the next block.
    ///
    /// # Errors
    /// [`FollowFault`].
    pub fn follow(&mut self, signed: &SignedBlock) -> Result<Followed, FollowFault> {
        let (header, hash) = (&signed.block.header, signed.hash);
        let (before, previous) = self.head;
        if header.height != before.next() {
            return Err(FollowFault::Height { actual: header.height });
        }
        if self.anchor.header().is_none_or(|last| header.height > last.height) {
            return Err(FollowFault::Beyond);
        }
        let history_root = Root(self.history.root());
        if (Past { previous, history_root, batches_root: signed.batches_root }).hash() != header.past {
            return Err(FollowFault::Past);
        }
        if let Some((_, expected)) = self.trusted.filter(|(height, _)| *height == header.height)
            && hash != expected
        {
            return Err(FollowFault::NotTrusted { expected });
        }
        let mut followed = Followed { hash, leaf_hashes: Vec::new(), tile_roots: Vec::new() };
        for batch in &signed.block.batches {
            let hashes = batch.leaf_hashes();
            self.fold(&batch.batch().issuer, &hashes);
            followed.tile_roots.extend(self.log.extend_noting(&hashes, TILE_LEVEL));
            followed.leaf_hashes.extend_from_slice(&hashes);
        }
        let (stated, found) = (header.log_size, self.log_size());
        if stated != found {
            return Err(FollowFault::LogSize { stated, found });
        }
        self.history.append(HistoryHash::leaf(&hash.0));
        self.head = (header.height, hash);
        Ok(followed)
    }

    /// Folds the next entries into what their issuer's record, and the records of those they concern, commit to.
    fn fold(&mut self, issuer: &MemberId, hashes: &[Hash]) {
        let first = self.log.size();
        if !self.events.contains_key(issuer) {
            self.events.insert(issuer.clone(), EventsHead::START);
        }
        if let Some(events) = self.events.get_mut(issuer) {
            (first..).zip(hashes).for_each(|(index, hash)| events.push(LogIndex(index), hash));
        }
        while let Some((LogIndex(index), member)) = self.concerns.get(self.met) {
            let Some(hash) = index.checked_sub(first).and_then(|place| hashes.get(place as usize)) else {
                break;
            };
            let events = self.events.entry(member.clone()).or_insert(EventsHead::START);
            events.push(LogIndex(*index), hash);
            self.met += 1;
        }
    }

    /// After the last block: it is the one that the trust file proves, and the state's record of every member folds
    /// exactly the entries that concern it.
    ///
    /// # Errors
    /// [`FollowFault`], which is about the last block.
    pub fn finish(self, state: &StateSnapshot) -> Result<(), FollowFault> {
        let header = self.anchor.header().filter(|header| header.hash() == self.head.1);
        let header = header.ok_or(FollowFault::Missing)?;
        if self.log.root() != header.log_root.0 {
            return Err(FollowFault::LogRoot);
        }
        let folded = |id: &MemberId| self.events.get(id).copied().unwrap_or(EventsHead::START);
        let mut members = state.members.iter();
        match members.find(|member| folded(&member.record().id) != member.rest().events) {
            None => Ok(()),
            Some(member) => Err(FollowFault::Events { member: member.record().id.clone() }),
        }
    }
}
