//! What lies together and is not one thing: files of a ZIP, receipts of one document, codes of one paper, an endorsement and its award.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};
use sanad_core::event::Event;
use sanad_core::ids::LogIndex;
use sanad_credential::{Cryptosuite, Signer};
use sanad_qr::QrCode;
use sanad_testkit::issuing_key;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::documents::{BADGE, DOCUMENT, INDEX, Issued, genesis_naming};
use crate::memory_ledger::{ISSUER, MemoryLedger};
use crate::node::Node;
use crate::program::{command, run, sanad};

const GENESIS: &str = "--genesis genesis.json";

/// A ZIP of stored files; names may be there twice, as in no file system.
fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in files {
        let mut crc = Crc::new();
        crc.update(content);
        let (length, start) = (u32::try_from(content.len()).unwrap(), u32::try_from(bytes.len()).unwrap());
        let mut common = [20_u16, 0, 0, 0, 33].map(u16::to_le_bytes).concat();
        common.extend([crc.sum(), length, length].map(u32::to_le_bytes).concat());
        common.extend([u16::try_from(name.len()).unwrap(), 0].map(u16::to_le_bytes).concat());
        bytes.extend([b"PK\x03\x04", &common[..], name.as_bytes(), content].concat());
        directory.extend(
            [&b"PK\x01\x02\x14\x00"[..], &common, &[0; 10], &start.to_le_bytes(), name.as_bytes()].concat(),
        );
    }
    let count = u16::try_from(files.len()).unwrap().to_le_bytes();
    let [length, start] = [directory.len(), bytes.len()].map(|n| u32::try_from(n).unwrap().to_le_bytes());
    bytes.extend(&directory);
    bytes.extend([&b"PK\x05\x06\0\0\0\0"[..], &count, &count, &length, &start, &[0, 0]].concat());
    bytes
}

#[test]
fn a_zip_with_one_name_twice_is_refused_and_what_is_not_checked_is_named() {
    let issued = Issued::new();
    let (document, receipt) = (DOCUMENT.as_bytes(), issued.receipt.to_json().into_bytes());
    let verify = |files: &[(&str, &[u8])], code: i32| -> Value {
        fs::write(issued.path("a.zip"), zip(files)).unwrap();
        sanad(issued.at(), &format!("verify a.zip {GENESIS} --json")).expect(code).json()
    };
    let good: [(&str, &[u8]); 2] = [("ijazah.json", document), ("ijazah.json.receipt.json", &receipt)];
    assert_eq!(verify(&good, 0)["verdict"], "active");
    let forged = DOCUMENT.replace('6', "9");
    for name in ["ijazah.json", "IJAZAH.json", "ijazah.json."] {
        let twice: [(&str, &[u8]); 3] = [good[0], (name, forged.as_bytes()), good[1]];
        for files in [twice, [twice[1], twice[0], twice[2]]] {
            let found = verify(&files, 2);
            assert_eq!(found["findings"], json!([]), "{found}");
            let error = found["errors"][0]["error"].to_string();
            assert!(error.contains("two files of the name"), "{error}");
        }
    }
    // A forgery beside a real one, and a receipt that nothing was checked with.
    let beside: [(&str, &[u8]); 4] =
        [("ijazah-doktor.json", forged.as_bytes()), good[0], good[1], ("x.pdf.receipt", b"{}")];
    let found = verify(&beside, 2);
    assert_eq!(found["findings"][0]["verdict"], "active");
    assert!(found["verdict"].is_null(), "{found}");
    let errors = found["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 2, "{found}");
    for (error, name) in errors.iter().zip(["a.zip/ijazah-doktor.json", "a.zip/x.pdf.receipt"]) {
        let error = error["error"].as_str().unwrap();
        assert!(error.starts_with(&format!("{name} was NOT checked")), "{error}");
    }
    let text = sanad(issued.at(), &format!("verify a.zip {GENESIS}")).expect(2);
    assert!(text.stderr.contains("a.zip/ijazah-doktor.json was NOT checked"), "{}", text.stderr);
}

#[test]
fn of_receipts_in_a_zip_the_newest_counts_whatever_it_is_called() {
    let issued = Issued::new();
    let target = LogIndex(INDEX);
    issued.ledger.commit_batch(issued.ledger.next_batch_of(vec![Event::Revoke { target }]));
    let (old, new) = (issued.receipt.to_json(), issued.renewed().to_json());
    for [first, second] in [[&new, &old], [&old, &new]] {
        let files =
            [("ijazah.json", DOCUMENT), ("ijazah.json.receipt.json", first), ("ijazah.json.receipt", second)];
        fs::write(issued.path("a.zip"), zip(&files.map(|(name, text)| (name, text.as_bytes())))).unwrap();
        let found = sanad(issued.at(), &format!("verify a.zip {GENESIS} --json")).expect(1).json();
        assert_eq!(found["verdict"], "revoked", "{found}");
    }
}

#[test]
fn of_several_receipts_the_newest_counts_and_all_are_of_one_entry() {
    let issued = Issued::new();
    let verify = |code: i32| sanad(issued.at(), &format!("verify ijazah.json {GENESIS} --json")).expect(code);
    let target = LogIndex(INDEX);
    issued.ledger.commit_batch(issued.ledger.next_batch_of(vec![Event::Revoke { target }]));
    let (old, new) = (issued.receipt.to_json(), issued.renewed().to_json());
    for [first, second] in [[&old, &new], [&new, &old]] {
        fs::write(issued.path("ijazah.json.receipt.json"), first).unwrap();
        fs::write(issued.path("ijazah.json.receipt"), second).unwrap();
        let found = verify(1).json();
        assert_eq!(found["verdict"], "revoked", "{found}");
        let named = found["findings"][0]["receipt"].as_str().unwrap();
        assert_eq!(named.ends_with(".json"), first == &new, "{named}");
    }
    // One that is named is the one that counts.
    let named = "verify ijazah.json --receipt ijazah.json.receipt --genesis genesis.json";
    sanad(issued.at(), named).expect(0);
    // One that is of another document is not passed over.
    let other = Issued::of("{\"another\": 1}").receipt.to_json();
    for wrong in [other.as_str(), "{}"] {
        fs::write(issued.path("ijazah.json.receipt"), wrong).unwrap();
        let run = verify(2);
        assert!(run.stderr.contains("several receipts beside it"), "{}", run.stderr);
        assert_eq!(run.json()["findings"], json!([]));
    }
    // Nor does a changed document become an error instead of a verdict.
    fs::write(issued.path("ijazah.json.receipt"), &old).unwrap();
    fs::write(issued.path("ijazah.json"), DOCUMENT.replace('6', "9")).unwrap();
    assert_eq!(verify(1).json()["verdict"], "tampered");
}

/// A PNG that shows codes, one below the other.
fn picture(codes: &[&QrCode]) -> Vec<u8> {
    const MODULE: usize = 4;
    const BORDER: usize = 6;
    let widest = codes.iter().map(|code| code.side()).max().unwrap();
    let (across, mut rows) = ((widest + 2 * BORDER) * MODULE, Vec::new());
    for code in codes {
        for y in 0..(code.side() + 2 * BORDER) * MODULE {
            let module =
                |place: usize| (place / MODULE).checked_sub(BORDER).filter(|place| *place < code.side());
            let is_dark = |x| module(x).zip(module(y)).is_some_and(|(x, y)| code.is_dark(x, y));
            rows.push(0);
            rows.extend((0..across).map(|x| if is_dark(x) { 0 } else { 255 }));
        }
    }
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::default());
    packed.write_all(&rows).unwrap();
    let [across, down] = [across, rows.len() / (across + 1)].map(|n| u32::try_from(n).unwrap().to_be_bytes());
    let chunk = |kind: &[u8], content: &[u8]| {
        let checked = [kind, content].concat();
        let mut crc = Crc::new();
        crc.update(&checked);
        let length = u32::try_from(content.len()).unwrap().to_be_bytes();
        [&length[..], &checked, &crc.sum().to_be_bytes()].concat()
    };
    let head = [&across[..], &down, &[8, 0, 0, 0, 0]].concat();
    let (head, content) = (chunk(b"IHDR", &head), chunk(b"IDAT", &packed.finish().unwrap()));
    [&b"\x89PNG\r\n\x1a\n"[..], &head, &content, &chunk(b"IEND", b"")].concat()
}

/// The link code and the offline code of a certificate.
fn codes_of(folder: &Path, name: &str) -> [QrCode; 2] {
    let site = "--site https://univ.example --site-dir public";
    fs::create_dir_all(folder.join("public")).unwrap();
    let make = format!("certificate make {name}.json --out {name}.pdf {site} {GENESIS} --json");
    let made = sanad(folder, &make).expect(0).json();
    let paper = format!(
        "receipt convert {name}.json.receipt.json {name}.paper.receipt --paper --document {name}.json {GENESIS}"
    );
    sanad(folder, &paper).expect(0);
    let receipt = fs::read(folder.join(format!("{name}.paper.receipt"))).unwrap();
    [made["made"][0]["link"].as_str().unwrap().as_bytes(), &receipt].map(|code| QrCode::new(code).unwrap())
}

#[test]
fn a_paper_with_codes_of_two_credentials_is_not_judged_as_one() {
    let node = Node::over(MemoryLedger::of(genesis_naming(BADGE)));
    let folder = node.folder(&[]);
    let at = folder.path();
    fs::write(at.join("a.json"), BADGE).unwrap();
    fs::write(at.join("b.json"), BADGE.replace("Arkanendra Lokawisesa", "Budi Santoso")).unwrap();
    node.sanad(at, &format!("issue a.json b.json --issuer-dir issuer {GENESIS}")).expect(0);
    let ([link, offline], [_, other]) = (codes_of(at, "a"), codes_of(at, "b"));
    let holder = |picture: &[u8], more: &str| {
        fs::write(at.join("photo.png"), picture).unwrap();
        let run = sanad(at, &format!("verify photo.png {GENESIS} --json {more}"));
        (run.code, run.json()["findings"][0]["summary"]["holder"].clone(), run.stderr)
    };
    let (a, b) = (json!("Arkanendra Lokawisesa"), json!("Budi Santoso"));
    let site = "--site public";
    let genuine = picture(&[&link, &offline]);
    for more in ["", site] {
        let (code, found, _) = holder(&genuine, more);
        assert_eq!((code, &found), (0, &a), "{more}");
    }
    let mixed = picture(&[&link, &other]);
    let (code, found, said) = holder(&mixed, site);
    assert!(
        code == 2 && found.is_null() && said.contains("codes of two credentials"),
        "{code} {found} {said}"
    );
    // Without the site there is one code to check, and what was not checked is named.
    let (code, found, said) = holder(&mixed, "");
    assert_eq!((code, &found), (0, &b));
    assert!(
        said.contains("the link code beside it was not opened, and may be of another credential"),
        "{said}"
    );
    let two = picture(&[&offline, &other]);
    for more in ["", site] {
        let (code, found, said) = holder(&two, more);
        assert!(code == 2 && found.is_null(), "{code} {found} {said}");
    }
}

const NAME: &str = "did:web:issuer.example";
const ENDORSED: &str = "kursus.txt kursus.endorsement.json";

/// A node, and a folder with a document that its issuer endorses.
fn endorsed() -> (Node, tempfile::TempDir) {
    let ledger = MemoryLedger::of(genesis_naming(&json!({ "issuer": NAME }).to_string()));
    // Nothing is signed where the ledger's time and the clock's are far apart.
    ledger.start_now();
    let node = Node::over(ledger);
    let folder = node.folder(&[]);
    fs::write(folder.path().join("kursus.txt"), "Kursus, 3 SKS").unwrap();
    issue(&node, folder.path(), "kursus.txt");
    let endorse = format!("endorse kursus.txt --issuer-dir issuer {GENESIS} --comment");
    node.sanad(folder.path(), &format!("{endorse} Diakui\",\"dan\\setara.")).expect(0);
    (node, folder)
}

fn issue(node: &Node, at: &Path, name: &str) {
    node.sanad(at, &format!("issue {name} --issuer-dir issuer {GENESIS}")).expect(0);
}

/// Changes an endorsement, signs it anew or not, and enters it.
fn another(node: &Node, at: &Path, name: &str, is_signed: bool, change: impl FnOnce(&mut Value)) {
    let text = fs::read(at.join("kursus.endorsement.json")).unwrap();
    let mut endorsement: Value = serde_json::from_slice(&text).unwrap();
    endorsement.as_object_mut().unwrap().remove("proof");
    change(&mut endorsement);
    let Value::Object(credential) = endorsement.clone() else { panic!("an object") };
    let signer = Signer::of_did(issuing_key(ISSUER), NAME.to_owned(), Cryptosuite::default());
    let text = match is_signed {
        true => signer.sign(credential, "2026-11-20T08:00:00Z").unwrap(),
        false => endorsement.to_string().into_bytes(),
    };
    fs::write(at.join(name), text).unwrap();
    issue(node, at, name);
}

#[test]
fn an_endorsement_endorses_only_while_it_holds() {
    let (node, folder) = endorsed();
    let at = folder.path();
    let found = |files: &str, code: i32| -> Value {
        let run = node.sanad(at, &format!("verify {files} {GENESIS} --json")).expect(code);
        run.json()["findings"].as_array().unwrap().last().unwrap().clone()
    };
    let good = found(ENDORSED, 0);
    assert_eq!(
        (&good["endorses"]["endorsed"], &good["endorses"]["document"]),
        (&json!("award"), &json!("kursus.txt"))
    );
    // A comment cannot end its quotation.
    let text = node.sanad(at, &format!("verify {ENDORSED} {GENESIS}")).expect(0).stdout;
    assert!(text.contains(r#"endorses kursus.txt: "Diakui\",\"dan\\setara.""#), "{text}");

    let alone = node.sanad(at, &format!("verify kursus.endorsement.json {GENESIS}")).expect(0).stdout;
    assert!(alone.contains("relatedResource was not fetched"), "{alone}");

    // By another kind of digest, or by one that is not known.
    let sha256 = format!("sha256-{}", BASE64_STANDARD.encode(Sha256::digest("Kursus, 3 SKS")));
    another(&node, at, "sha256.json", true, |json| json["relatedResource"][0]["digestSRI"] = json!(sha256));
    assert_eq!(found("kursus.txt sha256.json", 0)["endorses"]["endorsed"], "award");
    // The id of such a document is its digest, which no other document has.
    let award = json!({"id": "urn:uuid:1", "award": "x"}).to_string();
    fs::write(at.join("award.json"), award).unwrap();
    issue(&node, at, "award.json");
    another(&node, at, "unknown.json", true, |json| {
        json["credentialSubject"]["id"] = json!("urn:uuid:1");
        let digest = format!("uEi{}", "A".repeat(44));
        json["relatedResource"] = json!([{ "id": "urn:uuid:1", "digestMultibase": digest }]);
    });
    assert_eq!(found("award.json unknown.json", 2)["endorses"]["endorsed"], "not-compared");

    // What does not hold endorses nothing, and says why.
    let refused = |files: &str, code: i32, why: &str| {
        let found = found(files, code);
        assert!(found.get("endorses").is_none(), "{found}");
        let reason = found["claims_to_endorse"]["reason"].as_str().unwrap();
        assert!(reason.contains(why), "{reason}");
        let run = node.sanad(at, &format!("verify {files} {GENESIS}")).expect(code);
        assert!(!run.stdout.contains("  endorses"), "{}", run.stdout);
        assert!(run.stdout.contains("and does NOT hold: "), "{}", run.stdout);
    };
    another(&node, at, "unsigned.json", false, |_| {});
    refused("kursus.txt unsigned.json", 2, "no signature");
    another(&node, at, "expired.json", true, |json| {
        json["validFrom"] = json!("2020-01-01T00:00:00Z");
        json["validUntil"] = json!("2021-01-01T00:00:00Z");
    });
    refused("kursus.txt expired.json", 1, "expired");
    another(&node, at, "early.json", true, |json| json["validFrom"] = json!("2999-01-01T00:00:00Z"));
    refused("kursus.txt early.json", 1, "not yet valid");
    let text = fs::read_to_string(at.join("kursus.endorsement.json")).unwrap();
    fs::write(at.join("tampered.json"), text.replace("Diakui", "Setara doktor")).unwrap();
    fs::copy(at.join("kursus.endorsement.json.receipt.json"), at.join("tampered.json.receipt.json")).unwrap();
    refused("kursus.txt tampered.json", 1, "tampered");

    // Withdrawn, and the award withdrawn.
    let revoke = |name: &str| {
        node.sanad(at, &format!("revoke {name} --yes --issuer-dir issuer {GENESIS}")).expect(0);
    };
    revoke("kursus.endorsement.json");
    refused(ENDORSED, 1, "revoked");
    revoke("kursus.txt");
    let found = found("kursus.txt sha256.json", 1);
    assert!(found["endorses"]["award_does_not_hold"].as_str().unwrap().contains("revoked"), "{found}");
    let run = node.sanad(at, &format!("verify kursus.txt sha256.json {GENESIS}")).expect(1);
    assert!(run.stdout.contains("which does NOT hold itself: kursus.txt: revoked"), "{}", run.stdout);
}

#[test]
fn an_endorsement_says_something_and_is_of_what_was_entered_by_its_issuer() {
    let (node, folder) = endorsed();
    let at = folder.path();
    let mut endorse = command(at);
    let with =
        ["--issuer-dir", "issuer", "--genesis", "genesis.json", "--node", &node.url, "--out", "x.json"];
    let run = run(endorse.args(["endorse", "kursus.txt", "--comment", " "]).args(with));
    run.expect_error("the comment is empty");
    fs::write(at.join("forged.json"), BADGE).unwrap();
    let endorse = format!("endorse forged.json --comment Diakui. --issuer-dir issuer {GENESIS}");
    let run = node.sanad(at, &endorse).expect(2);
    assert!(run.stderr.contains("endorsed by the receipt that"), "{}", run.stderr);
    assert!(!run.stderr.contains("sanad issue"), "{}", run.stderr);
}
