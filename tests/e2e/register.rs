//! An issuer's register beside a real network: import, lost receipts, revocation by e-mail, reissue, erasure.

use std::fs;
use std::path::Path;

use sanad_e2e::Net;
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
    let erase = ["register", "erase", &erased, "--yes", "--issuer-dir", &issuer];
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
