//! One run of the engine, from its start to its end.

use std::time::Duration;

use malachitebft_app_channel::{AppMsg, Channels, EngineHandle};
use sanad_core::ids::Height;
use sanad_core::signature::PublicKey;
use tokio::sync::watch;
use tokio::time::timeout;

use super::driver::Driver;
use super::link::Link;
use super::log::OpenLog;
use super::network;
use super::thread::Ready;
use crate::application::Application;
use crate::arrivals::Arrivals;
use crate::context::SanadContext;
use crate::guard::GuardError;
use crate::prevotes::Prevotes;
use crate::shared::Shared;
use crate::stopped::{StartError, Stopped};

/// How a session ended without a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// As asked.
    Stopped,
    /// The engine shall start anew: to vote again, or to stop voting.
    Again,
    /// This program does not know the rules of the next height.
    Outdated,
}

/// Runs the engine until it is to stop, fails, or must start anew.
pub(super) async fn session<A: Application>(
    driver: &mut Driver<A>,
    log: OpenLog,
    ready: &mut Option<Ready>,
) -> Result<End, Stopped> {
    let arrivals = Arrivals::new(driver.setup().chain_id, driver.shared().clone(), driver.next());
    let (prevotes, mut prevoted) = Prevotes::new();
    let network_key = driver.shared().network_key();
    let identity = network_key.public();
    let room = network::peers_room(driver.shared().peer_count());
    let network = network::Network { key: network_key, room };
    let voter = driver.voter().filter(|_| driver.abstaining.is_none());
    let started = network::start(
        driver.setup(),
        network,
        voter,
        log,
        arrivals.clone(),
        prevotes,
        driver.application.barrier(),
    )
    .await;
    let (mut channels, handle) = started.map_err(Stopped::Restart)?;
    let Some(link) = Link::new(&handle, channels.network.clone(), arrivals.clone(), prevoted.clone()) else {
        end_engine(handle).await;
        return Err(Stopped::Restart(StartError::Engine("it has no actor for consensus".into())));
    };
    driver.begin_session(link);
    let shared = driver.shared().clone();
    let mut stop = shared.stop.subscribe();
    let ended = tokio::select! {
        biased;
        _ = stopping(&mut stop) => Ok(Some(End::Stopped)),
        ended = serve(driver, &mut channels, &arrivals, &mut prevoted, ready) => ended,
        () = network_outdated(&shared, &identity, room) => Ok(Some(End::Again)),
    };
    driver.end_session();
    match ended? {
        Some(end) => {
            end_engine(handle).await;
            Ok(end)
        }
        None => why_ended(driver, handle).await,
    }
}

/// Resolves when this node has another network key, or more peers than the session has room for.
async fn network_outdated(shared: &Shared, key: &PublicKey, room: usize) {
    while shared.network_key().public() == *key && shared.peer_count() <= room {
        shared.network_changed.notified().await;
    }
    tracing::info!("consensus connects anew: with another network key, or to many more peers");
}

async fn stopping(stop: &mut watch::Receiver<bool>) {
    // An error means that nobody can ask any more, which asks, too.
    let _ = stop.wait_for(|stop| *stop).await;
}

/// Answers the engine. `None` when it asks nothing more.
async fn serve<A: Application>(
    driver: &mut Driver<A>,
    channels: &mut Channels<SanadContext>,
    arrivals: &Arrivals,
    prevoted: &mut watch::Receiver<Option<(Height, u32)>>,
    ready: &mut Option<Ready>,
) -> Result<Option<End>, Stopped> {
    let address = driver.setup().config.listen;
    let reply = match timeout(LISTEN_TIMEOUT, channels.consensus.recv()).await {
        Ok(Some(AppMsg::ConsensusReady { reply })) => reply,
        _ => return Err(Stopped::Restart(StartError::NotListening { address })),
    };
    driver.shared().set_network(Some(channels.net_requests.clone()));
    driver.shared().set_engine(Some(channels.requests.clone()));
    if let Some(ready) = ready.take() {
        let _ = ready.send(Ok(()));
    }
    driver.on_ready(reply, &channels.net_requests).await;

    let shared = driver.shared().clone();
    let mut settled = shared.settled.subscribe();
    // It may have been said before the engine started.
    settled.mark_changed();
    loop {
        tokio::select! {
            biased;
            Ok(()) = prevoted.changed() => {
                let _busy = shared.begin("to hand in blocks after its first vote");
                driver.on_prevoted()?;
            }
            // Before the parts that it makes room for, which it precedes.
            polkas = arrivals.polkas() => driver.on_polkas(&polkas)?,
            message = channels.consensus.recv() => match message {
                Some(message) => {
                    let _busy = shared.begin(what(&message));
                    driver.answer(message).await?;
                }
                None => return Ok(None),
            },
            news = arrivals.news() => driver.on_news(&news)?,
            () = shared.wake.notified(), if driver.is_waiting() => driver.on_wake(),
            () = driver.deferred_due() => {
                let _busy = shared.begin("to propose a block");
                driver.on_deferred().await?;
            }
            Ok(()) = settled.changed() => {
                let through = *settled.borrow_and_update();
                if let Some(through) = through {
                    driver.on_settled(through)?;
                }
            }
            () = driver.heartbeat_due() => driver.on_heartbeat(),
            () = shared.keys_changed.notified() => {}
        }
        if driver.next().unknown_version.is_some() {
            return Ok(Some(End::Outdated));
        }
        if driver.needs_other_key() {
            return Ok(Some(End::Again));
        }
        if driver.may_vote_again() {
            tracing::info!("past the last height this key may have signed: voting again");
            return Ok(Some(End::Again));
        }
    }
}

/// What answering a question of the engine is: see [`Work::what`](crate::Work::what).
fn what(message: &AppMsg<SanadContext>) -> &'static str {
    match message {
        AppMsg::ConsensusReady { .. } => "to begin",
        AppMsg::StartedRound { .. } => "to begin a round",
        AppMsg::GetValue { .. } => "to propose a block",
        AppMsg::ExtendVote { .. } | AppMsg::VerifyVoteExtensions { .. } => "to extend votes",
        AppMsg::RestreamProposal { .. } => "to send a proposal again",
        AppMsg::GetHistoryMinHeight { .. } | AppMsg::GetDecidedValues { .. } => "to read blocks for a peer",
        AppMsg::ReceivedProposalPart { .. } => "to judge a proposed block",
        AppMsg::Decided { .. } | AppMsg::Finalized { .. } => "to commit a block",
        AppMsg::ProcessSyncedValue { .. } => "to execute a block from a peer",
    }
}

async fn end_engine(handle: EngineHandle) {
    handle.actor.stop(None);
    let _ = timeout(END_TIMEOUT, handle.handle).await;
}

/// The engine tells its reasons to the log alone. But it ends wholly when an actor failed, and hangs on
/// purpose, with its first actor alive, when its log did.
async fn why_ended<A: Application>(driver: &mut Driver<A>, handle: EngineHandle) -> Result<End, Stopped> {
    let hangs = timeout(END_TIMEOUT, handle.handle).await.is_err();
    let (next, chain_id) = (driver.next().height, driver.setup().chain_id);
    let is_unlocked = driver.guard().is_some_and(|guard| guard.is_unlocked(&chain_id, next));
    match driver.guard().and_then(|guard| guard.take_refusal()) {
        // No vote before ties it to a block, so it may vote in later rounds.
        Some(GuardError::Conflict { position } | GuardError::Regression { last: position, .. })
            if position.height == next && is_unlocked && driver.leaves_out != Some(next) =>
        {
            driver.leaves_out = Some(next);
            Ok(End::Again)
        }
        Some(GuardError::Conflict { position } | GuardError::Regression { last: position, .. }) => {
            tracing::error!(through = %position.height, "not voting any more until this height is decided");
            driver.refused_at = Some(position.height);
            Ok(End::Again)
        }
        Some(error) => Err(Stopped::Guard(error)),
        None if hangs => Err(Stopped::Log { path: driver.setup().config.log_path() }),
        None => Err(Stopped::Engine),
    }
}

/// Longest wait for the engine to listen.
const LISTEN_TIMEOUT: Duration = Duration::from_secs(15);
/// Longest wait for the engine's actors to end.
const END_TIMEOUT: Duration = Duration::from_secs(2);
