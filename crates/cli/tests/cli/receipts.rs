//! The forms of a receipt: JSON, binary, QR code.

use std::fs;

use sanad_core::proof::Finality;
use sanad_core::receipt::Receipt;
use sanad_testkit::{Body, Chain, DOCUMENT as TESTKIT_DOCUMENT, Shape, certify};
use serde_json::Value;

use crate::documents::{DOCUMENT, Issued};
use crate::program::{Run, sanad, sanad_reading};

const GENESIS: &str = "--genesis genesis.json";
const JSON: &str = "ijazah.json.receipt.json";

/// Runs `sanad verify` with a receipt; the finding, where there is one.
fn verify(issued: &Issued, arguments: &str, code: i32) -> Value {
    let run = sanad(issued.at(), &format!("verify {arguments} {GENESIS} --json")).expect(code);
    run.json()["findings"][0].clone()
}

fn convert(issued: &Issued, arguments: &str) -> Run {
    sanad(issued.at(), &format!("receipt convert {arguments} {GENESIS}"))
}

#[test]
fn both_forms_hold_the_same_facts() {
    let issued = Issued::new();
    let told = convert(&issued, &format!("{JSON} small.receipt --json")).expect(0).json();
    assert_eq!(told["media_type"], "application/vnd.sanad.receipt");
    let binary = fs::read(issued.path("small.receipt")).unwrap();
    assert_eq!(told["bytes"], binary.len());
    assert_eq!(binary, issued.receipt.to_binary(&issued.anchor()).unwrap());
    convert(&issued, "small.receipt again.json").expect(0);
    let again = Receipt::from_json(&fs::read(issued.path("again.json")).unwrap()).unwrap();
    assert_eq!(again, issued.receipt.clone().trimmed(&issued.anchor()));
    for receipt in ["small.receipt", "again.json", JSON] {
        let finding = verify(&issued, &format!("ijazah.json --receipt {receipt}"), 0);
        assert_eq!((&finding["verdict"], &finding["as_of"]["height"]), (&"active".into(), &3.into()));
        let shown = sanad(issued.at(), &format!("receipt show {receipt} {GENESIS} --json")).expect(0).json();
        assert_eq!((&shown["log_index"], &shown["status"]), (&3.into(), &"active".into()));
    }
    // To standard output, in a form that no name says.
    let text = convert(&issued, "small.receipt - --to json").expect(0).stdout;
    assert_eq!(text, again.to_json());
    convert(&issued, "small.receipt again.json").expect_error("never overwritten");
    convert(&issued, "small.receipt x.receipt.png").expect_error("sanad receipt qr");
    sanad(issued.at(), "receipt show small.receipt").expect_error("--genesis FILE or --trust FILE");
}

#[test]
fn more_signatures_than_suffice_are_left_out() {
    let issued = Issued::new();
    let mut all = issued.receipt.clone();
    let certificate = certify(&all.proof.header, &issued.anchor().validators, &[0, 1, 2, 3]);
    all.proof.finality = Finality::certificate(certificate, Vec::new());
    issued.write(&all);
    assert_eq!(verify(&issued, "ijazah.json", 0)["signers"].as_array().unwrap().len(), 4);
    convert(&issued, &format!("{JSON} trimmed.json")).expect(0);
    let trimmed = Receipt::from_json(&fs::read(issued.path("trimmed.json")).unwrap()).unwrap();
    let Finality::Certificate { certificate, .. } = trimmed.proof.finality else { panic!() };
    assert_eq!(certificate.signatures.len(), 3);
    assert_eq!(verify(&issued, "ijazah.json --receipt trimmed.json", 0)["verdict"], "active");
}

#[test]
fn a_receipt_that_does_not_hold_has_no_binary_form() {
    let issued = Issued::new();
    let mut receipt = issued.receipt.clone();
    receipt.proof.log_path[0][0] ^= 1;
    issued.write(&receipt);
    convert(&issued, &format!("{JSON} small.receipt")).expect_error("only a receipt that holds");
    assert!(!issued.path("small.receipt").exists());
}

#[test]
fn receipts_are_found_beside_their_documents_in_any_form() {
    let issued = Issued::new();
    let (json, binary) = (issued.path(JSON), issued.path("ijazah.json.receipt"));
    convert(&issued, &format!("{JSON} ijazah.json.receipt")).expect(0);
    fs::remove_file(json).unwrap();
    let finding = verify(&issued, "ijazah.json", 0);
    assert_eq!(finding["receipt"], "ijazah.json.receipt");
    sanad(issued.at(), &format!("receipt qr ijazah.json.receipt --png ijazah.json.receipt.png {GENESIS}"))
        .expect(0);
    fs::remove_file(binary).unwrap();
    assert_eq!(verify(&issued, "ijazah.json", 0)["receipt"], "ijazah.json.receipt.png");
}

#[test]
fn a_qr_code_is_written_and_read_back() {
    let issued = Issued::new();
    let qr = format!("receipt qr {JSON} {GENESIS}");
    let drawn = sanad(issued.at(), &format!("{qr} --png code.png --json")).expect(0).json();
    let binary = issued.receipt.to_binary(&issued.anchor()).unwrap();
    assert_eq!(drawn["bytes"], binary.len());
    let modules = drawn["modules"].as_u64().unwrap() as usize;
    assert_eq!(verify(&issued, "ijazah.json --receipt code.png", 0)["verdict"], "active");
    convert(&issued, "code.png back.receipt").expect(0);
    assert_eq!(fs::read(issued.path("back.receipt")).unwrap(), binary);
    // In the terminal: a light border of four, two rows a line, colours of its own.
    let lines = sanad(issued.at(), &qr).expect(0).stdout;
    assert_eq!(lines.lines().count(), (modules + 8).div_ceil(2));
    for line in lines.lines() {
        let line = line.strip_prefix("\u{1b}[30;107m").unwrap().strip_suffix("\u{1b}[0m").unwrap();
        assert_eq!(line.chars().count(), modules + 8);
        assert!(line.starts_with("    ") && line.ends_with("    "));
    }
    let rows = sanad(issued.at(), &format!("{qr} --json")).expect(0).json()["rows"].clone();
    assert_eq!(rows.as_array().unwrap().len(), modules);
    sanad(issued.at(), &format!("{qr} --svg code.svg")).expect(0);
    let svg = fs::read_to_string(issued.path("code.svg")).unwrap();
    assert!(svg.starts_with("<svg ") && svg.contains(&format!("viewBox=\"0 0 {0} {0}\"", modules + 8)));
    // As many dark modules as the rows have.
    let dark: usize =
        svg.split('h').skip(1).filter_map(|run| run.split('v').next()?.parse::<usize>().ok()).sum();
    let ones = rows.as_array().unwrap().iter().map(|row| row.as_str().unwrap().matches('1').count());
    assert_eq!(dark, ones.sum::<usize>());
    sanad(issued.at(), &format!("{qr} --svg code.svg")).expect_error("never overwritten");
}

#[test]
fn a_receipt_too_large_for_one_code_says_what_to_do() {
    // Twenty validators, and two changes of them on the way from the genesis.
    let mut chain = Chain::new(20);
    let body = Body::new(&Shape::usual(1_000_000, 20), &chain.genesis.chain_id());
    chain.announce();
    chain.announce();
    let height = chain.enter(&body);
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fs::write(at.join("genesis.json"), chain.genesis.to_json()).unwrap();
    fs::write(at.join("ijazah.json"), TESTKIT_DOCUMENT).unwrap();
    fs::write(at.join(JSON), body.receipt(chain.header(height), chain.certified(height, 0)).to_json())
        .unwrap();
    let run = sanad(at, &format!("receipt qr {JSON} --png code.png {GENESIS}")).expect(2);
    for part in
        ["one QR code holds 2953", "signatures under", "2 changes of the validators", "receipt convert"]
    {
        assert!(run.stderr.contains(part), "{}", run.stderr);
    }
    assert!(!at.join("code.png").exists());
    sanad(at, &format!("receipt convert {JSON} large.receipt {GENESIS}")).expect(0);
    let verify = format!("verify ijazah.json --receipt large.receipt {GENESIS} --json");
    assert_eq!(sanad(at, &verify).expect(0).json()["verdict"], "active");
}

#[test]
fn pictures_without_a_receipt_are_an_error() {
    let issued = Issued::new();
    fs::write(issued.path("broken.png"), b"\x89PNG\r\n\x1a\n and no more").unwrap();
    let verify = format!("verify ijazah.json {GENESIS} --receipt");
    let run = sanad(issued.at(), &format!("{verify} broken.png")).expect(2);
    assert!(run.stderr.contains("the PNG is damaged"), "{}", run.stderr);
}

#[test]
fn documents_and_receipts_come_from_standard_input() {
    let issued = Issued::new();
    let verify = format!("verify - --receipt {JSON} {GENESIS} --json");
    let read = sanad_reading(issued.at(), &verify, DOCUMENT.as_bytes()).expect(0).json();
    assert_eq!((&read["verdict"], &read["findings"][0]["target"]), (&"active".into(), &"-".into()));
    let other = sanad_reading(issued.at(), &verify, b"{}").expect(1).json();
    assert_eq!(other["verdict"], "tampered");
    let verify = format!("verify ijazah.json --receipt - {GENESIS}");
    for receipt in
        [issued.receipt.to_json().into_bytes(), issued.receipt.to_binary(&issued.anchor()).unwrap()]
    {
        sanad_reading(issued.at(), &verify, &receipt).expect(0);
    }
    sanad_reading(issued.at(), &verify, b"").expect(2);
    sanad_reading(issued.at(), &format!("verify - {GENESIS}"), b"").expect_error("needs --receipt");
    sanad_reading(issued.at(), &format!("verify - --receipt - {GENESIS}"), b"").expect_error("only one of");
    let endless = vec![b' '; (64 << 20) + 1];
    let run = sanad_reading(issued.at(), &format!("verify - --receipt {JSON} {GENESIS}"), &endless).expect(2);
    assert!(run.stderr.contains("more than 67108864 bytes"), "{}", run.stderr);
}

#[test]
fn all_documents_of_a_folder_are_checked() {
    let issued = Issued::new();
    let awards = issued.path("awards");
    fs::create_dir(&awards).unwrap();
    for name in ["a.json", "b.txt"] {
        fs::write(awards.join(name), DOCUMENT).unwrap();
        fs::write(awards.join(format!("{name}.receipt.json")), issued.receipt.to_json()).unwrap();
    }
    fs::write(awards.join("notes.txt"), "no document").unwrap();
    let run = sanad(issued.at(), &format!("verify awards {GENESIS} --json")).expect(0);
    let targets: Vec<_> =
        run.json()["findings"].as_array().unwrap().iter().map(|finding| finding["target"].clone()).collect();
    assert_eq!(targets, ["awards/a.json", "awards/b.txt"]);
    // One without a receipt is not passed over.
    fs::write(awards.join("c.json"), DOCUMENT).unwrap();
    let run = sanad(issued.at(), &format!("verify awards {GENESIS} --json")).expect(2);
    assert_eq!(run.json()["errors"][0]["document"], "awards/c.json");
    assert_eq!(run.json()["findings"].as_array().unwrap().len(), 2);
    sanad(issued.at(), &format!("verify awards --receipt {JSON} {GENESIS}")).expect_error("belongs to one");
    fs::create_dir(issued.path("empty")).unwrap();
    sanad(issued.at(), &format!("verify empty {GENESIS}")).expect_error("no documents");
}

#[test]
fn what_is_wrong_with_a_binary_receipt_has_its_word() {
    let issued = Issued::new();
    let binary = issued.receipt.to_binary(&issued.anchor()).unwrap();
    let signatures = binary.len() - 3 * 64;
    let changed = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut changed = binary.clone();
        change(&mut changed);
        changed
    };
    for (bytes, verdict, part) in [
        (changed(&|bytes| bytes[4] = 2), "needs-newer-verifier", "encoding"),
        (changed(&|bytes| bytes[5] ^= 1), "foreign-chain", "chain"),
        (changed(&|bytes| bytes[15] ^= 1), "tampered", "document"),
        (changed(&|bytes| bytes[47] ^= 1), "tampered", "certificate"),
        (changed(&|bytes| bytes[signatures] ^= 1), "tampered", "certificate"),
        (changed(&|bytes| bytes[signatures - 1] = 0b0011), "not-proven", "certificate"),
        (changed(&|bytes| bytes[signatures - 1] |= 1 << 6), "not-proven", "certificate"),
        (changed(&|bytes| bytes[13] |= 0x80), "tampered", "encoding"),
        (changed(&|bytes| bytes.push(0)), "tampered", "encoding"),
        (changed(&|bytes| bytes.truncate(500)), "tampered", "encoding"),
    ] {
        issued.write_binary(&bytes);
        let code = if verdict == "needs-newer-verifier" { 2 } else { 1 };
        let finding = verify(&issued, "ijazah.json", code);
        assert_eq!(finding["verdict"], verdict);
        assert!(finding["reason"].as_str().unwrap().starts_with(part), "{}", finding["reason"]);
        let text = sanad(issued.at(), &format!("verify ijazah.json {GENESIS}")).expect(code).stdout;
        assert!(text.starts_with(&format!("ijazah.json: {} (", verdict.replace('-', " "))), "{text}");
    }
    // Nothing that says it is a receipt: nothing is said of it.
    for bytes in [binary[1..].to_vec(), Vec::new()] {
        issued.write_binary(&bytes);
        let run = sanad(issued.at(), &format!("verify ijazah.json {GENESIS}")).expect(2);
        assert!(run.stderr.contains("is not a receipt"), "{}", run.stderr);
    }
}

#[test]
fn the_page_of_findings_names_all_that_is_printed() {
    let page = include_str!("../../../../docs/formats/finding.md");
    let issued = Issued::new();
    let run = sanad(issued.at(), &format!("verify ijazah.json {GENESIS} --json --max-age 36500d")).expect(0);
    let (all, finding) = (run.json(), run.json()["findings"][0].clone());
    let fields = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let mut names =
        [fields(&all), fields(&finding), fields(&finding["as_of"]), fields(&finding["issuer"])].concat();
    for check in finding["checks"].as_array().unwrap() {
        names.extend(fields(check));
        names.push(check["part"].as_str().unwrap().to_owned());
    }
    for name in names {
        assert!(page.contains(&format!("`{name}`")), "{name}");
    }
}

#[test]
fn a_finding_says_what_is_proved_and_what_is_not() {
    let issued = Issued::new();
    let finding = verify(&issued, "ijazah.json", 0);
    for check in finding["checks"].as_array().unwrap() {
        assert!(check["proves"].as_str().unwrap().len() > 20, "{check}");
    }
    let open = finding["not_proved"].as_array().unwrap();
    assert!(open[0].as_str().unwrap().ends_with("it names no issuer"), "{open:?}");
    assert!(open[1].as_str().unwrap().starts_with("the status after block 3, "), "{open:?}");
    let mut receipt = issued.receipt.clone();
    receipt.proof.status_leaf[0] ^= 1;
    issued.write(&receipt);
    let finding = verify(&issued, "ijazah.json", 1);
    assert_eq!(finding["not_proved"][0], "statuses, records and the other parts are those of the block");
    let text = sanad(issued.at(), &format!("verify ijazah.json {GENESIS}")).expect(1).stdout;
    assert!(text.contains("ijazah.json: tampered (state)\n"), "{text}");
    assert!(
        text.contains("  [NO] state: ")
            && text.contains("  not proved: statuses, records and the other parts are"),
        "{text}"
    );
}

#[test]
fn a_strangers_file_name_stays_on_its_line() {
    let issued = Issued::new();
    let folder = issued.path("fold");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("diploma.json: active\nz.json"), "{}").unwrap();
    fs::copy(
        issued.path("ijazah.json.receipt.json"),
        folder.join("diploma.json: active\nz.json.receipt.json"),
    )
    .unwrap();
    let run = sanad(issued.at(), &format!("verify fold {GENESIS}")).expect(1);
    assert!(run.stdout.starts_with("\"fold/diploma.json: active\\nz.json\": tampered"), "{}", run.stdout);
}

#[cfg(unix)]
#[test]
fn names_that_are_not_utf_8_and_pipes_cost_no_other_answer() {
    use std::os::unix::ffi::OsStringExt as _;
    let issued = Issued::new();
    let folder = issued.path("fold");
    fs::create_dir(&folder).unwrap();
    let copy = |name: &[u8]| {
        let name = |suffix: &[u8]| folder.join(std::ffi::OsString::from_vec([name, suffix].concat()));
        fs::copy(issued.path("ijazah.json"), name(b"")).unwrap();
        fs::copy(issued.path("ijazah.json.receipt.json"), name(b".receipt.json")).unwrap();
    };
    copy(b"a.json");
    copy(b"b\xff.json");
    fs::write(folder.join(std::ffi::OsString::from_vec(b"c\xff.json".to_vec())), "{}").unwrap();
    fs::write(folder.join("d.json"), "{}").unwrap();
    let pipe = std::process::Command::new("mkfifo").arg(folder.join("d.json.receipt.json")).status().unwrap();
    assert!(pipe.success());
    let found = sanad(issued.at(), &format!("verify fold {GENESIS} --json")).expect(2).json();
    assert_eq!(found["findings"].as_array().unwrap().len(), 2);
    assert_eq!(found["errors"].as_array().unwrap().len(), 2, "{found}");
}
