//! Ends a process that hangs, so that a supervisor starts another.
//!
//! A disk that never answers, a lock that nobody gives back or a full pipe of logs stops a node without an error: it
//! keeps its connections, ignores SIGTERM, and commits nothing. The watchdog looks, from a thread that shares nothing
//! with the others, at what must move whatever the rest of the network does: work that consensus has begun ends, the
//! engine answers a question, the exchange of batches and the housekeeping go round. A chain that stands for want of
//! other validators is none of its business.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use crate::facts::RunningNode;

/// Exit code of a process that hung (`EX_SOFTWARE` of `sysexits.h`).
pub const EXIT_HUNG: u8 = 70;

/// Counts the rounds of a loop that must never stand still.
#[derive(Clone, Debug, Default)]
pub struct Beat(Arc<AtomicU64>);

impl Beat {
    /// Another round has begun.
    pub fn beat(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// One thing that must move.
struct Watched {
    /// What it was when it was looked at last; `None` while nothing has to move.
    mark: Option<u64>,
    still: Duration,
    warned: bool,
}

/// What to do about something that does not move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Fine,
    /// Say so, once.
    Warn,
    Hung,
}

impl Watched {
    fn new() -> Self {
        Self { mark: None, still: Duration::ZERO, warned: false }
    }

    /// Looks again. `passed` is the time since the last look as far as this process ran: one that was stopped and
    /// continued has not hung.
    fn look(&mut self, mark: Option<u64>, passed: Duration, limit: Duration) -> Verdict {
        if mark.is_none() || mark != self.mark {
            *self = Self { mark, ..Self::new() };
            return Verdict::Fine;
        }
        self.still += passed;
        if self.still >= limit {
            Verdict::Hung
        } else if self.still >= limit / WARN_PART && !self.warned {
            self.warned = true;
            Verdict::Warn
        } else {
            Verdict::Fine
        }
    }
}

/// Watches a node until the process ends. `housekeeping` and `exchange` beat at least every few seconds while it is not
/// about to stop.
///
/// # Errors
/// The thread cannot be started.
pub(crate) fn watch(
    node: RunningNode,
    housekeeping: Beat,
    exchange: Beat,
    limit: Duration,
) -> std::io::Result<()> {
    // Of its own: the threads that it watches may all wait.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let watching = async move { look_on(&node, &housekeeping, &exchange, limit).await };
    std::thread::Builder::new().name("sanad-watchdog".into()).spawn(move || runtime.block_on(watching))?;
    Ok(())
}

async fn look_on(node: &RunningNode, housekeeping: &Beat, exchange: &Beat, limit: Duration) {
    let mut watched: [Watched; 5] = std::array::from_fn(|_| Watched::new());
    let (mut questions, mut question) = (0, tokio::spawn(node.consensus.engine_answers()));
    let mut before = Instant::now();
    loop {
        tokio::time::sleep(TICK).await;
        let passed = before.elapsed().min(2 * TICK);
        before = Instant::now();
        if question.is_finished() {
            questions += 1;
            question = tokio::spawn(node.consensus.engine_answers());
        }
        let (work, stopping) = (node.consensus.work(), node.stopping.load(Ordering::Relaxed));
        let consensus = work.map_or("consensus", |work| work.what);
        let running = |mark| (!stopping).then_some(mark);
        let marks = [
            (consensus, work.map(|work| work.number)),
            ("the consensus engine to answer a question", Some(questions)),
            ("the exchange of batches to go round", running(exchange.count())),
            ("the housekeeping to go round", running(housekeeping.count())),
            ("the node to stop", stopping.then_some(0)),
        ];
        for (watched, (what, mark)) in watched.iter_mut().zip(marks) {
            match watched.look(mark, passed, limit) {
                Verdict::Fine => {}
                Verdict::Warn => say(what, watched.still, limit),
                Verdict::Hung => end(what, watched.still),
            }
        }
    }
}

/// Logs from a thread of its own: writing a log may be what hangs.
fn say(what: &'static str, still: Duration, limit: Duration) {
    let threads = threads();
    let warn = move || {
        tracing::warn!(
            threads,
            "nothing moves: this node waits for {} s for {what}; after {} s it ends",
            still.as_secs(),
            limit.as_secs()
        );
    };
    // Without a thread, the end will say it.
    let _ = std::thread::Builder::new().name("sanad-word".into()).spawn(warn);
}

fn end(what: &'static str, still: Duration) {
    let (said, hear) = mpsc::channel();
    let threads = threads();
    let word = move || {
        tracing::error!(
            threads,
            "this node hangs: it waited {} s for {what}. It ends with code {EXIT_HUNG}, so that it is started again; \
             nothing that was acknowledged is lost. If this comes again, check the disk and whoever reads the logs",
            still.as_secs()
        );
        let _ = said.send(());
    };
    let _ = std::thread::Builder::new().name("sanad-word".into()).spawn(word);
    let _ = hear.recv_timeout(LAST_WORD);
    std::process::exit(EXIT_HUNG.into());
}

/// What each thread of this process waits for, as the kernel says: name, state, and the place in the kernel where it
/// sleeps, if it tells.
fn threads() -> String {
    let read = |path: &Path, file| std::fs::read_to_string(path.join(file)).unwrap_or_default();
    let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten().take(THREADS_MAX);
    let thread = |task: std::fs::DirEntry| {
        let path = task.path();
        let stat = read(&path, "stat");
        let state = stat.rsplit(") ").next().and_then(|rest| rest.chars().next()).unwrap_or('?');
        let place = read(&path, "wchan");
        let place = if place.is_empty() || place == "0" { String::new() } else { format!(" {place}") };
        format!("{} {state}{place}", read(&path, "comm").trim_end())
    };
    let mut threads: Vec<String> = tasks.map(thread).collect();
    threads.sort();
    threads.join(", ")
}

const TICK: Duration = Duration::from_secs(1);
/// It warns after this part of the limit.
const WARN_PART: u32 = 4;
/// Time for the last log line to be written.
const LAST_WORD: Duration = Duration::from_secs(3);
/// Threads that a log line names.
const THREADS_MAX: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(40);

    #[test]
    fn what_does_not_move_is_said_once_and_then_ended() {
        let mut watched = Watched::new();
        let mut look = |mark| watched.look(mark, Duration::from_secs(1), LIMIT);
        assert_eq!(look(Some(7)), Verdict::Fine);
        let verdicts: Vec<_> = (0..40).map(|_| look(Some(7))).collect();
        assert_eq!(verdicts.iter().filter(|verdict| **verdict == Verdict::Warn).count(), 1);
        assert_eq!((verdicts[9], verdicts[39]), (Verdict::Warn, Verdict::Hung));
        assert!(!verdicts[..39].contains(&Verdict::Hung));
        assert_eq!(look(Some(8)), Verdict::Fine);
        assert_eq!(look(Some(8)), Verdict::Fine, "it counts anew");
    }

    #[test]
    fn what_has_nothing_to_do_does_not_hang() {
        let mut watched = Watched::new();
        for _ in 0..100 {
            assert_eq!(watched.look(None, LIMIT, LIMIT), Verdict::Fine);
        }
    }

    #[test]
    fn threads_are_named() {
        let (stop, stopped) = mpsc::channel::<()>();
        let waiting = std::thread::Builder::new().name("sanad-sleeper".into());
        let waiting = waiting.spawn(move || stopped.recv()).unwrap();
        let deadline = Instant::now() + Duration::from_secs(20);
        while !threads().contains("sanad-sleeper S") {
            assert!(Instant::now() < deadline, "{}", threads());
            std::thread::yield_now();
        }
        drop(stop);
        assert!(waiting.join().unwrap().is_err());
    }
}
