//! The engine's log as an actor, and what a restart learns from it.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use malachitebft_app_channel::app::consensus::{HIDDEN_LOCK_ROUND, Input};
use malachitebft_app_channel::app::engine::wal::{Msg, WalRef, decode_entry, encode_entry};
use malachitebft_core_types::{Round, VoteType};
use ractor::{Actor, ActorProcessingErr, ActorRef, SpawnErr};
use sanad_core::hash::ChainId;
use sanad_core::ids::Height;
use sanad_core::signature::PublicKey;

use crate::context::SanadContext;
use crate::guard::{Position, Step};
use crate::log::{Contents, Log, LogFile};
use crate::shared::Shared;
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

/// The position and message of a vote or proposal by a key.
fn signed(input: &Input<SanadContext>, chain_id: &ChainId, own: &PublicKey) -> Option<(Position, Vec<u8>)> {
    match input {
        Input::Vote(signed) if signed.message.address.0 == *own => {
            let vote = &signed.message;
            let step = match vote.kind {
                VoteType::Prevote => Step::Prevote,
                VoteType::Precommit => Step::Precommit,
            };
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
