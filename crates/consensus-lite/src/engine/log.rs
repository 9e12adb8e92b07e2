//! The engine's log as an actor, and what a restart learns from it.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use malachitebft_app_channel::app::consensus::{HIDDEN_LOCK_ROUND, Input};
use malachitebft_app_channel::app::engine::wal::{Msg, WalRef, decode_entry, encode_entry};
use malachitebft_core_types::{Round, SignedProposal, SignedVote, Timeout, TimeoutKind};
use ractor::{Actor, ActorProcessingErr, ActorRef, SpawnErr};
use sanad_core::block::BlockId;
use sanad_core::hash::ChainId;
use sanad_core::ids::Height;
use sanad_core::signature::PublicKey;

use crate::context::SanadContext;
use crate::guard::{Position, Step};
use crate::log::{Contents, Log, LogFile};
use crate::shared::Shared;
use crate::signer::step_of;
use crate::stopped::StartError;
use crate::wire::WireCodec;

/// A log that is open, and what it held.
pub(super) struct OpenLog {
    pub(super) log: Log<LogFile>,
    pub(super) contents: Contents,
}

impl OpenLog {
    pub(super) fn open(path: &Path) -> Result<Self, StartError> {
        let failed = |source| StartError::Log { path: path.to_owned(), source };
        let (log, contents) = LogFile::open(path).and_then(Log::open).map_err(failed)?;
        Ok(Self { log, contents })
    }

    /// Forgets blocks that are not `known`. A power cut can leave the name of a block here whose payload was not synced yet,
    /// as it is while a node catches up; the engine would decide what nobody has. It asks others for it, if it needs it.
    pub(super) fn forget_blocks(&mut self, known: impl Fn(&BlockId) -> bool) {
        let codec = WireCodec::default();
        self.contents.retain(|entry| match decode_entry(&codec, entry) {
            Ok(Input::ProposedValue(proposed, _)) => {
                let known = !proposed.validity.is_valid() || known(&proposed.value.0);
                if !known {
                    tracing::warn!(height = %proposed.height.0, block = %proposed.value.0, "a block in the log is not on disk; asking for it again");
                }
                known
            }
            _ => true,
        });
    }

    /// The blocks that the engine was told are valid, and learns again when it reads the log.
    pub(super) fn valid_blocks(&self) -> Vec<BlockId> {
        let codec = WireCodec::default();
        let entries = self.contents.entries().iter().map(|entry| decode_entry(&codec, entry.as_slice()));
        let valid = entries.filter_map(|entry| match entry {
            Ok(Input::ProposedValue(proposed, _)) => proposed.validity.is_valid().then_some(proposed.value.0),
            _ => None,
        });
        valid.collect()
    }

    /// Begins a height anew, and ends its round 0 as if second votes had been waited for in vain: the engine goes on with round 1, when
    /// it reads the log. Durable on return. Requires that the key is locked on nothing there, and that the guard is durable.
    pub(super) fn leave_out_round_0(&mut self, height: Height) -> std::io::Result<()> {
        let mut entry = Vec::new();
        let timeout = Timeout::new(Round::new(0), TimeoutKind::Precommit);
        encode_entry::<SanadContext, _, _>(
            Input::TimeoutElapsed(timeout),
            &WireCodec::default(),
            &mut entry,
        )?;
        // What it holds of round 0 would have the engine vote there again.
        self.log.reset(height);
        self.log.append(height, &entry, true)?;
        self.log.flush()?;
        self.contents = Contents::beginning_with(height, entry);
        Ok(())
    }

    /// The last round of a height that this node entered, as far as its own messages and the timeouts in the log say. The engine goes
    /// through all rounds before it again when it reads the log.
    pub(super) fn round_at(&self, height: Height, own: PublicKey) -> u32 {
        if !self.contents.remembers(height) {
            return 0;
        }
        let codec = WireCodec::default();
        let inputs = self.contents.entries().iter().map(|entry| decode_entry(&codec, entry.as_slice()));
        inputs.filter_map(Result::ok).filter_map(|input| entered(&input, &own)).max().unwrap_or(0)
    }

    /// What a key signed, by the log: positions and messages, in the order of the entries.
    pub(super) fn signed<'a>(
        &'a self,
        chain_id: &'a ChainId,
        own: PublicKey,
    ) -> impl Iterator<Item = (Position, Vec<u8>)> + 'a {
        let codec = WireCodec::default();
        let inputs = self.contents.entries().iter().map(move |entry| decode_entry(&codec, entry.as_slice()));
        inputs.filter_map(Result::ok).filter_map(move |input| signed(&input, chain_id, &own))
    }
}

/// The round that this node was in after an input, if that shows it.
fn entered(input: &Input<SanadContext>, own: &PublicKey) -> Option<u32> {
    match input {
        Input::Vote(signed) if signed.message.address.0 == *own => signed.message.round.as_u32(),
        Input::Proposal(signed) if signed.message.address.0 == *own => signed.message.round.as_u32(),
        Input::TimeoutElapsed(Timeout { kind: TimeoutKind::Precommit, round }) => {
            round.as_u32().map(|round| round.saturating_add(1))
        }
        Input::TimeoutElapsed(timeout) => timeout.round.as_u32(),
        _ => None,
    }
}

/// The position and message of a vote or proposal by a key.
fn signed(input: &Input<SanadContext>, chain_id: &ChainId, own: &PublicKey) -> Option<(Position, Vec<u8>)> {
    match input {
        Input::Vote(signed) if signed.message.address.0 == *own => {
            let vote = &signed.message;
            let step = step_of(vote.kind);
            let position = Position { height: vote.height.0, round: vote.round.as_u32()?, step };
            Some((position, vote.message(chain_id)?))
        }
        Input::Proposal(signed) if signed.message.address.0 == *own => {
            let proposal = &signed.message;
            let round = proposal.round.as_u32()?;
            let position = Position { height: proposal.height.0, round, step: Step::Proposal };
            Some((position, proposal.message(chain_id)?))
        }
        _ => None,
    }
}

/// Serves the engine.
struct LogActor {
    chain_id: ChainId,
    codec: WireCodec,
    /// The key whose messages must be on disk before they leave; `None` for a follower, which logs nothing.
    own: Option<PublicKey>,
    /// Where the time of syncs is kept.
    shared: Arc<Shared>,
}

/// The log, and the entries that the engine has not asked for yet.
struct LogState {
    log: Log<LogFile>,
    contents: Contents,
}

/// Starts the actor.
pub(super) async fn spawn(
    open: OpenLog,
    chain_id: ChainId,
    codec: WireCodec,
    own: Option<PublicKey>,
    shared: Arc<Shared>,
) -> Result<WalRef<SanadContext>, SpawnErr> {
    let OpenLog { log, contents } = open;
    let state = LogState { log, contents };
    Ok(Actor::spawn(None, LogActor { chain_id, codec, own, shared }, state).await?.0)
}

impl LogActor {
    /// Adds an entry. In late rounds the engine publishes a certificate of first votes, its own among them, before it
    /// flushes: there the vote is durable when it is added.
    fn append(
        &self,
        log: &mut Log<LogFile>,
        height: Height,
        input: Input<SanadContext>,
    ) -> std::io::Result<()> {
        let signed = self.own.and_then(|own| signed(&input, &self.chain_id, &own));
        let mut entry = Vec::new();
        encode_entry(input, &self.codec, &mut entry)?;
        log.append(height, &entry, signed.is_some())?;
        match signed {
            Some((position, _)) if Round::new(position.round) >= HIDDEN_LOCK_ROUND => self.flush(log),
            _ => Ok(()),
        }
    }

    /// The engine verifies what it reads from the log as if it came in.
    fn note_logged(&self, entry: &std::io::Result<Input<SanadContext>>) {
        let (by, height, round, step) = match entry {
            Ok(Input::Vote(SignedVote { message: vote, .. })) => {
                (vote.address.0, vote.height.0, vote.round, step_of(vote.kind))
            }
            Ok(Input::Proposal(SignedProposal { message: proposal, .. })) => {
                (proposal.address.0, proposal.height.0, proposal.round, Step::Proposal)
            }
            _ => return,
        };
        if let Some(round) = round.as_u32() {
            self.shared.attendance.logged(by, Position { height, round, step });
        }
    }

    /// Waits for the disk, if anything is due.
    fn flush(&self, log: &mut Log<LogFile>) -> std::io::Result<()> {
        if !log.is_due() {
            return Ok(());
        }
        let started = Instant::now();
        on_disk(|| log.flush())?;
        self.shared.observe_log(started.elapsed());
        Ok(())
    }
}

/// Waits for the disk. Other tasks of this thread move to another.
fn on_disk<T>(work: impl FnOnce() -> T) -> T {
    tokio::task::block_in_place(work)
}

#[async_trait]
impl Actor for LogActor {
    type Msg = Msg<SanadContext>;
    type State = LogState;
    type Arguments = LogState;

    async fn pre_start(
        &self,
        _: ActorRef<Self::Msg>,
        state: LogState,
    ) -> Result<LogState, ActorProcessingErr> {
        Ok(state)
    }

    /// An error in a reply ends the engine: nothing is signed that a restart would not know of. Nobody waits for a
    /// reply that cannot be sent.
    async fn handle(
        &self,
        _: ActorRef<Self::Msg>,
        message: Self::Msg,
        LogState { log, contents }: &mut LogState,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            Msg::StartedHeight(height, reply) => {
                let contents = std::mem::take(contents);
                let entries = match contents.remembers(height.0) {
                    true => contents
                        .entries()
                        .iter()
                        .map(|entry| decode_entry(&self.codec, entry.as_slice()))
                        .inspect(|entry| self.note_logged(entry))
                        .collect(),
                    false => Vec::new(),
                };
                log.begin(height.0);
                let _ = reply.send(Ok(entries));
            }
            Msg::Reset(height, reply) => {
                log.reset(height.0);
                let _ = reply.send(Ok(()));
            }
            Msg::Append(height, input, reply) => {
                let appended = self.append(log, height.0, input);
                let _ = reply.send(appended.map_err(Into::into));
            }
            Msg::Flush(reply) => {
                let flushed = self.flush(log);
                let _ = reply.send(flushed.map_err(Into::into));
            }
            Msg::Dump => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::{Address, EngineHeight, Value, Vote};
    use malachitebft_app_channel::app::types::ProposedValue;
    use malachitebft_core_types::{NilOrVal, SignedVote, Validity, ValueOrigin, VoteType};
    use sanad_core::hash::BlockHash;
    use sanad_core::signature::SecretKey;

    #[test]
    fn the_round_is_that_of_own_messages_and_timeouts() {
        let folder = tempfile::tempdir().unwrap();
        let [own, other] = [1, 2].map(|seed| SecretKey::from_seed(&[seed; 32]));
        let height = Height(7);
        let vote = |key: &SecretKey, round| {
            let vote = Vote {
                kind: VoteType::Prevote,
                height: EngineHeight(height),
                round: Round::new(round),
                value: NilOrVal::Nil,
                address: Address(key.public()),
            };
            let signature = key.sign(&vote.message(&ChainId([3; 32])).unwrap());
            Input::Vote(SignedVote::new(vote, signature))
        };
        let elapsed = |kind, round| Input::TimeoutElapsed(Timeout::new(Round::new(round), kind));
        for (inputs, round) in [
            (vec![], 0),
            (vec![vote(&own, 2), vote(&other, 9)], 2),
            (vec![vote(&own, 2), elapsed(TimeoutKind::Precommit, 2)], 3),
            (vec![elapsed(TimeoutKind::Propose, 4), elapsed(TimeoutKind::Rebroadcast, 4)], 4),
        ] {
            let path = folder.path().join("consensus.log");
            let _ = std::fs::remove_file(&path);
            let mut open = OpenLog::open(&path).unwrap();
            open.log.begin(height);
            for input in inputs {
                let mut entry = Vec::new();
                encode_entry(input, &WireCodec::default(), &mut entry).unwrap();
                open.log.append(height, &entry, false).unwrap();
            }
            open.log.flush().unwrap();
            drop(open);
            let open = OpenLog::open(&path).unwrap();
            assert_eq!(open.round_at(height, own.public()), round);
            assert_eq!(open.round_at(height.next(), own.public()), 0);
        }
    }

    /// A power cut left the names of blocks, and of one of them the payload. What is invalid has none.
    #[test]
    fn blocks_whose_payload_is_not_on_disk_are_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("consensus.log");
        let (key, height) = (SecretKey::from_seed(&[1; 32]), EngineHeight(Height(7)));
        let block = |byte| BlockId { hash: BlockHash([byte; 32]), round: 0 };
        let proposed = |byte, validity| {
            let value = ProposedValue {
                height,
                round: Round::new(0),
                valid_round: Round::Nil,
                proposer: Address(key.public()),
                value: Value(block(byte)),
                validity,
            };
            Input::ProposedValue(value, ValueOrigin::Consensus)
        };
        let vote = Vote {
            kind: VoteType::Precommit,
            height,
            round: Round::new(0),
            value: NilOrVal::Val(block(2)),
            address: Address(key.public()),
        };
        let signature = key.sign(&vote.message(&ChainId([3; 32])).unwrap());
        let inputs = [
            proposed(1, Validity::Valid),
            proposed(2, Validity::Valid),
            proposed(3, Validity::Invalid),
            Input::Vote(SignedVote::new(vote, signature)),
        ];
        let mut open = OpenLog::open(&path).unwrap();
        open.log.begin(height.0);
        for input in inputs.clone() {
            let mut entry = Vec::new();
            encode_entry(input, &WireCodec::default(), &mut entry).unwrap();
            open.log.append(height.0, &entry, false).unwrap();
        }
        open.log.flush().unwrap();
        drop(open);
        let mut open = OpenLog::open(&path).unwrap();
        open.forget_blocks(|known| *known == block(1));
        let codec = WireCodec::default();
        let left: Vec<Input<SanadContext>> = open
            .contents
            .entries()
            .iter()
            .map(|entry| decode_entry(&codec, entry.as_slice()).unwrap())
            .collect();
        let [first, _, third, fourth] = inputs;
        assert_eq!(left, [first, third, fourth]);
        assert_eq!(open.valid_blocks(), [block(1)], "what was told invalid may still turn out valid");
    }
}
