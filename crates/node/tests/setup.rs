//! What a node refuses to start with, and what `init` leaves behind.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::path::{Path, PathBuf};

use sanad_consensus_lite::{Position, SigningGuard, Step};
use sanad_core::genesis::{Genesis, GenesisSignatureError};
use sanad_core::ids::Height;
use sanad_core::keyfile::{self, KdfParameters};
use sanad_core::signature::SecretKey;
use sanad_node::config::{Config, Overrides};
use sanad_node::recovery::{Doubtful, Memory, Part, Recovered, recover};
use sanad_node::setup::{DataDir, Setup, init};
use sanad_node::{KeyError, NodeError, NodeKeys};
use sanad_testkit::{agree, consensus_key, genesis, governance_key, id, issuing_key, network_key};

/// The files of the node of `v0`.
struct Node {
    folder: tempfile::TempDir,
    config: Config,
}

impl Node {
    fn new(genesis: &Genesis) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("genesis.json"), genesis.to_json()).unwrap();
        std::fs::write(path("passphrase"), "secret\n").unwrap();
        set_mode(&path("passphrase"), 0o600);
        write_key(&path("consensus.json"), "consensus", &consensus_key("v0"));
        write_key(&path("network.json"), "network", &network_key("v0"));
        let text = r#"
            genesis = "genesis.json"
            data_dir = "data"
            member = "v0"
            [keys]
            consensus = "consensus.json"
            network = "network.json"
            passphrase_file = "passphrase"
            [api]
            listen = "127.0.0.1:0"
            [consensus]
            listen = "127.0.0.1:0"
            [gossip]
            listen = "127.0.0.1:0"
        "#;
        std::fs::write(path("node.toml"), text).unwrap();
        let config = Config::load(&path("node.toml"), &Overrides::default()).unwrap();
        Self { folder, config }
    }

    fn ledger(&self) -> PathBuf {
        DataDir::new(&self.config).ledger()
    }

    fn guard(&self) -> PathBuf {
        sanad_consensus_lite::Config::guard_path(&DataDir::new(&self.config).consensus())
    }
}

/// A key file that opens at once: the cost of a guess is not what is tested here.
fn write_key(path: &Path, purpose: &str, key: &SecretKey) {
    let cheap = KdfParameters { memory_kib: 8, iterations: 1, lanes: 1 };
    let text = keyfile::seal(&key.seed(), b"secret", purpose, cheap, [1; 16], [2; 24]).unwrap();
    std::fs::write(path, text).unwrap();
    set_mode(path, 0o600);
}

fn set_mode(path: &Path, mode: u32) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }
    #[cfg(not(unix))]
    let _ = (path, mode);
}

#[cfg(unix)]
#[test]
fn secrets_that_others_can_read_are_refused() {
    let node = Node::new(&genesis());
    for name in ["passphrase", "consensus.json", "network.json"] {
        let path = node.folder.path().join(name);
        set_mode(&path, 0o640);
        let error = NodeKeys::open(&node.config.keys).unwrap_err();
        assert!(matches!(&error, KeyError::Exposed { path: named } if *named == path), "{error:?}");
        assert!(error.to_string().contains("chmod 600"), "{error}");
        set_mode(&path, 0o600);
    }
    assert!(NodeKeys::open(&node.config.keys).is_ok());
}

#[test]
fn a_genesis_that_is_not_signed_by_all_is_refused() {
    type Missing = fn(&GenesisSignatureError) -> bool;
    type Change = fn(&mut Genesis);
    let cases: [(&str, Change, Missing); 7] = [
        ("none at all", |genesis| genesis.signatures.clear(), |_| true),
        (
            "one member's missing",
            |genesis| drop(genesis.signatures.remove(&id("observer"))),
            |error| matches!(error, GenesisSignatureError::Missing { member, signed: 0, needed: 1 } if *member == id("observer")),
        ),
        (
            "no agreement",
            |genesis| genesis.signatures.get_mut(&id("v3")).unwrap().agreement.clear(),
            |error| matches!(error, GenesisSignatureError::Missing { signed: 0, .. }),
        ),
        (
            "an agreement to another genesis",
            |genesis| {
                let mut other = genesis.clone();
                other.name.push('!');
                let member = genesis.members[0].clone();
                genesis.signatures.get_mut(&member.id).unwrap().agreement = agree(&other, &member).agreement;
            },
            |error| matches!(error, GenesisSignatureError::Signature { .. }),
        ),
        (
            "an agreement by another kind of key",
            |genesis| {
                let key = issuing_key("v1");
                let agreement = sanad_core::genesis::agreement_message(&genesis.chain_id());
                let signed = [(key.public(), key.sign(&agreement))].into();
                genesis.signatures.get_mut(&id("v1")).unwrap().agreement = signed;
            },
            |error| matches!(error, GenesisSignatureError::UnknownKey { .. }),
        ),
        (
            "a key nobody is shown to hold",
            |genesis| {
                let possession = &mut genesis.signatures.get_mut(&id("v2")).unwrap().possession;
                possession[1] = governance_key("v2").sign(b"another file");
            },
            |error| matches!(error, GenesisSignatureError::Possession { .. }),
        ),
        (
            "a stranger's",
            |genesis| {
                let signed = genesis.signatures[&id("v0")].clone();
                genesis.signatures.insert(id("stranger"), signed);
            },
            |error| matches!(error, GenesisSignatureError::NotAMember { .. }),
        ),
    ];
    let good = genesis();
    for (case, change, expected) in cases {
        let mut bad = good.clone();
        change(&mut bad);
        assert_eq!(bad.chain_id(), good.chain_id(), "signatures are not part of the chain id");
        let node = Node::new(&bad);
        // `init`, `check` and `run` alike begin with this.
        for refused in [Setup::load(&node.config), init(&node.config)] {
            match refused {
                Err(NodeError::GenesisSignatures { source, .. }) => {
                    assert!(expected(&source), "{case}: {source}");
                }
                other => panic!("{case}: {other:?}"),
            }
        }
        assert!(!node.config.data_dir.exists(), "{case}");
    }
    Setup::load(&Node::new(&good).config).unwrap();
}

#[test]
fn init_makes_a_ledger_and_a_guard_once() {
    let node = Node::new(&genesis());
    init(&node.config).unwrap();
    assert!(node.ledger().is_dir() && node.guard().is_file());
    let before = std::fs::read(node.guard()).unwrap();
    assert!(matches!(init(&node.config), Err(NodeError::HasRun { .. })));
    assert_eq!(std::fs::read(node.guard()).unwrap(), before);
}

/// A new guard beside an old ledger would let the key sign again what it signed.
#[test]
fn init_makes_no_guard_for_a_ledger_that_is_there() {
    let node = Node::new(&genesis());
    init(&node.config).unwrap();
    std::fs::remove_file(node.guard()).unwrap();
    assert!(matches!(init(&node.config), Err(NodeError::HasRun { .. })));
    assert!(!node.guard().exists());
}

#[test]
fn init_makes_no_guard_if_the_ledger_cannot_be_made() {
    let node = Node::new(&genesis());
    std::fs::create_dir_all(&node.config.data_dir).unwrap();
    std::fs::write(node.ledger(), "a file in its place").unwrap();
    assert!(matches!(init(&node.config), Err(NodeError::HasRun { .. })));
    assert!(!node.guard().exists());
    // Nothing is written where it finds that it cannot go on.
    assert_eq!(std::fs::read_dir(&node.config.data_dir).unwrap().count(), 1);
}

/// A log of consensus alone shows that the key has signed.
#[test]
fn init_makes_nothing_beside_what_is_left_of_a_node() {
    let node = Node::new(&genesis());
    let consensus = DataDir::new(&node.config).consensus();
    std::fs::create_dir_all(&consensus).unwrap();
    std::fs::write(consensus.join("consensus.log"), "").unwrap();
    assert!(matches!(init(&node.config), Err(NodeError::HasRun { path }) if path == consensus));
    assert!(!node.ledger().exists() && !node.guard().exists());
}

fn guard(node: &Node) -> SigningGuard {
    let chain_id = genesis().chain_id();
    SigningGuard::open(&node.guard(), chain_id, consensus_key("v0").public()).unwrap()
}

const SIGNED: Position = Position { height: Height(7), round: 0, step: Step::Precommit };

/// The configuration still names the first key; the one that replaced it has a guard of its own.
#[test]
fn recover_sees_to_the_guards_of_all_keys() {
    let node = ran();
    let consensus = DataDir::new(&node.config).consensus();
    let later = consensus_key("later");
    let path = sanad_consensus_lite::Config::guard_path_of(&consensus, &later.public());
    assert_ne!(path, node.guard());
    let mut made = SigningGuard::create(&path, genesis().chain_id(), later.public()).unwrap();
    made.authorize(Position { height: Height(20), ..SIGNED }, b"vote").unwrap();
    drop(made);
    // The ledger is there: the disk may have been set back.
    assert_eq!(recover(&node.config, None, Doubtful::Refuse).unwrap().guard, Some(Memory::Lost));
    assert!(SigningGuard::inspect(&path).unwrap().lost && SigningGuard::inspect(&node.guard()).unwrap().lost);
    recover(&node.config, Some(Height(30)), Doubtful::Refuse).unwrap();
    let mut kept = SigningGuard::open(&path, genesis().chain_id(), later.public()).unwrap();
    assert!(!kept.is_lost() && kept.authorize(Position { height: Height(30), ..SIGNED }, b"vote").is_err());
    kept.authorize(Position { height: Height(31), ..SIGNED }, b"vote").unwrap();
    drop(kept);
    // One that cannot be read is put aside.
    std::fs::write(&path, "damaged").unwrap();
    recover(&node.config, None, Doubtful::Refuse).unwrap();
    assert!(!path.exists() && path.with_extension("guard.damaged").exists());
}

/// A node that has run.
fn ran() -> Node {
    let node = Node::new(&genesis());
    init(&node.config).unwrap();
    guard(&node).authorize(SIGNED, b"vote").unwrap();
    node
}

#[test]
fn a_lost_ledger_is_made_again_beside_a_guard_that_is_kept() {
    let node = ran();
    std::fs::remove_dir_all(node.ledger()).unwrap();
    let log = node.guard().with_file_name("consensus.log");
    std::fs::write(log, vec![0; 1 << 20]).unwrap();
    let recovered = recover(&node.config, None, Doubtful::Refuse).unwrap();
    assert_eq!(recovered, Recovered { ledger: Part::Made, guard: Some(Memory::Whole) });
    let kept = guard(&node);
    assert_eq!((kept.position(), kept.is_lost()), (Some(SIGNED), false));
    drop(kept);
    // Once more: it is for the operator to say that a directory was set back.
    let recovered = recover(&node.config, None, Doubtful::Refuse).unwrap();
    assert_eq!(recovered, Recovered { ledger: Part::Kept, guard: Some(Memory::Lost) });
    assert!(guard(&node).is_lost());
}

/// A power cut may have taken the last records of the guard, which the log would have.
#[test]
fn a_guard_beside_no_ledger_and_no_log_is_lost() {
    let node = ran();
    std::fs::remove_dir_all(node.ledger()).unwrap();
    let recovered = recover(&node.config, None, Doubtful::Refuse).unwrap();
    assert_eq!(recovered, Recovered { ledger: Part::Made, guard: Some(Memory::Lost) });
    assert!(guard(&node).is_lost());
}

#[test]
fn a_lost_guard_permits_nothing_until_peers_have_answered() {
    let node = ran();
    for lost in [vec![node.guard()], vec![node.guard(), node.ledger()]] {
        for path in &lost {
            if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) }.unwrap();
        }
        let recovered = recover(&node.config, None, Doubtful::Refuse).unwrap();
        let ledger = if lost.len() == 1 { Part::Kept } else { Part::Made };
        assert_eq!(recovered, Recovered { ledger, guard: Some(Memory::Lost) });
        assert!(guard(&node).authorize(SIGNED, b"another").is_err());
    }
    std::fs::write(node.guard(), "damaged").unwrap();
    assert_eq!(recover(&node.config, None, Doubtful::Refuse).unwrap().guard, Some(Memory::Lost));
    let aside = node.guard().with_extension("guard.damaged");
    assert_eq!(std::fs::read_to_string(aside).unwrap(), "damaged");
    // Taken for a typing error, until it is said that it is none. Nothing is changed.
    let before = std::fs::read(node.guard()).unwrap();
    let refused = recover(&node.config, Some(Height(900_000)), Doubtful::Refuse).unwrap_err();
    let text = refused.to_string();
    assert!(text.contains("900000 blocks above the ledger's last, 0") && text.contains("--yes"), "{text}");
    assert_eq!(std::fs::read(node.guard()).unwrap(), before);
    let recovered = recover(&node.config, Some(Height(9)), Doubtful::Refuse).unwrap();
    let through = Memory::Through { height: Height(9), above: None, head: Height::GENESIS };
    assert_eq!(recovered.guard, Some(through));
    let next = Position { height: Height(10), ..SIGNED };
    assert!(guard(&node).authorize(SIGNED, b"another").is_err());
    guard(&node).authorize(next, b"vote").unwrap();
    // The same with a ledger, where the key has no guard: only the guard knew whether it signed at the height after.
    std::fs::remove_file(node.guard()).unwrap();
    let refused = recover(&node.config, Some(Height(0)), Doubtful::Refuse).unwrap_err();
    assert!(matches!(refused, NodeError::SignedNext { next: Height(1), .. }), "{refused}");
    assert!(!node.guard().exists());
    recover(&node.config, Some(Height(1)), Doubtful::Refuse).unwrap();
    recover(&node.config, Some(Height(900_000)), Doubtful::Accept).unwrap();
    assert_eq!(guard(&node).position().unwrap().height, Height(900_000));
}

#[test]
fn a_recovery_that_was_cut_off_is_completed() {
    let node = ran();
    for left in [&["LOCK"][..], &["LOCK", "segments/00000000000000000000.seg.new"], &["checkpoint.sled/db"]] {
        std::fs::remove_dir_all(node.ledger()).unwrap();
        for file in left {
            let path = node.ledger().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        let recovered = recover(&node.config, None, Doubtful::Refuse).unwrap();
        assert_eq!(recovered.ledger, Part::Made, "{left:?}");
    }
    // What is not of a ledger is not removed.
    std::fs::remove_dir_all(node.ledger()).unwrap();
    std::fs::create_dir(node.ledger()).unwrap();
    let thesis = node.ledger().join("thesis.pdf");
    std::fs::write(&thesis, "").unwrap();
    assert!(matches!(recover(&node.config, None, Doubtful::Refuse), Err(NodeError::DamagedLog { .. })));
    assert!(thesis.exists());
}

#[test]
fn init_makes_no_ledger_beside_a_guard() {
    let node = Node::new(&genesis());
    std::fs::create_dir_all(node.guard().parent().unwrap()).unwrap();
    std::fs::write(node.guard(), "whatever it holds").unwrap();
    assert!(matches!(init(&node.config), Err(NodeError::HasRun { .. })));
    assert!(!node.ledger().exists());
    assert_eq!(std::fs::read_to_string(node.guard()).unwrap(), "whatever it holds");
}

#[test]
fn keys_of_another_member_are_refused() {
    for (file, purpose, key) in
        [("consensus.json", "consensus", consensus_key("v1")), ("network.json", "network", network_key("v1"))]
    {
        let node = Node::new(&genesis());
        write_key(&node.folder.path().join(file), purpose, &key);
        let refused = Setup::load(&node.config);
        assert!(
            matches!(&refused, Err(NodeError::ForeignKey { member, .. }) if *member == id("v0")),
            "{refused:?}"
        );
    }
}

#[test]
fn a_directory_that_a_newer_program_wrote_is_refused_and_left_alone() {
    let node = Node::new(&genesis());
    init(&node.config).unwrap();
    let mode = std::os::unix::fs::MetadataExt::mode(&std::fs::metadata(&node.config.data_dir).unwrap());
    assert_eq!(mode & 0o077, 0, "it is its owner's alone");
    let said = |error: NodeError| {
        let causes = std::iter::successors(Some(&error as &dyn std::error::Error), |error| error.source());
        causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
    };
    let guard = std::fs::read(node.guard()).unwrap();
    let newer = [b"sanad guard/v3\0\0", &guard[16..]].concat();
    std::fs::write(node.guard(), &newer).unwrap();
    let refused = said(recover(&node.config, None, Doubtful::Refuse).unwrap_err());
    assert!(refused.contains("another version of this program"), "{refused}");
    assert_eq!(std::fs::read(node.guard()).unwrap(), newer);
    std::fs::write(node.guard(), guard).unwrap();
    let identity = node.ledger().join("store.json");
    let text = std::fs::read_to_string(&identity).unwrap().replace("\"version\": 1", "\"version\": 2");
    std::fs::write(&identity, &text).unwrap();
    let refused = said(recover(&node.config, None, Doubtful::Refuse).unwrap_err());
    assert!(
        refused.contains("has format 2; this program knows format 1: use the program that wrote it"),
        "{refused}"
    );
    assert_eq!(std::fs::read_to_string(&identity).unwrap(), text);
}
