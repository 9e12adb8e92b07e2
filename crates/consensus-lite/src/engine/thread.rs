//! The thread of consensus: runs sessions of the engine, one after the other.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use sanad_core::block::ProtocolVersion;
use sanad_core::hash::ChainId;
use sanad_core::ids::Height;
use sanad_core::signature::PublicKey;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

use super::driver::Driver;
use super::log::OpenLog;
use super::session::{End, session};
use crate::application::Application;
use crate::config::Config;
use crate::guard::{GuardError, Memory, SigningGuard};
use crate::log::Contents;
use crate::shared::{Outcome, Shared};
use crate::signer::SharedGuard;
use crate::standing::{Signed, Standing, standing};
use crate::status::Phase;
use crate::stopped::{StartError, Stopped};

/// All that consensus is started with.
pub(crate) struct Setup {
    pub(crate) config: Config,
    pub(crate) chain_id: ChainId,
    pub(crate) shared: Arc<Shared>,
}

/// Tells the caller of `start` once how that went; later failures go to the outcome.
pub(crate) type Ready = oneshot::Sender<Result<(), StartError>>;

/// Body of the thread.
pub(crate) fn run(setup: Setup, application: impl Application, ready: Ready) {
    let shared = setup.shared.clone();
    // Reports even if what follows panics.
    let mut report = Report { shared, outcome: Err(Arc::new(Stopped::Panicked)) };
    match prepare(setup, application) {
        Ok(driver) => report.outcome = sessions(driver, ready).map_err(Arc::new),
        Err(error) => {
            report.outcome = Ok(());
            let _ = ready.send(Err(error));
        }
    }
}

struct Report {
    shared: Arc<Shared>,
    outcome: Outcome,
}

impl Drop for Report {
    fn drop(&mut self) {
        if let Err(stopped) = &self.outcome {
            tracing::error!(%stopped, "consensus stopped");
        }
        self.shared.set_network(None);
        self.shared.set_engine(None);
        self.shared.update(|progress| progress.phase = Phase::Stopped);
        self.shared.outcome.send_replace(Some(self.outcome.clone()));
    }
}

fn prepare<A: Application>(setup: Setup, application: A) -> Result<Driver<A>, StartError> {
    let mut driver = Driver::new(setup, application);
    take_key(&mut driver, Moment::Start)?;
    driver.check_head()?;
    Ok(driver)
}

/// Takes the key that is in the set of the next height, and its guard; without one, at the start, the first key that has a
/// guard. While no other is in the set, the key stays as it was.
fn take_key<A: Application>(driver: &mut Driver<A>, moment: Moment) -> Result<(), StartError> {
    let Setup { config, chain_id, shared, .. } = driver.setup();
    let has_guard = |key: &PublicKey| Config::guard_path_of(&config.directory, key).is_file();
    let wanted = driver.key_in_set().or_else(|| match moment {
        Moment::Start => shared.validator_key(has_guard),
        Moment::Later => None,
    });
    let Some(key) = wanted.filter(|key| Some(key.public()) != driver.own_key()) else { return Ok(()) };
    let public = key.public();
    let path = Config::guard_path_of(&config.directory, &public);
    let guard = match SigningGuard::open(&path, *chain_id, public) {
        Err(GuardError::Missing { .. }) if is_new(driver, &public)? => {
            SigningGuard::create(&path, *chain_id, public)?
        }
        // It may have signed before, elsewhere. A process that ended when the key came into force may not have made it.
        Err(GuardError::Missing { .. })
            if moment == Moment::Later || path != Config::guard_path(&config.directory) =>
        {
            SigningGuard::create_lost(&path, *chain_id, public)?
        }
        opened => opened?,
    };
    tracing::info!(key = %public, height = %driver.next().height, "the key to vote with");
    driver.take(key, SharedGuard::new(guard));
    Ok(())
}

/// When a key is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moment {
    /// When the process starts: if there is no guard at all, all was lost, and the operator has to say so.
    Start,
    /// When a set changes.
    Later,
}

/// Whether all that a key has signed went through a guard in this directory.
fn is_new<A: Application>(driver: &Driver<A>, key: &PublicKey) -> Result<bool, StartError> {
    let directory = &driver.setup().config.directory;
    let memory = Memory::read(directory)
        .map_err(|source| StartError::Directory { path: directory.clone(), source })?;
    let in_force_ms = driver.application.in_force_ms(key).map_err(StartError::Application)?;
    Ok(in_force_ms.zip(memory).is_some_and(|(in_force_ms, memory)| memory.covers(in_force_ms)))
}

fn sessions<A: Application>(mut driver: Driver<A>, ready: Ready) -> Result<(), Stopped> {
    let mut ready = Some(ready);
    loop {
        if let Some(version) = driver.next().unknown_version {
            return idle(&driver, version, ready);
        }
        let ended = match begin(&mut driver) {
            Ok((runtime, log)) => {
                let ended = runtime.block_on(session(&mut driver, log, &mut ready));
                driver.shared().set_network(None);
                driver.shared().set_engine(None);
                runtime.shutdown_timeout(SHUTDOWN_TIMEOUT);
                driver.guard().map_or(Ok(()), SharedGuard::sync).map_err(Stopped::Guard)?;
                wait_for_log(&driver.setup().config.log_path());
                ended
            }
            Err(error) => Err(Stopped::Restart(error)),
        };
        match (ended, ready.take()) {
            (Ok(End::Again | End::Outdated), unsent) => ready = unsent,
            (Ok(End::Stopped), _) => return Ok(()),
            (Err(Stopped::Restart(error)), Some(ready)) => {
                let _ = ready.send(Err(error));
                return Ok(());
            }
            (Err(stopped), _) => return Err(stopped),
        }
    }
}

/// Signs nothing and serves nobody: what this program does not know the rules of, it must not judge. Its ledger is whole up
/// to here, and is read as before.
fn idle<A: Application>(
    driver: &Driver<A>,
    version: ProtocolVersion,
    ready: Option<Ready>,
) -> Result<(), Stopped> {
    let height = driver.next().height;
    tracing::error!(
        %height, %version,
        "this program does not know the protocol version in force from this height on; it neither votes nor follows any more. \
         Stop the node, and start a newer sanad-node on the same data directory"
    );
    driver.show_next();
    driver.shared().update(|progress| progress.phase = Phase::Outdated);
    if let Some(ready) = ready {
        let _ = ready.send(Ok(()));
    }
    let mut stop = driver.shared().stop.subscribe();
    let waiting = runtime().map_err(Stopped::Restart)?;
    // An error means that nobody can ask any more, which asks, too.
    let _ = waiting.block_on(stop.wait_for(|stop| *stop));
    Ok(())
}

/// Takes the key for the next height, opens the log, raises the guard to it, and decides whether the node votes.
fn begin<A: Application>(driver: &mut Driver<A>) -> Result<(Runtime, OpenLog), StartError> {
    take_key(driver, Moment::Later)?;
    let path = driver.setup().config.log_path();
    let mut log = OpenLog::open(&path)?;
    if let (Some(key), Some(guard)) = (driver.own_key(), driver.guard()) {
        for (position, message) in log.signed(&driver.setup().chain_id, key) {
            guard.raise(position, &message, log.contents.is_own())?;
        }
    }
    if log.contents.remembers(driver.next().height) {
        driver.load().map_err(StartError::Application)?;
        log.forget_blocks(|block| driver.proposals.payload(block).is_some());
    }
    driver.abstaining = abstaining(driver, &log.contents)?;
    let failed = |source| StartError::Log { path: path.clone(), source };
    // Only now: a log that is there when the process starts again speaks for the key.
    log.log.allocate().map_err(failed)?;
    let next = driver.next().height;
    if driver.abstaining.is_none() && driver.leaves_out == Some(next) {
        tracing::warn!(height = %next, "leaving out round 0: the key has signed in it, and what it was is forgotten");
        driver.guard().map_or(Ok(()), SharedGuard::sync)?;
        log.leave_out_round_0(next).map_err(failed)?;
    }
    driver.told_valid = log.valid_blocks();
    driver.logged_round = driver.own_key().map(|key| (next, log.round_at(next, key)));
    Ok((runtime()?, log))
}

/// The last height without this node's vote, if there is one ahead.
fn abstaining<A: Application>(driver: &Driver<A>, log: &Contents) -> Result<Option<Height>, StartError> {
    let Some(guard) = driver.guard() else { return Ok(None) };
    let next = driver.next().height;
    driver.shared().lost.store(guard.is_lost(), Ordering::Relaxed);
    if guard.is_lost() {
        tracing::warn!(
            "this node's signing guard is a copy or was set back: its key may have signed more than it knows. It follows \
             without voting until enough validators have shown how far they are"
        );
        return Ok(Some(UNKNOWN));
    }
    let refused =
        driver.refused_at.max(driver.setup().config.abstain_through).filter(|height| *height >= next);
    // Without its log, the guard may be a step behind what left this machine before a power cut.
    let is_incomplete = guard.position().is_some() && log.is_incomplete(next);
    let is_unlocked = guard.is_unlocked(&driver.setup().chain_id, next);
    match standing(Signed { last: guard.position(), is_unlocked }, next, log) {
        Standing::Vote if !is_incomplete => Ok(refused),
        standing => {
            let through = if let Standing::AbstainThrough(height) = standing { height } else { next };
            tracing::warn!(%through, "not voting up to this height: what the key is bound to there is forgotten");
            // What the next process finds in the log says nothing of what this one forgot.
            guard.pass(through)?;
            Ok(refused.max(Some(through)))
        }
    }
}

fn runtime() -> Result<Runtime, StartError> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(worker_threads())
        .thread_name("sanad-engine")
        .enable_all()
        .build()
        .map_err(StartError::Thread)
}

/// Half of the processors, at least one: each vote goes through half a dozen tasks, and threads that share two processors with
/// the rest of the node only wake each other for every one of them.
fn worker_threads() -> usize {
    std::thread::available_parallelism()
        .map_or(1, |processors| (processors.get() / 2).clamp(1, WORKER_THREADS_MAX))
}

/// The engine's log is closed by an actor that may outlive the engine; the next session needs it.
fn wait_for_log(path: &Path) {
    let deadline = Instant::now() + SHUTDOWN_TIMEOUT;
    let locked = || std::fs::File::open(path).is_ok_and(|file| file.try_lock().is_err());
    while locked() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Most threads for the engine's actors and its network.
const WORKER_THREADS_MAX: usize = 2;
/// Longest wait for tasks and threads of the engine to end.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(3);
/// In the place of a height that only peers can tell.
const UNKNOWN: Height = Height(u64::MAX);
