//! W3C status lists: derived from the ledger, published, read by `sanad` and by an unrelated verifier.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use sanad_e2e::rosters::{NAMES, outside_verifier, prepare, python};
use sanad_e2e::{Net, Said};
use serde_json::Value;

struct Desk {
    net: Net,
    www: String,
}

impl Desk {
    /// Runs `sanad` with register, issuer and node.
    fn run(&self, arguments: &[&str]) -> Said {
        let (register, passphrase) = (self.net.path("register.db"), self.net.path("net/passphrase"));
        let (issuer, url) = (self.net.path("net/node-1"), self.net.url(1));
        let with =
            ["--register", &register, "--register-passphrase-file", &passphrase, "--issuer-dir", &issuer];
        self.net.sanad(&[arguments, &with, &["--node", &url]].concat())
    }

    fn list(&self, purpose: &str) -> PathBuf {
        Path::new(&self.www).join(format!("status/{purpose}-0.json"))
    }

    fn publish(&self, more: &[&str], code: i32) -> Vec<serde_json::Value> {
        let said = self.run(&[&["issuer", "publish", &self.www], more].concat());
        said.json(code)["lists"].as_array().unwrap().clone()
    }

    /// What `sanad verify` says of a credential, asking a node, with the lists of the site.
    fn verify(&self, credential: &str, code: i32) -> Vec<String> {
        let url = self.net.url(1);
        let said = self.net.sanad(&["verify", credential, "--site", &self.www, "--node", &url]).json(code);
        let lists = said["findings"][0]["status_lists"].as_array().unwrap().clone();
        lists
            .iter()
            .map(|list| format!("{} {} {}", list["purpose"], list["says"], list["set"]).replace('"', ""))
            .collect()
    }
}

#[test]
fn lists_say_what_the_ledger_says_and_nobody_believes_others() {
    let net = Net::start(&["--nodes", "1", "--heartbeat-ms", "500"]);
    let roster = prepare(&net, &NAMES);
    let desk = Desk { www: net.path("www"), net };
    let (register, passphrase) = (desk.net.path("register.db"), desk.net.path("net/passphrase"));
    let issuer = desk.net.path("net/node-1");
    let create =
        ["register", "create", &register, "--issuer-dir", &issuer, "--register-passphrase-file", &passphrase];
    desk.net.sanad(&create).json(0);
    let nothing = desk.run(&["issuer", "publish", &desk.www]);
    assert!(nothing.code == 2 && nothing.err.contains("allotted no place"), "{nothing:?}");
    let older = desk.net.path("older.db");
    fs::copy(&register, &older).unwrap();
    desk.run(&["issue", "roster", &roster, "--status-lists"]).json(0);
    let mut credentials: Vec<String> = Path::new(&desk.net.path("wisuda"))
        .read_dir()
        .unwrap()
        .map(|entry| entry.unwrap().path().join("credential.json").to_str().unwrap().to_owned())
        .collect();
    credentials.sort();

    assert!(desk.publish(&["--check"], 1).iter().all(|list| list["published"] == "missing"));
    assert!(desk.publish(&[], 0).iter().all(|list| list["written"] == true && list["set"] == 0));
    let all_good = ["revocation agrees false", "suspension agrees false"];
    assert_eq!(desk.verify(&credentials[0], 0), all_good);
    // For a link code the site is named for its box: it need not have lists, and those that it has are looked at.
    let (printed, boxes) = (desk.net.path("printed"), desk.net.path("boxes-alone"));
    fs::create_dir(&boxes).unwrap();
    let site = ["--site", "https://sertifikat.univ-merapi.example", "--site-dir", &boxes];
    let print = [&["certificate", "make", &credentials[0], "--out", &printed], &site[..]].concat();
    let made = desk.net.sanad(&print).json(0)["made"][0].clone();
    let (sealed, link) = (made["box"].as_str().unwrap(), made["link"].as_str().unwrap());
    for (site, says) in [(&boxes, Value::Null), (&desk.www, "agrees".into())] {
        let said = desk.net.sanad(&["verify", sealed, "--link", link, "--site", site]).json(0);
        assert_eq!(said["findings"][0]["status_lists"][0]["says"], says);
    }
    // Whoever wants to hide a revocation takes the list away.
    fs::remove_file(desk.list("revocation")).unwrap();
    assert_eq!(desk.verify(&credentials[0], 2)[0], "revocation missing null");
    desk.publish(&[], 0);
    let longer = desk.run(&["issuer", "publish", &desk.www, "--valid-for", "100000d"]);
    assert!(longer.code == 2 && longer.err.contains("90 days"), "{longer:?}");
    // An older copy of the register would give places twice.
    let out = desk.net.path("again");
    let lacking = desk.net.sanad(&[
        "issue",
        "roster",
        &roster,
        "--status-lists",
        "--out",
        &out,
        "--register",
        &older,
        "--register-passphrase-file",
        &passphrase,
        "--issuer-dir",
        &issuer,
        "--node",
        &desk.net.url(1),
    ]);
    assert!(lacking.code == 2 && lacking.err.contains("lacks 12 of the 12"), "{lacking:?}");
    assert!(!Path::new(&out).exists() || Path::new(&out).read_dir().unwrap().next().is_none());

    // One revoked and erased, one suspended: only what changes is written.
    let before = fs::read(desk.list("suspension")).unwrap();
    desk.run(&["revoke", &credentials[0], "--yes"]).json(0);
    assert_eq!(desk.verify(&credentials[0], 1)[0], "revocation disagrees false");
    assert_eq!(desk.publish(&["--check"], 1)[0]["published"], "differs");
    let published = desk.publish(&[], 0);
    assert_eq!((&published[0]["written"], &published[0]["set"]), (&true.into(), &1.into()));
    assert_eq!(published[1]["written"], false);
    assert_eq!(fs::read(desk.list("suspension")).unwrap(), before, "a list that is right is left alone");
    desk.run(&["suspend", &credentials[1]]).json(0);
    assert_eq!(desk.publish(&[], 0)[1]["set"], 1);
    assert_eq!(desk.verify(&credentials[0], 1), ["revocation agrees true", "suspension agrees false"]);
    assert_eq!(desk.verify(&credentials[1], 1), ["revocation agrees false", "suspension agrees true"]);
    let row = desk.net.sanad(&[
        "register",
        "list",
        "--register",
        &register,
        "--register-passphrase-file",
        &passphrase,
    ]);
    let rows = row.json(0);
    let rows = rows["credentials"].as_array().unwrap();
    let revoked = rows.iter().find(|row| row["status"] == "revoked").map(|row| format!("row:{}", row["row"]));
    if let Some(row) = revoked {
        let erase = [
            "register",
            "erase",
            &row,
            "--yes",
            "--no-site",
            "--issuer-dir",
            &issuer,
            "--register",
            &register,
            "--register-passphrase-file",
            &passphrase,
        ];
        desk.net.sanad(&erase).json(0);
    }
    assert!(desk.publish(&["--check"], 0).iter().all(|list| list["published"] == "agrees"));
    outside(&desk, &credentials);
    as_jwts(&desk, &credentials);
    erased_and_strays(&desk, &roster, &credentials);

    // Tampered, cut, another purpose, of another issuer, unsigned.
    let good = fs::read_to_string(desk.list("revocation")).unwrap();
    let encoded = good.split("\"encodedList\": \"").nth(1).unwrap().split('"').next().unwrap();
    let unset = String::from_utf8(before).unwrap();
    let unset = unset.split("\"encodedList\": \"").nth(1).unwrap().split('"').next().unwrap();
    let suspension = fs::read_to_string(desk.list("suspension")).unwrap();
    let mut unsigned: Value = serde_json::from_str(&good).unwrap();
    unsigned.as_object_mut().unwrap().remove("proof");
    for (text, expected) in [
        (good.replace(encoded, unset), "signature wrong"),
        (good[..good.len() / 2].to_owned(), "not a credential"),
        (suspension, "it is the list"),
        (
            good.replace("did:web:univ-merapi.example", "did:web:univ-bromo.example"),
            "a list of did:web:univ-bromo",
        ),
        (unsigned.to_string(), "not signed"),
    ] {
        fs::write(desk.list("revocation"), &text).unwrap();
        let said = desk.net.sanad(&["verify", &credentials[2], "--site", &desk.www]);
        assert_eq!(said.code, 2, "{said:?}");
        let list = &said.json(2)["findings"][0]["status_lists"][0];
        assert_eq!(list["says"], "nothing");
        assert!(list["reason"].as_str().unwrap().contains(expected), "{list}");
        assert_eq!(desk.publish(&["--check"], 1)[0]["published"], "not-good");
    }
    assert_eq!(desk.publish(&[], 0)[0]["written"], true, "it is put right");
    assert_eq!(desk.verify(&credentials[2], 0), all_good);
    reissued(&desk, &credentials[2]);
}

/// The roster still has the line of who was erased, and the folder a credential that is in no line.
fn erased_and_strays(desk: &Desk, roster: &str, credentials: &[String]) {
    let folder = Path::new(&credentials[0]).parent().unwrap();
    let kept = folder.with_file_name("kept");
    fs::rename(folder, &kept).unwrap();
    let erased = desk.run(&["issue", "roster", roster, "--status-lists"]);
    assert!(erased.code == 2 && erased.err.contains("erased from the register since"), "{erased:?}");
    assert!(!folder.exists(), "nothing was signed");
    fs::rename(&kept, folder).unwrap();
    let stray = folder.with_file_name("award-0123456789ab");
    fs::create_dir(&stray).unwrap();
    fs::copy(&credentials[1], stray.join("credential.json")).unwrap();
    let strays = desk.run(&["issue", "roster", roster, "--status-lists"]);
    assert!(strays.code == 2 && strays.err.contains("in no line of the roster now"), "{strays:?}");
    fs::remove_dir_all(&stray).unwrap();
    desk.run(&["issue", "roster", roster, "--status-lists"]).json(0);
}

/// A corrected credential has an id and a place of its own, and the lists say that the old one is revoked.
fn reissued(desk: &Desk, old: &str) {
    let read = |path: &str| -> Value { serde_json::from_slice(&fs::read(path).unwrap()).unwrap() };
    let (corrected, new) = (desk.net.path("corrected.json"), desk.net.path("corrected.signed.json"));
    let email = read(old)["credentialSubject"]["identifier"][1]["identityHash"].as_str().unwrap().to_owned();
    let text = fs::read_to_string(old).unwrap();
    let reissue = ["reissue", &corrected, "--sign", "--replaces", &email, "--yes"];
    for (from, to, expected) in [
        ("Analisis Data", "Analisis\u{200b}Data", "corrected.json:"),
        (
            "did:web:univ-merapi.example",
            "did:web:univ-bromo.example",
            "is not an issuer id of univ-merapi.example",
        ),
        ("\"achievement\"", "\"medal\"", "corrected.json: it breaks the rules"),
    ] {
        assert!(text.contains(from), "{from}");
        fs::write(&corrected, text.replace(from, to)).unwrap();
        let refused = desk.run(&reissue);
        assert!(refused.code == 2 && refused.err.contains(expected), "{refused:?}");
        assert!(!Path::new(&new).exists());
    }
    fs::write(&corrected, text.replace("\"creditsEarned\": 3.5", "\"creditsEarned\": 4")).unwrap();
    let row = format!("row:{}", desk.run(&reissue).json(0)["row"]);
    let (old_json, new_json) = (read(old), read(&new));
    assert_eq!(new_json["credentialSubject"]["creditsEarned"], 4);
    assert_ne!(old_json["id"], new_json["id"]);
    let place = |credential: &Value| credential["credentialStatus"][0]["statusListIndex"].clone();
    assert!(place(&new_json).is_string() && place(&new_json) != place(&old_json), "{new_json:#}");
    assert!(desk.publish(&[], 0).iter().any(|list| list["written"] == true));
    assert_eq!(desk.verify(&new, 0), ["revocation agrees false", "suspension agrees false"]);
    assert_eq!(desk.verify(old, 1), ["revocation agrees true", "suspension agrees false"]);
    // Another correction does not take the place of the first.
    fs::write(&corrected, text.replace("\"creditsEarned\": 3.5", "\"creditsEarned\": 5")).unwrap();
    let refused = desk.run(&reissue);
    assert!(refused.code == 2, "{refused:?}");
    // What was issued without the register may be an older register's lack: only at the issuer's word a place is allotted then.
    let (alone, out) = (desk.net.path("alone"), desk.net.path("again.signed.json"));
    // What was erased may be of as many entries that the register does not know.
    fs::create_dir(&alone).unwrap();
    for number in 0..6 {
        fs::write(format!("{alone}/{number}.json"), format!("{{\"nomor\": {number}}}")).unwrap();
    }
    let issuer = desk.net.path("net/node-1");
    desk.net.sanad(&["issue", &alone, "--issuer-dir", &issuer, "--node", &desk.net.url(1)]).json(0);
    let again = ["reissue", &corrected, "--sign", "--replaces", &row, "--yes", "--out", &out];
    let refused = desk.run(&again);
    assert!(refused.code == 2 && refused.err.contains("give --incomplete-register"), "{refused:?}");
    desk.run(&[&again[..], &["--incomplete-register"]].concat()).json(0);
}

/// The lists as JWTs: written if that is asked for, compared and kept right from then on, and believed by others.
fn as_jwts(desk: &Desk, credentials: &[String]) {
    let audit = |more: &[&str], code| {
        let said = desk.run(&[&["audit", "lists", &desk.www], more].concat()).json(code);
        let lists = said["lists"].as_array().unwrap().clone();
        lists.iter().map(|list| list["published"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(audit(&[], 0), ["agrees", "agrees"]);
    // An auditor has no key, and names the issuer by its id.
    let (register, passphrase) = (desk.net.path("register.db"), desk.net.path("net/passphrase"));
    let command = ["audit", "lists", &desk.www, "--issuer", "univ-merapi.example", "--register", &register];
    let reading = ["--register-passphrase-file", &passphrase, "--node", &desk.net.url(1)];
    let said = desk.net.sanad(&[&command[..], &reading].concat());
    assert_eq!(said.json(0)["lists"].as_array().map(Vec::len), Some(2));
    assert_eq!(audit(&["--jwt"], 1), ["agrees", "missing", "agrees", "missing"]);
    let written = desk.publish(&["--jwt"], 0);
    assert_eq!(written.iter().map(|list| &list["written"]).collect::<Vec<_>>(), [false, true, false, true]);
    assert_eq!(audit(&[], 0), ["agrees"; 4]);
    let file = |purpose: &str| desk.list(purpose).with_extension("jwt");
    let good = fs::read_to_string(file("revocation")).unwrap();
    let given = |list: &Path| {
        let list = list.to_str().unwrap();
        let (url, credential) = (desk.net.url(1), credentials[0].as_str());
        let said = desk.net.sanad(&["verify", credential, "--status-list", list, "--node", &url]);
        let code = said.code;
        (code, said.json(code)["findings"][0]["status_lists"][0]["says"].as_str().unwrap().to_owned())
    };
    assert_eq!(given(&file("revocation")), (1, "agrees".to_owned()), "it is revoked, as the ledger says");

    // Changed, in another form, or that of an hour ago.
    let (start, signature) = good.rsplit_once('.').unwrap();
    let other = if signature.starts_with('A') { "B" } else { "A" };
    let changed = format!("{start}.{other}{}", &signature[1..]);
    let json = fs::read_to_string(desk.list("revocation")).unwrap();
    for text in [changed, json, good[..good.len() / 2].to_owned()] {
        fs::write(file("revocation"), text).unwrap();
        assert_eq!(audit(&[], 1), ["agrees", "not-good", "agrees", "agrees"]);
    }
    fs::write(file("revocation"), &good).unwrap();
    desk.run(&["suspend", &credentials[3]]).json(0);
    assert_eq!(audit(&[], 1), ["agrees", "agrees", "differs", "differs"]);
    let written = desk.publish(&[], 0);
    assert_eq!(written.iter().map(|list| &list["written"]).collect::<Vec<_>>(), [false, false, true, true]);
    desk.run(&["reinstate", &credentials[3]]).json(0);
    desk.publish(&[], 0);

    let tampered = PathBuf::from(desk.net.path("tampered-list.jwt"));
    fs::write(&tampered, format!("{start}.{other}{}", &signature[1..])).unwrap();
    for library in ["openvc", "openbadgeslib"] {
        for (credential, revocation, code, word) in [
            (&credentials[0], &file("revocation"), 3, "revocation"),
            (&credentials[1], &file("revocation"), 3, "suspension"),
            (&credentials[2], &file("revocation"), 0, "good"),
            (&credentials[2], &tampered, 1, "refused"),
        ] {
            let Some(mut run) = python("check_credential.py") else { return };
            run.arg(library).arg(credential).arg(Path::new(&desk.www).join(".well-known/did.json"));
            let said = run.arg(revocation).arg(file("suspension")).output().unwrap();
            let found = said.status.code();
            let said = String::from_utf8_lossy(&[said.stdout, said.stderr].concat()).into_owned();
            assert!(found == Some(code) && said.contains(word), "{library}, {credential}: {said}");
        }
    }
}

/// What unrelated verifiers say: `@digitalbazaar/vc-bitstring-status-list`, `openvc-core` and `openbadgeslib`.
fn outside(desk: &Desk, credentials: &[String]) {
    let (issuer, url) = (desk.net.path("net/node-1"), desk.net.url(1));
    desk.net.sanad(&["issuer", "site", &desk.www, "--issuer-dir", &issuer, "--node", &url]).json(0);
    let digitalbazaar = outside_verifier().map(|checker| {
        let mut node = Command::new("node");
        node.arg(checker);
        node
    });
    let libraries = ["openvc", "openbadgeslib"].map(|library| {
        let mut command = python("check_credential.py")?;
        command.arg(library);
        Some(command)
    });
    let list = desk.list("revocation");
    let tampered_list = PathBuf::from(desk.net.path("tampered-list.json"));
    let text = fs::read_to_string(&list).unwrap();
    fs::write(&tampered_list, text.replace("validUntil\": \"2", "validUntil\": \"3")).unwrap();
    let tampered = desk.net.path("tampered.json");
    let text = fs::read_to_string(&credentials[2]).unwrap();
    fs::write(&tampered, text.replace("Analisis Data", "Sintesis Data")).unwrap();
    for verifier in [digitalbazaar].into_iter().chain(libraries).flatten() {
        for (credential, revocation, code, word) in [
            (&credentials[0], &list, 3, "revocation"),
            (&credentials[1], &list, 3, "suspension"),
            (&credentials[2], &list, 0, "good"),
            (&credentials[2], &tampered_list, 1, "refused"),
            (&tampered, &list, 1, "refused"),
        ] {
            let mut run = Command::new(verifier.get_program());
            run.args(verifier.get_args())
                .arg(credential)
                .arg(Path::new(&desk.www).join(".well-known/did.json"));
            let said = run.arg(revocation).arg(desk.list("suspension")).output().unwrap();
            let code_found = said.status.code();
            let said = String::from_utf8_lossy(&[said.stdout, said.stderr].concat()).into_owned();
            assert!(code_found == Some(code) && said.contains(word), "{verifier:?}, {credential}: {said}");
        }
    }
}
