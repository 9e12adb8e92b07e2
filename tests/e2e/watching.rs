//! `sanad issuer publish --watch`: what is tampered with in the site's folder is put right, until the issuer's key changes.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::fs;
use std::path::Path;
use std::process::Child;

use sanad_e2e::rosters::{NAMES, prepare};
use sanad_e2e::{Net, Said, poll, program};
use serde_json::Value;

struct Desk {
    net: Net,
    www: String,
}

/// Killed when dropped.
struct Watch(Child);

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Desk {
    /// Options of whoever issues: issuer, register and node.
    fn with(&self) -> Vec<String> {
        let paths = ["net/node-1", "register.db", "net/passphrase"].map(|name| self.net.path(name));
        let names = ["--issuer-dir", "--register", "--register-passphrase-file"];
        let named = names.iter().zip(paths).flat_map(|(name, path)| [(*name).to_owned(), path]);
        named.chain(["--node".to_owned(), self.net.url(1)]).collect()
    }

    fn run(&self, arguments: &[&str]) -> Said {
        let with = self.with();
        let with = with.iter().map(String::as_str);
        self.net.sanad(&arguments.iter().copied().chain(with).collect::<Vec<_>>())
    }

    /// Whether every list says what the ledger says.
    fn agrees(&self) -> bool {
        let said = self.run(&["issuer", "publish", &self.www, "--check"]);
        assert!([0, 1].contains(&said.code), "{said:?}");
        said.code == 0
    }

    /// What the revocation list says of a credential, by a node.
    fn says(&self, credential: &str) -> Value {
        let said = self.net.sanad(&["verify", credential, "--site", &self.www, "--node", &self.net.url(1)]);
        let found: Value = serde_json::from_str(&said.out).unwrap();
        found["findings"][0]["status_lists"][0].clone()
    }
}

#[test]
fn a_watch_puts_lists_right_and_ends_with_the_key() {
    let net = Net::start(&["--nodes", "1", "--heartbeat-ms", "500"]);
    let roster = prepare(&net, &NAMES[..3]);
    let desk = Desk { www: net.path("www"), net };
    let [issuer, register, passphrase] =
        ["net/node-1", "register.db", "net/passphrase"].map(|name| desk.net.path(name));
    let create =
        ["register", "create", &register, "--issuer-dir", &issuer, "--register-passphrase-file", &passphrase];
    desk.net.sanad(&create).json(0);
    desk.run(&["issue", "roster", &roster, "--status-lists"]).json(0);
    let credentials = Path::new(&desk.net.path("wisuda")).read_dir().unwrap();
    let credentials = credentials.map(|entry| entry.unwrap().path().join("credential.json"));
    let mut credentials: Vec<String> = credentials.map(|path| path.to_str().unwrap().to_owned()).collect();
    credentials.sort();

    let said = desk.net.path("watch.log");
    let mut watch = program("sanad");
    watch.args(["issuer", "publish", &desk.www, "--watch", "--every", "100ms"]).args(desk.with());
    watch.env("SANAD_GENESIS", desk.net.path("net/genesis.json")).env("SANAD_PASSPHRASE_FILE", &passphrase);
    let log = fs::File::create(&said).unwrap();
    let mut watch = Watch(watch.stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap());
    let said = || fs::read_to_string(&said).unwrap();
    let lists = ["revocation", "suspension"].map(|name| format!("{}/status/{name}-0.json", desk.www));
    poll("the lists", || lists.iter().all(|list| Path::new(list).is_file()).then_some(()));
    poll("lists that agree", || desk.agrees().then_some(()));
    let before = fs::read_to_string(&lists[0]).unwrap();

    // A revocation is published, and whoever has the site's folder cannot hide it for long.
    desk.run(&["revoke", &credentials[0], "--yes"]).json(0);
    poll("the revocation", || (desk.says(&credentials[0])["set"] == true).then_some(()));
    let revoked = fs::read_to_string(&lists[0]).unwrap();
    let encoded =
        |list: &str| list.split_once("\"encodedList\": \"").unwrap().1.split('"').next().unwrap().to_owned();
    for tampered in [
        before.clone(),
        revoked.replace(&encoded(&revoked), &encoded(&before)),
        revoked[..revoked.len() / 2].to_owned(),
        String::new(),
    ] {
        fs::write(&lists[0], &tampered).unwrap();
        poll("the list to be put right", || {
            let found = fs::read_to_string(&lists[0]).unwrap_or_default();
            (found != tampered && desk.says(&credentials[0])["set"] == true).then_some(())
        });
    }
    for list in &lists {
        fs::remove_file(list).unwrap();
    }
    fs::remove_dir(format!("{}/status", desk.www)).unwrap();
    poll("the lists to be there again", || lists.iter().all(|list| Path::new(list).is_file()).then_some(()));
    poll("lists that agree", || desk.agrees().then_some(()));
    assert!(watch.0.try_wait().unwrap().is_none(), "{}", said());

    // The key is stolen: it is declared so, and the watch, which holds it, ends and says why.
    let thiefs = fs::read_to_string(&lists[0]).unwrap();
    let size = desk.net.status()[0]["log_size"].to_string();
    let url = desk.net.url(1);
    let declare = ["member", "declare-compromise", "--from", &size, "--yes", "--member-dir", &issuer];
    desk.net.sanad(&[&declare[..], &["--node", &url]].concat()).json(0);
    let status = poll("the end of the watch", || watch.0.try_wait().unwrap());
    assert_eq!(status.code(), Some(2), "{}", said());
    assert!(said().contains("the issuing key is not the one that the register has"), "{}", said());

    // Nobody who asks a node believes a list of the stolen key any more, whatever it says.
    for list in [&thiefs, &before] {
        fs::write(&lists[0], list).unwrap();
        let found = desk.says(&credentials[0]);
        let reason = found["reason"].as_str().unwrap_or_default();
        assert!(
            found["says"] == "nothing" && reason.contains("nothing here shows to be the issuer's"),
            "{found}"
        );
        assert!(!desk.agrees());
    }
    desk.run(&["issuer", "publish", &desk.www]).json(0);
    assert_eq!(desk.says(&credentials[0])["set"], true);
    assert!(desk.agrees());
}
