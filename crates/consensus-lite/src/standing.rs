//! Whether a validator may vote after a restart.
//!
//! The guard keeps it from contradicting a signature. It does not keep it from forgetting what it is locked
//! on: the engine's write-ahead log does. Where the log or the ledger is behind the guard, the node follows
//! without voting until it is past what its key has signed.

use std::io;
use std::path::{Path, PathBuf};

use malachitebft_app_channel::app::consensus::Input;
use malachitebft_app_channel::app::engine::wal::decode_entry;
use malachitebft_app_channel::app::wal::Log;
use malachitebft_core_types::VoteType;
use sanad_core::ids::Height;
use sanad_core::signature::PublicKey;

use crate::context::SanadContext;
use crate::guard::{Position, Step};
use crate::wire::WireCodec;

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
    /// Of a log that was damaged: the last vote of this node's key that is left in it.
    pub(crate) left: Option<Option<Position>>,
}

/// `signed` is the guard's position, `next` the height to decide next.
pub(crate) fn standing(signed: Option<Position>, next: Height, log: Option<LogState>) -> Standing {
    let Some(signed) = signed else { return Standing::Vote };
    // A guard that was passed on after something was forgotten ends with the last round there is.
    if signed.height > next || (signed.height == next && signed.round == u32::MAX) {
        return Standing::AbstainThrough(signed.height);
    }
    // Locks begin with a precommit. The log is flushed before a vote is sent, so what was sent is in it.
    let maybe_locked = signed.round > 0 || signed.step == Step::Precommit;
    let whole = |log: &LogState| log.left.is_none_or(|left| left >= Some(signed));
    let remembers = log.is_some_and(|log| log.height == next && !log.empty && whole(&log));
    if signed.height == next && maybe_locked && !remembers {
        return Standing::AbstainThrough(next);
    }
    Standing::Vote
}

/// Reads the state of the write-ahead log, and makes it one that the engine can go on with; `None` where there is none.
///
/// A log that ends within an entry was cut off by a crash: the entry was never flushed, so nothing was sent that is in
/// it, and it is cut off. Damage before the end may take votes with it that were sent: what follows it is cut off, too,
/// and the node votes on only if the last vote that its guard knows is still there. A log whose head is damaged is set
/// aside. The engine itself would stop for good on either.
pub(crate) fn read_log(path: &Path, own: Option<PublicKey>) -> Option<LogState> {
    remove_stub(path);
    if !path.exists() {
        return None;
    }
    let mut log = match Log::open(path) {
        Ok(log) => log,
        Err(error) if error.kind() == io::ErrorKind::Other => {
            // Locked: the engine says so.
            return None;
        }
        Err(error) => {
            set_aside(path, &error);
            return None;
        }
    };
    let (mut votes, mut bad) = (None, None);
    match log.iter() {
        Ok(entries) => {
            for (number, entry) in entries.enumerate() {
                match entry.and_then(|bytes| decode(&bytes)) {
                    Ok(input) => votes = votes.max(own_vote(&input, own)),
                    Err(error) => {
                        bad = Some((number as u64, error));
                        break;
                    }
                }
            }
        }
        Err(error) => bad = Some((0, error)),
    }
    let left = bad.map(|(number, error)| {
        tracing::error!(
            path = %path.display(),
            entries = log.len(),
            bad = number,
            %error,
            "the consensus log is damaged; what follows the damage is cut off. Check the disk"
        );
        if let Err(error) = log.truncate(number) {
            set_aside(path, &error);
        }
        votes
    });
    Some(LogState { height: Height(log.sequence()), empty: log.is_empty(), left })
}

fn decode(bytes: &[u8]) -> io::Result<Input<SanadContext>> {
    // Kind and length: the engine's code takes memory for any length.
    let payload = bytes.get(1..9).and_then(|length| length.first_chunk()).copied().map(u64::from_be_bytes);
    if bytes.first() != Some(&TIMEOUT_ENTRY) && payload.is_none_or(|length| length > bytes.len() as u64) {
        return Err(io::ErrorKind::InvalidData.into());
    }
    decode_entry(&WireCodec::default(), bytes)
}

fn own_vote(input: &Input<SanadContext>, own: Option<PublicKey>) -> Option<Position> {
    let Input::Vote(vote) = input else { return None };
    let (vote, round) = (&vote.message, vote.message.round.as_u32()?);
    let step = match vote.kind {
        VoteType::Prevote => Step::Prevote,
        VoteType::Precommit => Step::Precommit,
    };
    (Some(vote.address.0) == own).then_some(Position { height: vote.height.0, round, step })
}

/// Moves a log that cannot be read out of the way, for whoever looks into it.
fn set_aside(path: &Path, error: &io::Error) {
    let mut aside = path.as_os_str().to_owned();
    aside.push(".damaged");
    let aside = PathBuf::from(aside);
    tracing::error!(path = %path.display(), %error, aside = %aside.display(), "the consensus log cannot be read and is set aside");
    if let Err(error) = std::fs::rename(path, &aside) {
        tracing::error!(%error, "it cannot be set aside");
    }
}

/// Removes a write-ahead log that ends within its header: a crash cut its creation short, and it never held
/// anything. The engine would refuse to open it.
fn remove_stub(path: &Path) {
    if std::fs::metadata(path).is_ok_and(|file| file.is_file() && file.len() < LOG_HEADER_BYTES) {
        // Where this fails, the engine says so.
        let _ = std::fs::remove_file(path);
    }
}

/// Version (4) and height (8) of the engine's log.
const LOG_HEADER_BYTES: u64 = 12;
/// The kind of entry that has no length (`arc-malachitebft-engine` 0.8.2, `wal/entry.rs`).
const TIMEOUT_ENTRY: u8 = 2;

#[cfg(test)]
mod tests {
    use malachitebft_app_channel::app::engine::wal::encode_entry;
    use malachitebft_core_types::{NilOrVal, Round, SignedVote};
    use sanad_core::signature::Signature;

    use super::*;
    use crate::context::{Address, EngineHeight, Vote};

    #[test]
    fn logs() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log");
        let read = || read_log(&path, None);
        assert_eq!(read(), None);
        for stub in [&b""[..], b"eleven byte"] {
            std::fs::write(&path, stub).unwrap();
            assert_eq!(read(), None);
            assert!(!path.exists());
        }
        let mut log = Log::open(&path).unwrap();
        log.reset(7).unwrap();
        drop(log);
        assert_eq!(read(), Some(LogState { height: Height(7), empty: true, left: None }));
    }

    const OWN: PublicKey = PublicKey([7; 32]);

    fn vote(height: u64, round: u32, kind: VoteType) -> Vec<u8> {
        let vote = Vote {
            kind,
            height: EngineHeight(Height(height)),
            round: Round::new(round),
            value: NilOrVal::Nil,
            address: Address(OWN),
        };
        let mut bytes = Vec::new();
        let vote = SignedVote::new(vote, Signature([1; 64]));
        encode_entry::<SanadContext, _, _>(Input::Vote(vote), &WireCodec::default(), &mut bytes).unwrap();
        bytes
    }

    /// A log with this node's votes of two rounds.
    fn log_in(directory: &tempfile::TempDir) -> (PathBuf, Vec<u8>) {
        let path = directory.path().join("log");
        let mut log = Log::open(&path).unwrap();
        log.reset(7).unwrap();
        for round in [0, 1] {
            log.append(vote(7, round, VoteType::Prevote)).unwrap();
            log.append(vote(7, round, VoteType::Precommit)).unwrap();
        }
        drop(log);
        let whole = std::fs::read(&path).unwrap();
        (path, whole)
    }

    fn position(round: u32, step: Step) -> Position {
        Position { height: Height(7), round, step }
    }

    #[test]
    fn a_log_is_cut_where_a_crash_cut_it_off() {
        let directory = tempfile::tempdir().unwrap();
        let (path, whole) = log_in(&directory);
        let signed = Some(position(1, Step::Precommit));
        for cut in [1, 9, 13, 40] {
            std::fs::write(&path, &whole[..whole.len() - cut]).unwrap();
            let log = read_log(&path, Some(OWN)).unwrap();
            assert_eq!(log, LogState { height: Height(7), empty: false, left: None });
            assert_eq!(standing(signed, Height(7), Some(log)), Standing::Vote);
        }
    }

    #[test]
    fn damage_to_a_log_forgets_what_follows_it_and_the_node_abstains() {
        let directory = tempfile::tempdir().unwrap();
        let (path, whole) = log_in(&directory);
        let entry = (whole.len() - 12) / 4;
        for damaged in 0..4 {
            let mut bytes = whole.clone();
            bytes[12 + damaged * entry + 40] ^= 1;
            std::fs::write(&path, &bytes).unwrap();
            let log = read_log(&path, Some(OWN)).unwrap();
            let votes =
                [None, Some((0, Step::Prevote)), Some((0, Step::Precommit)), Some((1, Step::Prevote))];
            let left = votes[damaged].map(|(round, step)| position(round, step));
            assert_eq!(log, LogState { height: Height(7), empty: damaged == 0, left: Some(left) });
            let signed = Some(position(1, Step::Precommit));
            assert_eq!(standing(signed, Height(7), Some(log)), Standing::AbstainThrough(Height(7)));
            // What the engine opens is whole.
            let again = read_log(&path, Some(OWN)).unwrap();
            assert_eq!(again, LogState { left: None, ..log });
        }
        // Where the last vote is still there, nothing is forgotten.
        let mut bytes = whole.clone();
        bytes[12 + 2 * entry + 40] ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        let log = read_log(&path, Some(OWN));
        assert_eq!(standing(Some(position(0, Step::Precommit)), Height(7), log), Standing::Vote);
    }

    #[test]
    fn a_log_that_cannot_be_read_is_set_aside() {
        let directory = tempfile::tempdir().unwrap();
        let (path, mut bytes) = log_in(&directory);
        bytes[3] ^= 0xff;
        std::fs::write(&path, &bytes).unwrap();
        assert_eq!(read_log(&path, Some(OWN)), None);
        assert!(!path.exists());
        assert_eq!(std::fs::read(directory.path().join("log.damaged")).unwrap(), bytes);
        let signed = Some(position(0, Step::Precommit));
        assert_eq!(standing(signed, Height(7), None), Standing::AbstainThrough(Height(7)));
    }

    #[test]
    fn forgetful_nodes_abstain() {
        let signed = |height, round, step| Some(Position { height: Height(height), round, step });
        let log = |height, empty| Some(LogState { height: Height(height), empty, left: None });
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
        // What was forgotten once stays so, whatever the log has since.
        let passed = signed(7, u32::MAX, Step::Precommit);
        assert_eq!(standing(passed, next, log(7, false)), Standing::AbstainThrough(next));
    }
}
