//! From a roster to signed credentials with receipts, also if the program is killed; and what others say of them.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use sanad_e2e::rosters::{NAMES, killed_once, outside_verifier, prepare, roster};
use sanad_e2e::{Net, Said, program};
use serde_json::{Value, json};

fn arguments<'a>(net: &Net, roster: &'a str, more: &[&'a str]) -> Vec<String> {
    let (issuer, url) = (net.path("net/node-1"), net.url(1));
    let mut arguments = vec!["issue", "roster", roster, "--issuer-dir", &issuer, "--node", &url];
    arguments.extend(more);
    arguments.into_iter().map(str::to_owned).collect()
}

fn issue(net: &Net, roster: &str, more: &[&str]) -> Said {
    let arguments = arguments(net, roster, more);
    net.sanad(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
}

fn files(folder: &str, name: &str) -> Vec<PathBuf> {
    let Ok(entries) = Path::new(folder).read_dir() else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path().join(name));
    paths.filter(|path| path.is_file()).collect()
}

#[test]
fn twelve_learners_get_credentials_that_are_active_and_theirs_alone() {
    let net = Net::start(&["--nodes", "1", "--heartbeat-ms", "500"]);
    let path = prepare(&net, &NAMES);
    let first = issue(&net, &path, &["--dry-run"]).json(0);
    assert_eq!(first["first"]["credentialSubject"]["creditsEarned"], json!(3.5));
    let out = net.path("wisuda");
    assert!(!Path::new(&out).exists(), "nothing is written by a dry run");

    // Killed as soon as one has its receipt.
    let mut killed = program("sanad");
    killed.args(arguments(&net, &path, &["--batch-size", "1"]));
    killed.env("SANAD_GENESIS", net.path("net/genesis.json"));
    killed.env("SANAD_PASSPHRASE_FILE", net.path("net/passphrase"));
    killed_once(killed, || !files(&out, "credential.json.receipt.json").is_empty());
    let signed: Vec<Vec<u8>> =
        files(&out, "credential.json").iter().map(|path| fs::read(path).unwrap()).collect();
    assert_eq!(signed.len(), NAMES.len(), "all are signed before any is entered");

    let done = issue(&net, &path, &[]).json(0);
    assert_eq!((done["credentials"].as_u64(), done["signed"].as_u64()), (Some(12), Some(0)));
    // Each row once: what was finished is not also skipped.
    let count = |list: &str| done[list].as_array().map_or(0, Vec::len);
    assert_eq!(count("issued") + count("skipped"), 12, "{done}");
    assert!(done["finished"].as_u64().is_some_and(|finished| finished <= count("issued") as u64), "{done}");
    let again = issue(&net, &path, &[]).json(0);
    assert_eq!(again["issued"], json!([]));
    let credentials = files(&out, "credential.json");
    let kept: Vec<Vec<u8>> = credentials.iter().map(|path| fs::read(path).unwrap()).collect();
    assert_eq!(signed, kept, "none is signed twice");
    assert_eq!(net.wait_for_equal_heads(12)[0]["log_size"], 12, "none is entered twice");

    let genesis = net.path("net/genesis.json");
    let paths: Vec<&str> = credentials.iter().map(|path| path.to_str().unwrap()).collect();
    let verified = net.sanad(&[&["verify"][..], &paths].concat()).json(0);
    for finding in verified["findings"].as_array().unwrap() {
        assert_eq!(finding["verdict"], "active", "{finding}");
    }
    let check = ["credential", "check", "--member", "univ-merapi.example", "--genesis", &genesis];
    let checked = net.sanad(&[&check[..], &paths].concat()).json(0);
    let mut names: Vec<String> = Vec::new();
    for (finding, text) in checked["findings"].as_array().unwrap().iter().zip(&kept) {
        assert_eq!(finding["proofs"][0]["key"]["holder"], "member", "{finding}");
        let credential: Value = serde_json::from_slice(text).unwrap();
        let name = &credential["credentialSubject"]["identifier"][0]["identityHash"];
        names.push(name.as_str().unwrap().to_owned());
    }
    names.sort();
    let mut expected = NAMES;
    expected.sort_unstable();
    assert_eq!(names, expected);

    // A row that says something else now is not a second credential.
    fs::write(&path, roster(&NAMES).replace("3,5;A", "4;A")).unwrap();
    let changed = issue(&net, &path, &[]);
    assert!(changed.code == 2 && changed.err.contains("signed before with other content"), "{changed:?}");
    assert_eq!(files(&out, "credential.json").len(), 12);

    site_and_others(&net, &path, &credentials);
}

/// The site of the issuer, and what an unrelated program says of a credential by it.
fn site_and_others(net: &Net, roster: &str, credentials: &[PathBuf]) {
    let (www, issuer, url) = (net.path("www"), net.path("net/node-1"), net.url(1));
    let template = roster.replace(".csv", ".template.json");
    let site = ["issuer", "site", &www, "--template", &template, "--issuer-dir", &issuer, "--node", &url];
    let written = net.sanad(&site).json(0);
    assert_eq!(
        (written["did"].as_str(), written["keys"].as_u64()),
        (Some("did:web:univ-merapi.example"), Some(1))
    );
    for file in [".well-known/did.json", "profile.json", "achievements/data-analysis"] {
        assert!(Path::new(&www).join(file).is_file(), "{file}");
    }
    a_withdrawn_key_stays_withdrawn(net, &site);
    let Some(checker) = outside_verifier() else { return };
    let tampered = net.path("tampered.json");
    let text = fs::read_to_string(&credentials[0]).unwrap();
    assert!(text.contains("\"creditsEarned\": 3.5"));
    fs::write(&tampered, text.replace("\"creditsEarned\": 3.5", "\"creditsEarned\": 35")).unwrap();
    let check = |path: &str| {
        let mut node = Command::new("node");
        node.arg(&checker).arg(path).arg(Path::new(&www).join(".well-known/did.json"));
        let said = node.output().unwrap();
        (said.status.code(), String::from_utf8_lossy(&[said.stdout, said.stderr].concat()).into_owned())
    };
    for credential in credentials {
        let (code, said) = check(credential.to_str().unwrap());
        assert_eq!(code, Some(0), "{said}");
    }
    let (code, said) = check(&tampered);
    assert_eq!(code, Some(1), "a tampered credential is refused: {said}");
}

/// Withdraws the only key, and publishes it again; `site` writes the site.
fn a_withdrawn_key_stays_withdrawn(net: &Net, site: &[&str]) {
    let www = net.path("www");
    let run = |more: &[&str]| net.sanad(&[site, more].concat());
    let did = fs::read_to_string(Path::new(&www).join(".well-known/did.json")).unwrap();
    let did: serde_json::Value = serde_json::from_str(&did).unwrap();
    let id = did["assertionMethod"][0].as_str().unwrap();
    let key = id.split_once('#').unwrap().1;
    let refused = run(&["--withdraw", id]);
    assert!(refused.code == 2 && refused.err.contains("the issuing key in force"), "{refused:?}");
    let other = run(&["--withdraw", &format!("did:web:other.example#{key}"), "--yes"]);
    assert!(other.code == 2 && other.err.contains("another DID"), "{other:?}");
    assert_eq!(run(&["--withdraw", id, "--yes"]).json(0)["keys"], 0);
    let list = Path::new(&www).join(".well-known/withdrawn-keys.json");
    for is_lost in [false, true] {
        if is_lost {
            fs::remove_file(&list).unwrap();
        }
        let again = run(&[]);
        assert!(again.err.contains("the issuing key in force"), "{again:?}");
        let again = again.json(0);
        assert_eq!((again["keys"].as_u64(), &again["withdrawn"][0]), (Some(0), &key.into()), "{again}");
        assert!(list.is_file());
    }
    assert_eq!(run(&["--publish", key]).json(0)["keys"], 1);
    assert_eq!(run(&[]).json(0)["keys"], 1);
}

#[test]
fn nothing_is_signed_of_a_roster_with_a_fault() {
    let net = Net::start(&["--nodes", "1", "--heartbeat-ms", "500"]);
    let path = prepare(&net, &NAMES[..3]);
    let refused = |roster: &str, more: &[&str]| {
        fs::write(&path, roster).unwrap();
        let said = issue(&net, &path, more);
        assert_eq!(said.code, 2, "{said:?}");
        assert!(!Path::new(&net.path("wisuda")).exists());
        said.err
    };
    let good = roster(&NAMES[..3]);
    let said = refused(&good.replace("20/11/2026", "31/02/2026"), &[]);
    assert!(
        said.contains("3 cells cannot be used")
            && said.contains("wisuda.csv:2: Tanggal Lulus: \"31/02/2026\""),
        "{said}"
    );
    let said = refused(&good.replace("000002", "000001"), &[]);
    assert!(said.contains("wisuda.csv:4: the same person as line 3"), "{said}");
    fs::write(&path, &good).unwrap();
    let template = path.replace(".csv", ".template.json");
    let text = fs::read_to_string(&template).unwrap();
    for (from, to, expected) in [
        ("\"name\":\"Analisis", "\"holder\":\"x\",\"name\":\"Analisis", "/holder"),
        ("T00:00:00+07:00", "", "/validFrom"),
        (
            "did:web:univ-merapi.example",
            "did:web:univ-bromo.example",
            "is not an issuer id of univ-merapi.example",
        ),
    ] {
        fs::write(&template, text.replace(from, to)).unwrap();
        let said = refused(&good, &[]);
        assert!(said.contains(expected), "{said}");
    }
    fs::write(&template, text.replace("Analisis Data Dasar", "Analisis\u{ad} Data Dasar")).unwrap();
    let said = refused(&good, &[]);
    assert!(said.contains("wisuda.template.json:1:") && said.contains("U+00AD is not allowed"), "{said}");
    // A dry run asks for the issuer's id as well, and says so if it has nobody to ask.
    fs::write(&template, text.replace("did:web:univ-merapi.example", "did:web:univ-bromo.example")).unwrap();
    let said = refused(&good, &["--dry-run"]);
    assert!(said.contains("is not an issuer id of univ-merapi.example"), "{said}");
    let unasked = net.sanad(&["issue", "roster", &path, "--dry-run"]).json(0);
    assert_eq!(unasked["issuer_asked"], false);
    fs::write(&template, &text).unwrap();
    let (register, passphrase) = (net.path("register.db"), net.path("net/passphrase"));
    let opened = ["--register", &register, "--register-passphrase-file", &passphrase];
    let issuer = net.path("net/node-1");
    let create = ["register", "create", &register, "--issuer-dir", &issuer, opened[2], opened[3]];
    net.sanad(&create).json(0);
    let kept = [&["--suite", "eddsa-jcs-2022"][..], &opened].concat();
    issue(&net, &path, &kept).json(0);
    let credentials = files(&net.path("wisuda"), "credential.json");
    let verified = net.sanad(&["verify", credentials[0].to_str().unwrap()]).json(0);
    assert_eq!(verified["verdict"], "active");
    // The folder of all learners stands for their credentials.
    let (wisuda, printed) = (net.path("wisuda"), net.path("printed"));
    let all = net.sanad(&["verify", &wisuda]).json(0);
    assert_eq!(all["findings"].as_array().map(Vec::len), Some(3), "{all}");
    let made = net.sanad(&["certificate", "make", &wisuda, "--out", &printed]).json(0);
    assert_eq!(made["made"].as_array().map(Vec::len), Some(3), "{made}");
    // The same people under other certificate numbers: asked before anything is signed.
    fs::write(&path, good.replace("UM/2026/", "UM/2027/")).unwrap();
    let other = net.path("other");
    let said = issue(&net, &path, &[&kept[..], &["--out", &other]].concat());
    assert_eq!(said.code, 2, "{said:?}");
    assert!(said.err.contains("nothing was signed") && said.err.contains("wisuda.csv:2: row "), "{said:?}");
    assert!(files(&other, "credential.json").is_empty());
    // A mistyped student number makes two people of one: name and address give it away.
    let twin = good.lines().nth(2).unwrap().replace("UM/2026/", "UM/2028/").replace(";000001;", ";009901;");
    assert!(!good.contains(&twin));
    fs::write(&path, format!("{good}{twin}\n")).unwrap();
    let dry = issue(&net, &path, &["--dry-run", "--out", &other]);
    assert!(dry.err.contains("the same name and e-mail address as line 3"), "{dry:?}");
    assert_eq!(dry.json(0)["same_contact"].as_array().map(Vec::len), Some(1));
    let said = issue(&net, &path, &[&kept[..], &["--out", &other]].concat());
    assert!(said.code == 2 && said.err.contains("the same name and e-mail address as line 3"), "{said:?}");
    assert!(files(&other, "credential.json").is_empty());
    // Whoever puts a link among the learners' folders chooses nothing of where credentials are written.
    fs::write(&path, &good).unwrap();
    let (folder, away) = (credentials[0].parent().unwrap(), net.path("away"));
    fs::rename(folder, &away).unwrap();
    std::os::unix::fs::symlink(&away, folder).unwrap();
    for more in [&kept[..], &["--dry-run"]] {
        let said = issue(&net, &path, more);
        assert!(
            said.code == 2 && said.err.contains("is a link, and what belongs into this folder"),
            "{said:?}"
        );
    }
}

#[test]
fn what_a_former_key_signed_is_not_entered() {
    let net = Net::start(&["--nodes", "1", "--heartbeat-ms", "500"]);
    let path = prepare(&net, &NAMES);
    issue(&net, &path, &[]).json(0);
    let (out, issuer, url, www) = (net.path("wisuda"), net.path("net/node-1"), net.url(1), net.path("www"));
    // As a run leaves it that is killed after it signed and before it entered.
    let left: Vec<PathBuf> = files(&out, "credential.json").into_iter().take(5).collect();
    for credential in &left {
        fs::remove_file(credential.with_file_name("credential.json.receipt.json")).unwrap();
    }
    let signed: Vec<Vec<u8>> = left.iter().map(|path| fs::read(path).unwrap()).collect();
    let site = |more: &[&str]| {
        net.sanad(&[&["issuer", "site", &www, "--issuer-dir", &issuer, "--node", &url], more].concat())
    };
    let method: Value = serde_json::from_slice(&signed[0]).unwrap();
    let method = method["proof"]["verificationMethod"].as_str().unwrap().to_owned();

    // A key that is withdrawn signs nothing, though it is in force.
    site(&["--withdraw", &method, "--yes"]).json(0);
    let key = net.path("net/node-1/keys/issuing.json");
    let folder = ["issue", "roster", &path, "--issuer-dir", &issuer, "--node", &url];
    let named = ["issue", "roster", &path, "--issuer", "univ-merapi.example", "--key", &key, "--node", &url];
    let paths: Vec<&str> = left.iter().map(|path| path.to_str().unwrap()).collect();
    let documents = [&["issue", "--issuer-dir", &issuer, "--node", &url], &paths[..]].concat();
    for arguments in [&folder[..], &named, &documents] {
        let refused = net.sanad(arguments);
        assert_eq!(refused.code, 2, "{refused:?}");
        assert!(refused.err.contains("is withdrawn") && refused.err.contains("rotate-key"), "{refused:?}");
    }
    let rotated = ["member", "rotate-key", "issuing", "--member-dir", &issuer, "--yes", "--node", &url];
    net.sanad(&rotated).json(0);

    // Documents that others made are refused, each by its name; of a roster they are signed anew.
    let refused = net.sanad(&documents);
    assert!(refused.code == 2 && refused.err.contains("5 documents are signed by a former"), "{refused:?}");
    assert!(refused.err.contains(left[0].to_str().unwrap()), "{refused:?}");
    let done = issue(&net, &path, &[]).json(0);
    assert_eq!((&done["signed"], done["issued"].as_array().map(Vec::len)), (&json!(5), Some(5)), "{done}");
    assert!(done["notices"].to_string().contains("signed anew with the key in force"), "{done}");
    for (path, before) in left.iter().zip(&signed) {
        let (now, before) = (fs::read_to_string(path).unwrap(), String::from_utf8_lossy(before));
        assert!(!now.contains(&method));
        let without = |text: &str| {
            let mut credential: Value = serde_json::from_str(text).unwrap();
            credential["proof"].take();
            credential
        };
        assert_eq!(without(&now), without(&before));
        net.sanad(&["verify", path.to_str().unwrap(), "--node", &url]).json(0);
    }
    assert_eq!(issue(&net, &path, &[]).json(0)["issued"], json!([]));
}

#[test]
fn a_batch_that_a_former_key_signed_is_given_up_and_signed_anew() {
    let net = Net::start(&["--nodes", "1", "--heartbeat-ms", "500"]);
    let path = prepare(&net, &NAMES);
    let (register, passphrase, issuer) =
        (net.path("r.db"), net.path("net/passphrase"), net.path("net/node-1"));
    let kept = ["--register", &register, "--register-passphrase-file", &passphrase];
    let create = ["register", "create", &register, "--issuer-dir", &issuer];
    net.sanad(&[&create[..], &kept[2..]].concat()).json(0);
    let older = net.path("older.db");
    fs::copy(&register, &older).unwrap();
    let out = net.path("wisuda");
    let mut killed = program("sanad");
    killed.args(arguments(&net, &path, &[&["--status-lists"], &kept[..]].concat()));
    killed.env("SANAD_GENESIS", net.path("net/genesis.json")).env("SANAD_PASSPHRASE_FILE", &passphrase);
    let pending = || -> Option<PathBuf> {
        let entries = Path::new(&out).read_dir().ok()?.flatten().map(|entry| entry.path());
        let is_pending =
            |path: &PathBuf| path.file_name().unwrap().to_string_lossy().starts_with(".sanad-pend");
        entries.into_iter().find(is_pending)
    };
    killed_once(killed, || pending().is_some());
    let entered = net.status()[0]["log_size"].as_u64().unwrap();
    let rotated =
        ["member", "rotate-key", "issuing", "--member-dir", &issuer, "--yes", "--node", &net.url(1)];
    net.sanad(&rotated).json(0);
    let before = files(&out, "credential.json").len();
    assert_eq!(before, NAMES.len());
    let done = issue(&net, &path, &[&["--status-lists"], &kept[..]].concat()).json(0);
    eprintln!("{entered} were entered before the key was replaced; {} were signed anew", done["signed"]);
    assert!(pending().is_none());
    let list = net.sanad(&[&["register", "list"], &kept[..]].concat()).json(0);
    let rows = list["credentials"].as_array().unwrap();
    assert_eq!(rows.len(), NAMES.len(), "{list}");
    assert!(rows.iter().all(|row| row["progress"] == "issued"), "{list}");
    net.sanad(&[&["register", "check"], &kept[..]].concat()).json(0);
    net.sanad(&["verify", &out, "--node", &net.url(1)]).json(0);
    let again = issue(&net, &path, &[&["--status-lists"], &kept[..]].concat()).json(0);
    assert_eq!(again["issued"], json!([]));

    // An older copy of the register knows none of them: that is said, and the same awards are not issued once more.
    let older = ["--register", &older, "--register-passphrase-file", &passphrase];
    let document = net.documents("more", 1);
    let url = net.url(1);
    let told =
        net.sanad(&[&["issue", &document, "--issuer-dir", &issuer, "--node", &url], &older[..]].concat());
    assert!(told.code == 0 && told.err.contains("the register lacks 12 of the 12"), "{told:?}");
    let other = net.path("other");
    let refused = issue(&net, &path, &[&["--out", &other], &older[..]].concat());
    assert!(refused.code == 2 && refused.err.contains("the register lacks 12 of the 13"), "{refused:?}");
    assert!(files(&other, "credential.json").is_empty());
}
