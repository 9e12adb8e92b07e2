use super::*;

const CHAIN: ChainId = ChainId([1; 32]);
const KEY: PublicKey = PublicKey([2; 32]);

fn at(height: u64, round: u32, step: Step) -> Position {
    Position { height: Height(height), round, step }
}

fn guard_in(directory: &tempfile::TempDir) -> PathBuf {
    directory.path().join("guard")
}

#[test]
fn the_same_message_again_and_no_other() {
    let directory = tempfile::tempdir().unwrap();
    let mut guard = SigningGuard::create(&guard_in(&directory), CHAIN, KEY).unwrap();
    assert_eq!(guard.position(), None);
    let prevote = at(5, 1, Step::Prevote);
    guard.authorize(prevote, b"a").unwrap();
    guard.authorize(prevote, b"a").unwrap();
    assert!(
        matches!(guard.authorize(prevote, b"b"), Err(GuardError::Conflict { position }) if position == prevote)
    );
    for lower in [at(4, 9, Step::Precommit), at(5, 0, Step::Precommit), at(5, 1, Step::Proposal)] {
        let refused = guard.authorize(lower, b"a");
        assert!(matches!(refused, Err(GuardError::Regression { asked, .. }) if asked == lower), "{lower}");
    }
    for higher in [at(5, 1, Step::Precommit), at(5, 2, Step::Proposal), at(6, 0, Step::Proposal)] {
        guard.authorize(higher, b"c").unwrap();
        assert_eq!(guard.position(), Some(higher));
    }
}

#[test]
fn a_log_that_knows_more_raises_it() {
    let directory = tempfile::tempdir().unwrap();
    let mut guard = SigningGuard::create(&guard_in(&directory), CHAIN, KEY).unwrap();
    let (prevote, precommit) = (at(5, 0, Step::Prevote), at(5, 0, Step::Precommit));
    guard.raise(prevote, b"a").unwrap();
    guard.raise(precommit, b"b").unwrap();
    guard.raise(prevote, b"older, so not compared").unwrap();
    assert_eq!(guard.position(), Some(precommit));
    assert!(matches!(guard.raise(precommit, b"c"), Err(GuardError::Conflict { .. })));
    assert!(matches!(guard.authorize(precommit, b"c"), Err(GuardError::Conflict { .. })));
    guard.authorize(precommit, b"b").unwrap();
}

#[test]
fn a_height_that_is_closed_stays_closed() {
    let directory = tempfile::tempdir().unwrap();
    let path = guard_in(&directory);
    let mut guard = SigningGuard::create(&path, CHAIN, KEY).unwrap();
    guard.authorize(at(5, 0, Step::Prevote), b"a").unwrap();
    guard.close(Height(5)).unwrap();
    guard.close(Height(4)).unwrap();
    drop(guard);
    let mut guard = SigningGuard::open(&path, CHAIN, KEY).unwrap();
    guard.close(Height(5)).unwrap();
    let refused = guard.authorize(at(5, 7, Step::Precommit), b"b");
    assert!(matches!(refused, Err(GuardError::Regression { .. })));
    guard.authorize(at(6, 0, Step::Proposal), b"c").unwrap();
}

#[test]
fn remembers_over_restarts() {
    let directory = tempfile::tempdir().unwrap();
    let path = guard_in(&directory);
    drop(SigningGuard::create(&path, CHAIN, KEY).unwrap());
    for height in 1..6 {
        let mut guard = SigningGuard::open(&path, CHAIN, KEY).unwrap();
        let position = at(height, 0, Step::Precommit);
        guard.authorize(position, b"a").unwrap();
        drop(guard);
        let mut guard = SigningGuard::open(&path, CHAIN, KEY).unwrap();
        assert_eq!(guard.position(), Some(position));
        guard.authorize(position, b"a").unwrap();
        assert!(matches!(guard.authorize(position, b"b"), Err(GuardError::Conflict { .. })));
    }
}

#[test]
fn refuses_what_is_not_its_own() {
    let directory = tempfile::tempdir().unwrap();
    let path = guard_in(&directory);
    assert!(matches!(SigningGuard::open(&path, CHAIN, KEY), Err(GuardError::Missing { .. })));
    let guard = SigningGuard::create(&path, CHAIN, KEY).unwrap();
    assert!(matches!(SigningGuard::create(&path, CHAIN, KEY), Err(GuardError::AlreadyExists { .. })));
    assert!(matches!(SigningGuard::open(&path, CHAIN, KEY), Err(GuardError::Locked { .. })));
    drop(guard);
    assert!(matches!(SigningGuard::open(&path, ChainId([9; 32]), KEY), Err(GuardError::OtherChain { .. })));
    assert!(matches!(SigningGuard::open(&path, CHAIN, PublicKey([9; 32])), Err(GuardError::OtherKey { .. })));
}

#[test]
fn a_torn_write_leaves_the_last_position() {
    let directory = tempfile::tempdir().unwrap();
    let path = guard_in(&directory);
    let mut guard = SigningGuard::create(&path, CHAIN, KEY).unwrap();
    guard.authorize(at(1, 0, Step::Prevote), b"a").unwrap();
    guard.authorize(at(2, 0, Step::Prevote), b"a").unwrap();
    drop(guard);
    let whole = std::fs::read(&path).unwrap();
    // The third write goes to the second slot: torn at any byte, the first slot still counts.
    for torn_at in [0, 17, 100, 511] {
        let mut torn = whole.clone();
        torn[SLOT_BYTES + torn_at..].fill(0xee);
        std::fs::write(&path, &torn).unwrap();
        let guard = SigningGuard::open(&path, CHAIN, KEY).unwrap();
        assert_eq!(guard.position(), Some(at(2, 0, Step::Prevote)));
    }
}

#[test]
fn damage_is_not_taken_for_a_fresh_guard() {
    let directory = tempfile::tempdir().unwrap();
    let path = guard_in(&directory);
    drop(SigningGuard::create(&path, CHAIN, KEY).unwrap());
    let whole = std::fs::read(&path).unwrap();
    let mut flipped = whole.clone();
    flipped[30] ^= 1;
    let longer = [whole.clone(), vec![0]].concat();
    for damaged in [Vec::new(), whole[..512].to_vec(), longer, flipped] {
        std::fs::write(&path, damaged).unwrap();
        assert!(matches!(SigningGuard::open(&path, CHAIN, KEY), Err(GuardError::Corrupt { .. })));
    }
}
