//! `sanad certificate make`, again.

use std::fs;

use sanad_core::event::Event;
use sanad_core::ids::LogIndex;
use serde_json::Value;

use crate::documents::{BADGE, INDEX, Issued};
use crate::program::sanad;

const GENESIS: &str = "--genesis genesis.json";

#[test]
fn a_certificate_keeps_the_newest_receipt_and_says_what_is_revoked() {
    let issued = Issued::of(BADGE);
    let at = issued.at().to_owned();
    fs::create_dir(at.join("public")).unwrap();
    let make = |more: &str| {
        let site = "--site https://univ.example --site-dir public";
        sanad(&at, &format!("certificate make ijazah.json {site} {GENESIS} --json {more}")).expect(0)
    };
    let made = |more: &str| make(more).json();
    let warnings = |made: &Value| made["made"][0]["warnings"].to_string();
    let first = made("--out cetak --zip");
    assert!(first["made"][0].get("warnings").is_none(), "{first}");
    issued.ledger.commit_batch(issued.ledger.next_batch_of(vec![Event::Revoke { target: LogIndex(INDEX) }]));
    issued.write(&issued.renewed());
    let revoked = made("--out cetak --zip --renew");
    assert!(warnings(&revoked).contains("REVOKED as of"), "{revoked}");
    let link = first["made"][0]["link"].as_str().unwrap();
    fs::write(at.join("link.txt"), link).unwrap();
    let sealed = first["made"][0]["box"].as_str().unwrap();
    let all_revoked = || {
        let given = [
            "cetak/ijazah/ijazah.json",
            "cetak/ijazah/ijazah.pdf",
            "cetak/ijazah.zip",
            &format!("{sealed} --link link.txt"),
        ];
        for given in given {
            let found = sanad(&at, &format!("verify {given} {GENESIS} --json"));
            assert_eq!(found.json()["findings"][0]["verdict"], "revoked", "{given}");
        }
    };
    all_revoked();
    // The older receipt is beside the document again.
    issued.write(&issued.receipt);
    let again = make("--out cetak --zip --renew");
    assert_eq!(again.json()["already"], 1, "{}", again.stderr);
    assert!(
        again.stderr.contains("that one is kept") && again.stderr.contains("REVOKED"),
        "{}",
        again.stderr
    );
    all_revoked();
    // Nor does a certificate elsewhere bring the box back to life.
    let elsewhere = made("--out other.pdf");
    assert!(warnings(&elsewhere).contains("that one is kept"), "{elsewhere}");
    fs::remove_file(at.join("cetak/ijazah/ijazah.pdf")).unwrap();
    fs::remove_dir_all(at.join("public/boxes")).unwrap();
    assert!(warnings(&made("--out cetak --zip --renew")).contains("that one is kept"));
    let other = sanad(&at, &format!("verify other.pdf {GENESIS} --json")).json();
    assert_eq!(other["findings"][0]["verdict"], "revoked");
}
