//! Key files and members' folders.

use std::fs;

use crate::program::{command, private, run, sanad};

#[test]
fn a_key_is_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let made = sanad(folder.path(), "key new --purpose issuing --out key.json --json").expect(0);
    let before = fs::read(folder.path().join("key.json")).unwrap();
    sanad(folder.path(), "key new --purpose consensus --out key.json").expect_error("exists already");
    assert_eq!(fs::read(folder.path().join("key.json")).unwrap(), before);
    let shown = sanad(folder.path(), "key show key.json --json").expect(0).json();
    assert_eq!(shown["purpose"], "issuing");
    assert_eq!(shown["public_key"], made.json()["public_key"]);
    assert!(!String::from_utf8(before).unwrap().contains("kata sandi"));
}

#[cfg(unix)]
#[test]
fn a_key_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    sanad(folder.path(), "key new --purpose network --out key.json").expect(0);
    let mode = fs::metadata(folder.path().join("key.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_passphrase_is_needed_and_may_stand_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["key", "new", "--purpose", "issuing", "--out", "key.json"];
    run(command(folder.path()).args(arguments).env_remove("SANAD_PASSPHRASE"))
        .expect_error("--passphrase-file");
    run(command(folder.path()).args(arguments).env("SANAD_PASSPHRASE", "")).expect_error("empty");
    assert!(!folder.path().join("key.json").exists());
    fs::write(folder.path().join("passphrase"), "rahasia yang panjang\n").unwrap();
    private(&folder.path().join("passphrase"));
    run(command(folder.path()).args(arguments).env("SANAD_PASSPHRASE_FILE", "passphrase")).expect(0);
}

#[test]
fn a_new_passphrase_is_no_word() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["key", "new", "--purpose", "issuing", "--out", "key.json"];
    for (passphrase, said) in
        [("x", "at least 12"), ("rahasia2026", "at least 12"), ("aaaaaaaaaaaaaaaa", "only 1 different")]
    {
        run(command(folder.path()).args(arguments).env("SANAD_PASSPHRASE", passphrase)).expect_error(said);
    }
    assert!(!folder.path().join("key.json").exists());
    // As RFC 9106 recommends.
    sanad(folder.path(), "key new --purpose issuing --out key.json").expect(0);
    let file: serde_json::Value =
        serde_json::from_slice(&fs::read(folder.path().join("key.json")).unwrap()).unwrap();
    let cost = ["memory_kib", "iterations", "lanes"].map(|name| file["kdf"][name].as_u64().unwrap());
    assert_eq!(cost, [64 << 10, 3, 4]);
}

#[cfg(unix)]
#[test]
fn secrets_that_others_can_read_are_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let node = crate::node::Node::start();
    let folder = node.folder(&["a.json"]);
    let mode = |path: &str, mode| {
        let path = folder.path().join(path);
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    let issue = "issue awards --issuer-dir issuer --genesis genesis.json";
    fs::write(folder.path().join("passphrase"), crate::program::PASSPHRASE).unwrap();
    for exposed in [0o644, 0o640, 0o602] {
        mode("issuer/keys/issuing.json", exposed);
        node.sanad(folder.path(), issue).expect_error("chmod 600 issuer/keys/issuing.json");
        mode("issuer/keys/issuing.json", 0o600);
        mode("passphrase", exposed);
        node.sanad(folder.path(), &format!("{issue} --passphrase-file passphrase"))
            .expect_error("chmod 600 passphrase");
        mode("passphrase", 0o400);
    }
    node.sanad(folder.path(), &format!("{issue} --passphrase-file passphrase")).expect(0);
}

#[test]
fn other_files_are_not_key_files() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("key.json"), "{}").unwrap();
    sanad(folder.path(), "key show key.json").expect_error("not a key file");
    sanad(folder.path(), "key show missing.json").expect_error("cannot be opened");
}

#[test]
fn a_member_gets_the_keys_of_its_role() {
    const NEW: &str = "member new --invitation invitation.json";
    let folder = tempfile::tempdir().unwrap();
    sanad(folder.path(), "genesis invite --name Uji --out invitation.json").expect(0);
    for (role, with, keys) in [
        ("validator", "", &["consensus", "governance", "issuing", "network"][..]),
        ("issuer", "", &["governance", "issuing"]),
        ("issuer", "--with-node", &["governance", "issuing", "network"]),
        ("observer", "", &["governance"]),
        ("observer", "--with-node", &["governance", "network"]),
    ] {
        let name = format!("{role}{with}");
        let arguments = format!("{NEW} --id uji.ac.id --name Uji --role {role} --dir {name} {with}");
        sanad(folder.path(), &arguments).expect(0);
        let mut found: Vec<String> = fs::read_dir(folder.path().join(&name).join("keys"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap().replace(".json", ""))
            .collect();
        found.sort();
        assert_eq!(found, keys, "{name}");
        sanad(folder.path(), &arguments).expect_error("never overwritten");
    }
    sanad(folder.path(), &format!("{NEW} --id UJI --name Uji --role issuer --dir bad")).expect(2);
    let empty =
        format!("{NEW} --id uji.ac.id --name Uji --role issuer --dir bad --issuer-id http://uji.ac.id");
    sanad(folder.path(), &empty).expect_error("--issuer-id");
    assert!(!folder.path().join("bad").exists());
}
