//! Whether a validator may vote after a restart.
//!
//! The guard keeps it from contradicting a signature. It does not keep it from forgetting what it is locked
//! on: the engine's write-ahead log does. Where the log or the ledger is behind the guard, the node follows
//! without voting until it is past what its key has signed.

use std::path::Path;

use malachitebft_app_channel::app::wal::Log;
use sanad_core::ids::Height;

use crate::guard::{Position, Step};

/// What a validator may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Vote.
    Vote,
    /// Follow only, through this height.
    AbstainThrough(Height),
}

/// What the write-ahead log holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LogState {
    /// The height of its entries.
    pub(crate) height: Height,
    /// Whether it has any.
    pub(crate) empty: bool,
}

/// `signed` is the guard's position, `next` the height to decide next.
pub(crate) fn standing(signed: Option<Position>, next: Height, log: Option<LogState>) -> Standing {
    let Some(signed) = signed else { return Standing::Vote };
    if signed.height > next {
        return Standing::AbstainThrough(signed.height);
    }
    // Locks begin with a precommit. The log is flushed before a vote is sent, so what was sent is in it.
    let maybe_locked = signed.round > 0 || signed.step == Step::Precommit;
    let remembers = log.is_some_and(|log| log.height == next && !log.empty);
    if signed.height == next && maybe_locked && !remembers {
        return Standing::AbstainThrough(next);
    }
    Standing::Vote
}

/// Removes a write-ahead log that ends within its header: a crash cut its creation short, and it never held
/// anything. The engine would refuse to open it.
pub(crate) fn remove_stub(path: &Path) {
    if std::fs::metadata(path).is_ok_and(|file| file.is_file() && file.len() < LOG_HEADER_BYTES) {
        // Where this fails, the engine says so.
        let _ = std::fs::remove_file(path);
    }
}

/// Reads the state of the write-ahead log; `None` where there is none that can be read. A damaged one is
/// left for the engine to report.
pub(crate) fn log_state(path: &Path) -> Option<LogState> {
    if !path.exists() {
        return None;
    }
    let log = Log::open(path).ok()?;
    Some(LogState { height: Height(log.sequence()), empty: log.is_empty() })
}

/// Version (4) and height (8) of the engine's log.
const LOG_HEADER_BYTES: u64 = 12;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log");
        assert_eq!(log_state(&path), None);
        for stub in [&b""[..], b"eleven byte"] {
            std::fs::write(&path, stub).unwrap();
            remove_stub(&path);
            assert!(!path.exists());
        }
        let mut log = Log::open(&path).unwrap();
        log.reset(7).unwrap();
        drop(log);
        remove_stub(&path);
        assert_eq!(log_state(&path), Some(LogState { height: Height(7), empty: true }));
        let mut log = Log::open(&path).unwrap();
        log.append(b"an entry").unwrap();
        drop(log);
        assert_eq!(log_state(&path), Some(LogState { height: Height(7), empty: false }));
    }

    #[test]
    fn forgetful_nodes_abstain() {
        let signed = |height, round, step| Some(Position { height: Height(height), round, step });
        let log = |height, empty| Some(LogState { height: Height(height), empty });
        let next = Height(7);
        assert_eq!(standing(None, next, None), Standing::Vote);
        assert_eq!(standing(signed(6, 3, Step::Precommit), next, None), Standing::Vote);
        assert_eq!(standing(signed(7, 0, Step::Prevote), next, None), Standing::Vote);
        assert_eq!(standing(signed(7, 0, Step::Precommit), next, log(7, false)), Standing::Vote);
        for forgotten in [None, log(6, false), log(7, true)] {
            for (round, step) in [(0, Step::Precommit), (1, Step::Proposal)] {
                assert_eq!(standing(signed(7, round, step), next, forgotten), Standing::AbstainThrough(next));
            }
        }
        assert_eq!(
            standing(signed(9, 0, Step::Prevote), next, log(7, false)),
            Standing::AbstainThrough(Height(9))
        );
    }
}
