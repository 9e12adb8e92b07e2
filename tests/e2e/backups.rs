//! Backups of nodes that run: made, added to, checked, and put in the place of a ledger that is lost.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::os::unix::fs::{FileExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rand::Rng as _;
use sanad_e2e::{Net, Said, Stop, poll, program, programs};

fn back_up(net: &Net, node: usize, dir: &str) -> String {
    let said = net.sanad_node(node, &["backup", "create", dir]);
    assert_eq!(said.code, 0, "{said:?}");
    said.out
}

fn verify(net: &Net, dir: &str) -> Said {
    net.sanad_node(1, &["backup", "verify", dir])
}

fn height(dir: &str) -> u64 {
    let text = std::fs::read_to_string(format!("{dir}/backup.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_str(&text).unwrap();
    manifest["log"]["height"].as_u64().unwrap_or(0)
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(self::files(&path)) } else { files.push(path) }
    }
    files.sort();
    files
}

fn segment(dir: &str) -> PathBuf {
    files(&Path::new(dir).join("ledger/segments")).remove(0)
}

fn issue(net: &Net, name: &str, count: usize) {
    let documents = net.documents(name, count);
    let (url, issuer) = (net.url(2), net.path("net/node-2"));
    net.sanad(&["issue", &documents, "--issuer-dir", &issuer, "--node", &url]).json(0);
}

/// Has the node started again and waits until its key signs.
fn votes_again(net: &Net, node: usize, after: u64) {
    net.start_node(node);
    poll("the restored node votes again", || {
        let signed = net.metric(node, "sanad_own_last_signed_height")?;
        (signed > after as f64).then_some(())
    });
}

#[test]
fn a_running_node_is_backed_up_and_restored_and_votes_when_it_is_safe() {
    let net = Net::start(&["--heartbeat-ms", "500"]);
    let dir = net.path("backup");
    issue(&net, "first", 5);
    let said = back_up(&net, 1, &dir);
    assert!(said.starts_with("backup up to height "), "{said}");
    let before = std::fs::read(segment(&dir)).unwrap();
    issue(&net, "second", 5);
    back_up(&net, 1, &dir);
    assert!(std::fs::read(segment(&dir)).unwrap().starts_with(&before), "only what is new is written");
    let sound = verify(&net, &dir);
    assert!(
        sound.code == 0 && sound.out.starts_with(&format!("sound: {} blocks", height(&dir))),
        "{sound:?}"
    );

    // An auditor has the backup alone.
    let audited = net.sanad(&["audit", &dir]).json(0);
    assert!(audited["sound"] == true && audited["is_backup"] == true, "{audited}");
    let rebuilt = net.sanad(&["audit", &dir, "--rebuild"]);
    assert!(rebuilt.code == 2 && rebuilt.err.contains("sanad-node backup restore"), "{rebuilt:?}");

    // What is missing of a node's own ledger is missing, though the file of a backup lies beside it.
    let broken = PathBuf::from(net.path("broken"));
    let copied = |from: &Path, to: PathBuf| {
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::copy(from, to).unwrap();
    };
    for file in files(Path::new(&dir)) {
        copied(&file, broken.join(file.strip_prefix(&dir).unwrap()));
    }
    copied(Path::new(&net.node_path(1, "data/ledger/store.json")), broken.join("ledger/store.json"));
    let audited = net.sanad(&["audit", broken.to_str().unwrap()]).json(1);
    assert!(audited["verdict"] == "derived" && audited["is_backup"] == false, "{audited}");

    // No secret, no memory of signatures.
    let passphrase = std::fs::read_to_string(net.path("net/passphrase")).unwrap();
    let key = std::fs::read(net.node_path(1, "keys/consensus.json")).unwrap();
    for path in files(Path::new(&dir)) {
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(!name.contains("guard") && !name.contains("consensus"), "{name}");
        let bytes = std::fs::read(&path).unwrap();
        assert!(
            bytes != key
                && !bytes.windows(passphrase.trim().len()).any(|w| w == passphrase.trim().as_bytes())
        );
    }
    let with_keys = net.path("with-keys");
    assert_eq!(net.sanad_node(1, &["backup", "create", &with_keys, "--with-keys"]).code, 0);
    let copy = Path::new(&with_keys).join("keys/consensus.json");
    assert_eq!(std::fs::read(&copy).unwrap(), key);
    assert_eq!(std::fs::metadata(&copy).unwrap().permissions().mode() & 0o077, 0);

    // Another chain, another node, another use of the folder.
    let other = Net::create(&[]);
    let foreign = other.path("net/genesis.json");
    let said = net.sanad_node(1, &["backup", "verify", &dir, "--genesis", &foreign]);
    assert!(said.code == 1 && said.err.contains("is of the chain"), "{said:?}");
    let said = net.sanad_node(1, &["backup", "verify", "nosuch"]);
    assert!(said.code == 2 && said.err.contains("nosuch holds no backup"), "{said:?}");
    for command in [&["check"][..], &["backup", "verify", &dir]] {
        let said = program("sanad-node").args(command).args(["--config", "nosuch.toml"]).output().unwrap();
        let words = String::from_utf8_lossy(&said.stderr);
        assert!(said.status.code() == Some(2) && words.contains("nosuch.toml"), "{words}");
    }
    let said = net.sanad_node(2, &["backup", "create", &dir]);
    assert!(said.code == 1 && said.err.contains("a folder of its own for each node"), "{said:?}");
    // A first run that was cut off has nothing to restore.
    let cut = net.node_path(1, "cut");
    std::fs::create_dir(&cut).unwrap();
    let text = std::fs::read_to_string(Path::new(&dir).join("backup.json")).unwrap();
    let mut manifest: serde_json::Value = serde_json::from_str(&text).unwrap();
    (manifest["log"], manifest["files"]) = (serde_json::Value::Null, serde_json::json!([]));
    std::fs::write(cut.join("backup.json"), manifest.to_string()).unwrap();
    let said = net.sanad_node(1, &["backup", "verify", cut.to_str().unwrap()]);
    assert!(said.code == 1 && said.err.contains("no block yet"), "{said:?}");
    // Nothing is left where it is refused: neither a lock, nor folders in the place of a disk that is not mounted.
    let data = net.node_path(1, "data");
    let said = net.sanad_node(1, &["backup", "create", data.to_str().unwrap()]);
    assert!(said.code == 1 && said.err.contains("holds other files"), "{said:?}");
    assert!(!data.join("LOCK").exists());
    let unmounted = net.node_path(1, "unmounted/backup");
    let said = net.sanad_node(1, &["backup", "create", unmounted.to_str().unwrap()]);
    assert!(said.code == 1 && said.err.contains("mounted"), "{said:?}");
    assert!(!net.node_path(1, "unmounted").exists());
    let said = net.sanad_node(2, &["backup", "create", &net.dir()]);
    assert!(said.code == 1 && said.err.contains("holds other files"), "{said:?}");
    let said = net.sanad_node(1, &["backup", "restore", &dir]);
    assert!(said.code == 1 && said.err.contains("holds a ledger"), "{said:?}");

    net.stop_node(1, Stop::Kill);
    let data = net.node_path(1, "data");
    std::fs::remove_dir_all(&data).unwrap();
    // A byte that is not as it was written: nothing is restored.
    let file = std::fs::OpenOptions::new().read(true).write(true).open(segment(&dir)).unwrap();
    let mut byte = [0];
    file.read_exact_at(&mut byte, 400).unwrap();
    file.write_all_at(&[byte[0] ^ 4], 400).unwrap();
    for command in ["verify", "restore"] {
        let said = net.sanad_node(1, &["backup", command, &dir]);
        assert!(said.code == 1 && said.err.contains("not sound"), "{said:?}");
    }
    assert!(!data.exists());
    file.write_all_at(&byte, 400).unwrap();

    // A restore that was cut off leaves no ledger, and the next one begins anew.
    std::fs::create_dir_all(data.join("ledger.restoring/segments")).unwrap();
    let said = net.sanad_node(1, &["backup", "restore", &dir]);
    assert!(said.code == 0 && said.out.contains("the node follows, and votes once enough"), "{said:?}");
    assert!(!data.join("ledger.restoring").exists());
    votes_again(&net, 1, height(&dir));
    let log = std::fs::read_to_string(net.node_path(1, "node.log")).unwrap();
    assert!(
        log.contains("copy") || log.contains("lost") || log.contains("abstain"),
        "it says why it waits: {log}"
    );
    net.wait_for_equal_heads(10);

    // The ledger alone is lost: the guard that is left knows all.
    net.stop_node(1, Stop::Kill);
    std::fs::remove_dir_all(data.join("ledger")).unwrap();
    let said = net.sanad_node(1, &["backup", "restore", &dir]);
    assert!(said.code == 0 && said.out.contains("signing guard: kept"), "{said:?}");
    votes_again(&net, 1, height(&dir));
    net.wait_for_equal_heads(10);
}

#[test]
fn a_backup_that_is_killed_keeps_what_it_had() {
    let net = Net::start(&["--heartbeat-ms", "200"]);
    let dir = net.path("backup");
    let mut last = 0;
    for number in 0..30 {
        let mut command = program("sanad-node");
        command.args(["backup", "create", &dir, "--config"]).arg(net.node_path(1, "node.toml"));
        let mut child = command.spawn().unwrap();
        std::thread::sleep(Duration::from_micros(rand::rng().random_range(0..30_000)));
        child.kill().unwrap();
        child.wait().unwrap();
        if number % 10 == 3 {
            issue(&net, &format!("load-{number}"), 20);
        }
        if Path::new(&dir).join("backup.json").exists() {
            let said = verify(&net, &dir);
            // A first run that was cut off has begun a backup, and no more.
            let is_begun = last == 0 && said.code == 1 && said.err.contains("no block yet");
            assert!(said.code == 0 || is_begun, "{number}: {said:?}");
            assert!(height(&dir) >= last);
            last = height(&dir);
        }
    }
    back_up(&net, 1, &dir);
    assert_eq!(verify(&net, &dir).code, 0);
    assert!(height(&dir) >= last.max(1));
}

#[test]
fn a_full_disk_ends_a_backup_and_costs_nothing() {
    let net = Net::start(&["--heartbeat-ms", "500"]);
    let dir = net.path("backup");
    back_up(&net, 1, &dir);
    let before = height(&dir);
    issue(&net, "many", 600);
    // What `ulimit -f` allows is less than the log has: writing fails as on a full disk.
    let full = Command::new("sh")
        .args(["-c", "ulimit -f 16; exec \"$0\" \"$@\""])
        .arg(programs().join("sanad-node"))
        .args(["backup", "create", &dir, "--config"])
        .arg(net.node_path(1, "node.toml"))
        .output()
        .unwrap();
    let said = String::from_utf8(full.stderr).unwrap();
    assert!(full.status.code() == Some(1) && said.contains(".seg"), "{said}");
    assert_eq!(height(&dir), before);
    let sound = verify(&net, &dir);
    assert!(sound.code == 0 && sound.out.starts_with(&format!("sound: {before} blocks")), "{sound:?}");
    back_up(&net, 1, &dir);
    assert!(height(&dir) > before);
    assert_eq!(verify(&net, &dir).code, 0);
}
