//! An issuer's register beside a real network: import, lost receipts, revocation by e-mail, reissue, erasure.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::fs;
use std::path::{Path, PathBuf};

use sanad_core::utc::Utc;
use sanad_e2e::rosters::{killed_once, prepare};
use sanad_e2e::{Net, program};
use serde_json::{Value, json};

fn badge(name: &str, title: &str) -> String {
    let identity = |kind: &str, text: &str| json!({"type": "IdentityObject", "identityType": kind, "identityHash": text, "hashed": false});
    let email = format!("{}@univ-merapi.example", name.to_lowercase());
    let badge = json!({
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "validFrom": "2026-09-01T00:00:00Z",
        "credentialSubject": {
            "identifier": [identity("name", name), identity("emailAddress", &email)],
            "achievement": {"id": format!("https://univ-merapi.example/{title}"), "name": title},
        },
    });
    badge.to_string()
}

#[test]
fn a_register_keeps_what_was_issued_through_its_whole_life() {
    let net = Net::start(&["--nodes", "4"]);
    let (register, awards, issuer) = (net.path("register.db"), net.path("awards"), net.path("net/node-1"));
    let url = net.url(2);
    let passphrase = net.path("net/passphrase");
    let sanad = |arguments: &[&str]| {
        let with = ["--register", &register, "--register-passphrase-file", &passphrase];
        net.sanad(&[arguments, &with].concat())
    };
    let online = |arguments: &[&str]| {
        let with = ["--issuer-dir", issuer.as_str(), "--node", &url];
        sanad(&[arguments, &with].concat())
    };
    fs::create_dir(&awards).unwrap();
    for name in ["Siti", "Budi", "Ayu", "Made"] {
        fs::write(Path::new(&awards).join(format!("{name}.json")), badge(name, "Awan")).unwrap();
    }
    let create =
        ["register", "create", &register, "--issuer-dir", &issuer, "--register-passphrase-file", &passphrase];
    net.sanad(&create).json(0);

    // Issued before there was a register, and taken into it.
    net.sanad(&["issue", &awards, "--issuer-dir", &issuer, "--node", &url]).json(0);
    let imported = sanad(&["register", "import", &awards]).json(0);
    assert_eq!(imported["imported"], 4);
    // Issued with it.
    let more = net.path("more");
    fs::create_dir(&more).unwrap();
    fs::write(Path::new(&more).join("Wayan.json"), badge("Wayan", "Awan")).unwrap();
    online(&["issue", &more]).json(0);
    let list =
        || -> Vec<Value> { sanad(&["register", "list"]).json(0)["credentials"].as_array().unwrap().clone() };
    let row = |file: &str| list().into_iter().find(|row| row["file"] == file).unwrap();
    assert_eq!(list().len(), 5);
    // The same person and achievement again, from another folder.
    let copy = net.path("copy");
    fs::create_dir(&copy).unwrap();
    fs::write(Path::new(&copy).join("Siti2.json"), badge("Siti", "Awan")).unwrap();
    let twice = online(&["issue", &copy]);
    assert_eq!(twice.code, 2);
    assert!(
        twice.err.contains(&format!("Siti2.json: row {}, issued", row("Siti.json")["row"])),
        "{}",
        twice.err
    );

    // A receipt is lost, and made again from the secret and another node's proof.
    let lost = Path::new(&awards).join("Ayu.json.receipt.json");
    fs::remove_file(&lost).unwrap();
    let receipt = [
        "register",
        "receipt",
        "ayu@univ-merapi.example",
        "--fresh",
        "--into",
        &awards,
        "--node",
        &net.url(3),
    ];
    assert_eq!(sanad(&receipt).json(0)["made"], 1);
    let verified = net.sanad(&["verify", Path::new(&awards).join("Ayu.json").to_str().unwrap()]);
    // The document is not signed by itself, which the exit code tells, too.
    assert!(verified.out.contains("\"active\""), "{verified:?}");

    // Revoked by e-mail, from a list.
    let withdrawn = net.path("withdrawn.csv");
    fs::write(&withdrawn, "email,reason\nbudi@univ-merapi.example,plagiarism\n").unwrap();
    let revoked = online(&["revoke", "--from", &withdrawn, "--yes"]).json(0);
    assert_eq!(revoked["credentials"][0]["status"], "revoked");
    assert_eq!(online(&["revoke", "--from", &withdrawn, "--yes"]).json(0)["credentials"][0]["already"], true);
    assert_eq!(row("Budi.json")["changes"][0]["reason"], "plagiarism");

    // Reissued: one batch of two entries.
    let corrected = net.path("corrected.json");
    fs::write(&corrected, badge("Made", "Awan Lanjut")).unwrap();
    let replaces = format!("row:{}", row("Made.json")["row"]);
    let before = net.wait_for_equal_heads(6)[0]["log_size"].as_u64().unwrap();
    // A wrong row would be void for ever.
    let text = net.path("note.txt");
    fs::write(&text, "hello").unwrap();
    let made = Path::new(&awards).join("Made.json");
    let another = format!("row:{}", row("Ayu.json")["row"]);
    for (document, replaces, why) in [
        (corrected.as_str(), &another, "agree in neither name"),
        (text.as_str(), &replaces, "agree in neither name"),
        (made.to_str().unwrap(), &replaces, "itself"),
    ] {
        let refused = online(&["reissue", document, "--replaces", replaces, "--yes"]);
        assert!(refused.code == 2 && refused.err.contains(why), "{refused:?}");
    }
    let reissued = online(&["reissue", &corrected, "--replaces", &replaces, "--yes"]).json(0);
    assert_eq!(reissued["replaces"], row("Made.json")["row"]);
    assert_eq!(net.wait_for_equal_heads(before + 2)[0]["log_size"].as_u64(), Some(before + 2));
    let status = |file: &str| net.sanad(&["status", file, "--node", &net.url(4)]);
    assert_eq!(status(Path::new(&awards).join("Made.json").to_str().unwrap()).json(1)["verdict"], "revoked");
    assert!(status(&corrected).out.contains("\"active\""));

    // Erased: nothing of it is in the register any more, but for the record.
    let erased = row("Siti.json")["row"].to_string();
    let row_erased = format!("row:{erased}");
    let erase = ["register", "erase", &row_erased, "--yes", "--no-site", "--issuer-dir", &issuer];
    let record = &sanad(&erase).json(0)["erased"][0]["record"];
    assert_eq!(record["format"], "sanad-destruction/v1");
    assert_eq!(sanad(&["register", "search", "Siti"]).code, 1);
    let again = online(&["issue", &copy]);
    assert!(again.code == 2 && again.err.contains(&format!("was row {erased}, and erased")), "{again:?}");
    assert_eq!(online(&["issue", &copy, "--erased"]).json(0)["issued"].as_array().unwrap().len(), 1);
    assert_eq!(sanad(&["register", "check"]).json(0)["damaged"], serde_json::json!([]));
    let backup = net.path("backup.db");
    sanad(&["register", "backup", &backup]).json(0);
    let bytes = fs::read(&backup).unwrap();
    for text in ["Wayan", "univ-merapi.example", "sanad-receipt", "VerifiableCredential"] {
        assert!(!bytes.windows(text.len()).any(|window| window == text.as_bytes()), "{text} is not sealed");
    }
}

/// What `sanad reissue` is killed at: a file that it makes on its way.
#[derive(Clone, Copy, Debug)]
enum KilledAt {
    Signed,
    Pending,
    Receipt,
}

impl KilledAt {
    fn is_there(self, signed: &Path) -> bool {
        let beside = |start: &str| {
            let entries = signed.parent().unwrap().read_dir().unwrap();
            entries.flatten().any(|entry| entry.file_name().to_string_lossy().starts_with(start))
        };
        match self {
            Self::Signed => signed.is_file(),
            Self::Pending => beside(".sanad-pending-"),
            Self::Receipt => beside("corrected.signed.json.receipt"),
        }
    }
}

#[test]
fn a_reissue_that_is_killed_is_finished_once() {
    let net = Net::start(&["--nodes", "2", "--heartbeat-ms", "500"]);
    let roster = prepare(&net, &["Siti Nur'aini", "Suharto", "Ni Luh-Putu"]);
    let (register, issuer, url) = (net.path("register.db"), net.path("net/node-1"), net.url(2));
    let passphrase = net.path("net/passphrase");
    let kept = ["--register", &register, "--register-passphrase-file", &passphrase];
    let with = [&kept[..], &["--issuer-dir", &issuer, "--node", &url]].concat();
    let online = |arguments: &[&str]| net.sanad(&[arguments, &with].concat());
    let create = ["register", "create", &register, "--issuer-dir", &issuer];
    net.sanad(&[&create[..], &kept[2..]].concat()).json(0);
    online(&["issue", "roster", &roster]).json(0);
    let rows = || net.sanad(&[&["register", "list"], &kept[..]].concat()).json(0)["credentials"].clone();
    let olds = rows().as_array().unwrap().clone();
    let mut entries = net.wait_for_equal_heads(3)[0]["log_size"].as_u64().unwrap();

    for (old, at) in olds.iter().zip([KilledAt::Signed, KilledAt::Pending, KilledAt::Receipt]) {
        let folder = net.path(&format!("{at:?}"));
        fs::create_dir(&folder).unwrap();
        let row = format!("row:{}", old["row"]);
        let old_credential = credential_of(&net.path("wisuda"), old["name"].as_str().unwrap());
        let corrected = format!("{folder}/corrected.json");
        fs::write(&corrected, fs::read_to_string(old_credential).unwrap().replace("3.5", "4")).unwrap();
        let command =
            ["reissue", &corrected, "--sign", "--replaces", &row, "--reason", "SKS keliru", "--yes"];
        let mut killed = program("sanad");
        killed.args(command).args(&with).env("SANAD_GENESIS", net.path("net/genesis.json"));
        killed.env("SANAD_PASSPHRASE_FILE", &passphrase).env_remove("SANAD_NODE");
        let signed = format!("{folder}/corrected.signed.json");
        killed_once(killed, || at.is_there(Path::new(&signed)));

        // Word for word; or it says that it was on its way, and how that is finished.
        let again = online(&command);
        if again.code != 0 {
            // Killed a moment too late, it was done.
            let known =
                ["sanad issue --resume", "is issued already"].iter().any(|word| again.err.contains(word));
            assert!(known, "{at:?}: {again:?}");
            if again.err.contains("sanad issue --resume") {
                assert!(again.err.contains(&format!("--register {register}")), "{again:?}");
                let without =
                    net.sanad(&["issue", "--resume", &folder, "--issuer-dir", &issuer, "--node", &url]);
                let named = format!("give --register {register}");
                assert!(without.code == 2 && without.err.contains(&named), "{without:?}");
            }
            online(&["issue", "--resume", &folder]).json(0);
        }
        entries += 2;
        assert_eq!(net.wait_for_equal_heads(entries)[0]["log_size"].as_u64(), Some(entries), "{at:?}");
        let pending = fs::read_dir(&folder).unwrap().flatten();
        assert!(pending.map(|entry| entry.file_name()).all(|name| !name.to_string_lossy().starts_with('.')));
        assert_eq!(
            net.sanad(&["verify", &signed, "--node", &url]).json(0)["findings"][0]["verdict"],
            "active"
        );
        let index = old["log_index"].to_string();
        assert_eq!(net.sanad(&["status", &index, "--node", &url]).json(1)["verdict"], "revoked");

        let all = rows();
        let of = |wanted: &Value| {
            all.as_array().unwrap().iter().find(|row| row["row"] == *wanted).unwrap().clone()
        };
        let new: Vec<&Value> =
            all.as_array().unwrap().iter().filter(|row| row["replaces"] == old["row"]).collect();
        assert_eq!(new.len(), 1, "{at:?}: {all}");
        assert_eq!(
            (new[0]["progress"].as_str(), new[0]["status"].as_str()),
            (Some("issued"), Some("active"))
        );
        let last = of(&old["row"])["changes"].as_array().unwrap().last().unwrap().clone();
        assert_eq!((&last["status"], &last["reason"]), (&json!("revoked"), &json!("SKS keliru")), "{at:?}");
        // Once more changes nothing, and says so.
        let repeated = online(&command).json(0);
        assert_eq!((&repeated["already"], &repeated["replaces"]), (&json!(true), &old["row"]), "{at:?}");
    }
    assert_eq!(net.wait_for_equal_heads(entries)[0]["log_size"].as_u64(), Some(entries));
}

#[test]
fn rows_whose_receipts_are_there_become_issued() {
    let net = Net::start(&["--nodes", "1", "--heartbeat-ms", "500"]);
    let roster = prepare(&net, &["Siti Nur'aini", "Suharto", "Ni Luh-Putu"]);
    let (register, issuer, url) = (net.path("register.db"), net.path("net/node-1"), net.url(1));
    let passphrase = net.path("net/passphrase");
    let kept = |register: &str, arguments: &[&str]| {
        let with = ["--register", register, "--register-passphrase-file", &passphrase];
        net.sanad(&[arguments, &with].concat())
    };
    let online = ["--issuer-dir", &issuer, "--node", &url];
    let create =
        ["register", "create", &register, "--issuer-dir", &issuer, "--register-passphrase-file", &passphrase];
    net.sanad(&create).json(0);
    let issue = [&["issue", "roster", &roster], &online[..]].concat();
    let mut killed = program("sanad");
    killed.args(&issue).args(["--register", &register, "--register-passphrase-file", &passphrase]);
    killed.env("SANAD_GENESIS", net.path("net/genesis.json")).env("SANAD_PASSPHRASE_FILE", &passphrase);
    let pending = |folder: &str| {
        let mut entries = fs::read_dir(folder).into_iter().flatten().flatten();
        entries.any(|entry| entry.file_name().to_string_lossy().starts_with(".sanad-pending-"))
    };
    let out = net.path("wisuda");
    killed_once(killed, || pending(&out));
    // As a register is that took no receipts.
    let (one, two) = (net.path("one.db"), net.path("two.db"));
    kept(&register, &["register", "backup", &one]).json(0);
    kept(&register, &["register", "backup", &two]).json(0);
    kept(&register, &issue).json(0);

    let all_are_issued = |register: &str| {
        let rows = kept(register, &["register", "list"]).json(0)["credentials"].as_array().unwrap().clone();
        rows.len() == 3 && rows.iter().all(|row| row["progress"] == "issued")
    };
    kept(&one, &["register", "import", &out]).json(0);
    assert!(all_are_issued(&one));
    kept(&two, &issue).json(0);
    assert!(all_are_issued(&two));
    // Revoked without the register: a fresh receipt tells it.
    let learner = credential_of(&out, "Suharto");
    net.sanad(&[&["revoke", learner.to_str().unwrap(), "--yes"], &online[..]].concat()).json(0);
    let list = kept(&one, &["register", "list"]).json(0);
    let rows = list["credentials"].as_array().unwrap();
    let row = rows.iter().find(|row| row["name"] == "Suharto").unwrap()["row"].to_string();
    let name = format!("row:{row}");
    let into = net.path("into");
    let fresh = ["register", "receipt", &name, "--fresh", "--document", "--into", &into, "--node", &url];
    let fresh = kept(&one, &fresh).json(0);
    assert_eq!(fresh["void"][0]["status"], "revoked", "{fresh}");
    // The newer receipt tells another register, too.
    let imported = kept(&two, &["register", "import", &into]).json(0);
    assert_eq!((&imported["renewed"], &imported["imported"]), (&json!(1), &json!(0)), "{imported}");
    for register in [&one, &two] {
        let revoked = kept(register, &["register", "list"]).json(0);
        let status = |row: &Value| row["name"] == "Suharto" && row["status"] == "revoked";
        assert!(revoked["credentials"].as_array().unwrap().iter().any(status), "{revoked}");
    }
}

/// The credential of a learner of a roster.
fn credential_of(folder: &str, name: &str) -> PathBuf {
    let folders = fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path().join("credential.json"));
    let mut credentials = folders.filter(|path| path.is_file());
    credentials.find(|path| fs::read_to_string(path).unwrap().contains(name)).unwrap()
}

#[test]
fn what_was_revoked_is_said_before_it_is_issued_again() {
    let net = Net::start(&["--nodes", "2", "--heartbeat-ms", "500"]);
    let (register, issuer, url) = (net.path("register.db"), net.path("net/node-1"), net.url(1));
    let passphrase = net.path("net/passphrase");
    let kept = ["--register", &register, "--register-passphrase-file", &passphrase];
    let with = ["--issuer-dir", &issuer, "--node", &url];
    let online = |arguments: &[&str], kept: &[&str]| net.sanad(&[arguments, &with, kept].concat());
    let create = ["register", "create", &register, "--issuer-dir", &issuer];
    net.sanad(&[&create[..], &kept[2..]].concat()).json(0);
    let document = net.path("budi.json");
    fs::write(&document, badge("Budi", "Awan")).unwrap();
    online(&["issue", &document], &kept).json(0);
    // What was not revoked is issued again without a word.
    let other = net.path("ayu.json");
    fs::write(&other, badge("Ayu", "Awan")).unwrap();
    online(&["issue", &other], &[]).json(0);
    let issued = online(&["issue", &other, "--force"], &[]);
    assert!(issued.code == 0 && !issued.err.contains("REVOKED"), "{issued:?}");
    online(&["revoke", "budi@univ-merapi.example", "--reason", "plagiarism", "--yes"], &kept).json(0);

    let fresh = net.path("fresh");
    fs::create_dir(&fresh).unwrap();
    let copy = format!("{fresh}/budi.json");
    fs::copy(&document, &copy).unwrap();
    fs::copy(format!("{document}.receipt.json"), format!("{copy}.receipt.json")).unwrap();
    let again = online(&["issue", &copy, "--force"], &[]);
    let said = again.json(0);
    let notice = said["notices"][0].as_str().unwrap_or_else(|| panic!("{again:?}"));
    let (_, after) = notice.split_once("REVOKED in block ").unwrap_or_else(|| panic!("{said}"));
    let (block, rest) = after.split_once(", of ").unwrap();
    let shown = net.sanad(&["block", "show", block, "--node", &url]).json(0);
    let time = Utc(shown["header"]["time_ms"].as_u64().unwrap()).to_string();
    assert!(
        rest.starts_with(&time) && shown["batches"][0]["issuer"] == "univ-merapi.example",
        "{notice}: {shown}"
    );
    assert!(again.err.contains("issued as entry 0 and REVOKED"), "{again:?}");

    // With the register the reason is known, and nobody gets it twice in a batch.
    let bare = format!("{fresh}/budi-2.json");
    fs::copy(&document, &bare).unwrap();
    for (batch, code) in [("", 2), ("2027", 0)] {
        let said = online(&["issue", &bare, "--register-batch", batch], &kept);
        assert!(said.code == code && said.err.contains("was REVOKED: plagiarism, noted 20"), "{said:?}");
    }
}
