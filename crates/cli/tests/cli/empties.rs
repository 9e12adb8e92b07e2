//! Files of no bytes, and files that are nothing but their beginning, where a certificate is expected.

use std::fs;

use sanad_certificate::{File, pack};

use crate::documents::Issued;
use crate::program::sanad;

/// A ZIP without files: its end record alone (APPNOTE.TXT, 4.3.16).
const ZIP_OF_NOTHING: [u8; 22] = *b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let files: Vec<File> =
        files.iter().map(|(name, bytes)| File { name: (*name).to_owned(), bytes: bytes.to_vec() }).collect();
    pack("siti", &files).unwrap()
}

#[test]
fn a_certificate_of_nothing_proves_nothing() {
    let issued = Issued::new();
    let receipt = fs::read(issued.path("ijazah.json.receipt.json")).unwrap();
    for (name, bytes, expected) in [
        ("nothing.pdf", Vec::new(), "nothing.pdf is empty"),
        ("nothing.zip", Vec::new(), "nothing.zip is empty"),
        ("nothing", Vec::new(), "nothing is empty"),
        ("head.pdf", b"%PDF-1.7\n".to_vec(), "the PDF is damaged"),
        ("end.zip", ZIP_OF_NOTHING.to_vec(), "holds no credential"),
        ("head.zip", b"PK\x03\x04".to_vec(), "ZIP"),
        ("pdf.zip", zip(&[("siti.pdf", b"")]), "holds no credential"),
        ("head-of-pdf.zip", zip(&[("siti.pdf", b"%PDF-1.7\n")]), "the PDF is damaged"),
        (
            "receipt.zip",
            zip(&[("siti.json", b"{}"), ("siti.json.receipt.json", b"")]),
            "siti.json.receipt.json is not a receipt",
        ),
    ] {
        fs::write(issued.path(name), bytes).unwrap();
        let run = sanad(issued.at(), &format!("verify {name} --genesis genesis.json")).expect(2);
        assert!(run.stderr.contains(expected), "{name}: {}", run.stderr);
        assert!(!run.stdout.contains("active"), "{name}: {}", run.stdout);
        sanad(issued.at(), &format!("verify {name} --genesis genesis.json --json")).expect(2);
    }
    // A document of no bytes is not the one that was issued, and a receipt of none is no receipt.
    for (name, bytes) in [
        ("nothing.json", Vec::new()),
        ("zipped.zip", zip(&[("siti.json", b""), ("siti.json.receipt.json", &receipt)])),
    ] {
        fs::write(issued.path(name), bytes).unwrap();
        let beside = if name == "nothing.json" { "--receipt ijazah.json.receipt.json" } else { "" };
        let run = sanad(issued.at(), &format!("verify {name} {beside} --genesis genesis.json")).expect(1);
        assert!(run.stdout.contains("tampered"), "{}", run.stdout);
    }
    fs::write(issued.path("none.receipt.json"), "").unwrap();
    sanad(issued.at(), "verify ijazah.json --receipt none.receipt.json --genesis genesis.json").expect(2);
}
