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
    guard.raise(prevote, b"a", true).unwrap();
    guard.raise(precommit, b"b", true).unwrap();
    guard.raise(prevote, b"older, so not compared", true).unwrap();
    assert_eq!(guard.position(), Some(precommit));
    assert!(matches!(guard.raise(precommit, b"c", true), Err(GuardError::Conflict { .. })));
    assert!(matches!(guard.authorize(precommit, b"c"), Err(GuardError::Conflict { .. })));
    guard.authorize(precommit, b"b").unwrap();
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

/// A copy of a guard file, as a backup tool makes it.
fn copy(from: &Path, to: &Path) {
    std::fs::write(to, std::fs::read(from).unwrap()).unwrap();
}

/// Ages the last write of a guard beyond what a slow write explains.
fn wait() {
    std::thread::sleep(std::time::Duration::from_millis(300));
}

#[test]
fn a_copy_knows_that_it_is_one_and_signs_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let (path, backup) = (guard_in(&directory), directory.path().join("backup"));
    let mut guard = SigningGuard::create(&path, CHAIN, KEY).unwrap();
    guard.authorize(at(5, 0, Step::Precommit), b"a").unwrap();
    copy(&path, &backup);
    guard.authorize(at(9, 0, Step::Precommit), b"a").unwrap();
    drop(guard);
    assert!(!SigningGuard::open(&path, CHAIN, KEY).unwrap().is_lost());
    wait();
    // In the place of the file, and into the file.
    let restore = |over: bool| {
        if !over {
            std::fs::remove_file(&path).unwrap();
        }
        copy(&backup, &path);
        let guard = SigningGuard::open(&path, CHAIN, KEY).unwrap();
        assert!(guard.is_lost(), "{over}");
        guard
    };
    drop(restore(true));
    let mut guard = restore(false);
    let refused = guard.authorize(at(30, 0, Step::Precommit), b"a");
    assert!(matches!(refused, Err(GuardError::Lost { .. })));
    drop(guard);
    // It stays lost over restarts, until it is settled.
    let mut guard = SigningGuard::open(&path, CHAIN, KEY).unwrap();
    assert!(guard.is_lost());
    guard.pass(Height(11)).unwrap();
    drop(guard);
    let mut guard = SigningGuard::open(&path, CHAIN, KEY).unwrap();
    assert!(!guard.is_lost());
    let refused = guard.authorize(at(11, 7, Step::Precommit), b"a");
    assert!(matches!(refused, Err(GuardError::Regression { .. })));
    guard.authorize(at(12, 0, Step::Proposal), b"a").unwrap();
}

/// The log was synced, the guard was not.
#[test]
fn what_a_power_cut_took_is_not_lost_if_the_log_has_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = guard_in(&directory);
    let mut guard = SigningGuard::create(&path, CHAIN, KEY).unwrap();
    guard.authorize(at(5, 0, Step::Prevote), b"a").unwrap();
    drop(guard);
    let older = std::fs::read(&path).unwrap();
    wait();
    for own in [false, true] {
        std::fs::write(&path, &older).unwrap();
        let mut guard = SigningGuard::open(&path, CHAIN, KEY).unwrap();
        assert!(guard.is_lost());
        guard.raise(at(5, 0, Step::Prevote), b"a", own).unwrap();
        assert!(guard.is_lost(), "the log knows no more");
        guard.raise(at(7, 0, Step::Precommit), b"b", own).unwrap();
        assert_eq!(guard.is_lost(), !own);
        drop(guard);
        assert_eq!(SigningGuard::open(&path, CHAIN, KEY).unwrap().is_lost(), !own);
    }
}

#[test]
fn what_was_set_back_or_is_gone_can_be_said() {
    let directory = tempfile::tempdir().unwrap();
    let path = guard_in(&directory);
    let mut guard = SigningGuard::create_lost(&path, CHAIN, KEY).unwrap();
    assert!(guard.is_lost() && guard.authorize(at(1, 0, Step::Prevote), b"a").is_err());
    guard.pass(Height(4)).unwrap();
    guard.authorize(at(8, 0, Step::Prevote), b"a").unwrap();
    guard.mark_lost().unwrap();
    drop(guard);
    let mut guard = SigningGuard::open(&path, CHAIN, KEY).unwrap();
    assert!(guard.is_lost());
    guard.pass(Height(6)).unwrap();
    assert_eq!(guard.position(), Some(at(8, 0, Step::Prevote)), "what is known is not forgotten");
    assert!(matches!(guard.authorize(at(8, 0, Step::Prevote), b"b"), Err(GuardError::Conflict { .. })));
}

/// A guard that never signed is moved and handed to other users before its first start.
#[test]
fn a_fresh_guard_may_change_hands() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = tempfile::tempdir().unwrap();
    let (path, moved) = (guard_in(&directory), directory.path().join("moved"));
    drop(SigningGuard::create(&path, CHAIN, KEY).unwrap());
    wait();
    std::fs::rename(&path, &moved).unwrap();
    std::fs::set_permissions(&moved, std::fs::Permissions::from_mode(0o600)).unwrap();
    assert!(!SigningGuard::open(&moved, CHAIN, KEY).unwrap().is_lost());
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
