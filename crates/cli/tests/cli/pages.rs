//! `sanad issuer page`: the verifier's page for a web server. What it does in a browser is tested in `web/tests/browser`.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sanad_core::trust::TrustFile;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::documents::{BADGE, Issued};
use crate::node::Node;
use crate::program::sanad;

/// The files of `page.sha256` that are not as it says.
fn other_files(page: &Path) -> Vec<String> {
    let list = fs::read_to_string(page.join("page.sha256")).unwrap();
    let listed = list.lines().map(|line| line.split_once("  ").unwrap());
    let differs =
        |hash: &str, name: &str| hex::encode(Sha256::digest(fs::read(page.join(name)).unwrap())) != hash;
    listed.filter(|(hash, name)| differs(hash, name)).map(|(_, name)| name.to_owned()).collect()
}

#[test]
fn a_page_holds_the_trust_file_and_is_else_as_published() {
    let issued = Issued::recently(BADGE);
    let folder = issued.folder;
    let at = folder.path();
    let node = Node::idle(issued.ledger);
    node.sanad(at, "trust fetch konsorsium.trust --genesis genesis.json").expect(0);
    let trust = fs::read(at.join("konsorsium.trust")).unwrap();
    let encoded = URL_SAFE_NO_PAD.encode(&trust);
    let is_trusted = |text: &str| {
        let read = TrustFile::from_bytes(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap();
        read.to_binary() == trust
    };

    for (export, others) in
        [("../export/", &[][..]), ("https://log.example.org/konsorsium/", &["explorer.html", "index.html"])]
    {
        let page = format!("issuer page www/v --trust konsorsium.trust --export {export} --json");
        let made = sanad(at, &page).expect(0).json();
        let page = at.join("www/v");
        let mut found = other_files(&page);
        found.sort();
        assert_eq!(found, others, "all but the policy of another host is as published");
        let hash = hex::encode(Sha256::digest(fs::read(page.join("page.sha256")).unwrap()));
        assert_eq!(made["page_hash"], hash.as_str());
        // Codes have the address without a slash, which only a worker beside the folder reaches.
        let worker = fs::read(page.join("sw.js")).unwrap();
        assert_eq!(fs::read(at.join("www/v.sw.js")).unwrap(), worker);
        let config: Value = serde_json::from_slice(&fs::read(page.join("config.json")).unwrap()).unwrap();
        assert_eq!((&config["export"], &config["node"]), (&export.into(), &"".into()));
        assert!(is_trusted(config["trust"].as_str().unwrap()), "{config}");
        let html = fs::read_to_string(page.join("index.html")).unwrap();
        assert_eq!(html.contains("connect-src 'self' https://log.example.org;"), !others.is_empty());
        // The page in one file has the trust file in its last line, and is else the one whose hash is published.
        let single = fs::read_to_string(page.join("page.html")).unwrap();
        assert!(single.lines().last().unwrap().contains(&format!("\"trust\":\"{encoded}\"")));
        let without = single.replace(&encoded, "");
        let published = fs::read_to_string(page.join("page.html.sha256")).unwrap();
        assert_eq!(published.split_once("  ").unwrap().0, hex::encode(Sha256::digest(without)));
    }
    // Without one, visitors have to bring it: that is said. What is no trust file, and no address, makes no page.
    let bare = sanad(at, "issuer page bare").expect(0);
    assert!(!at.join("bare.sw.js").exists() && !at.join("v.sw.js").exists());
    assert!(bare.stderr.contains("visitors have to bring the file"), "{}", bare.stderr);
    sanad(at, "issuer page none --trust ijazah.json").expect_error("ijazah.json");
    sanad(at, "issuer page none --trust konsorsium.trust --export ftp://log.example.org/")
        .expect_error("--export");
    assert!(!at.join("none").exists());
}
