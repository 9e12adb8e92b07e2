//! QR codes of a whole folder, and pictures that hold no receipt.

use std::fs;

use crate::documents::Issued;
use crate::program::sanad;

#[test]
fn a_folder_of_receipts_becomes_a_folder_of_codes() {
    let issued = Issued::new();
    let folder = issued.path("awards");
    fs::create_dir(&folder).unwrap();
    for n in 0..20 {
        fs::copy(issued.path("ijazah.json.receipt.json"), folder.join(format!("{n}.json.receipt.json")))
            .unwrap();
    }
    fs::write(folder.join("bad.json.receipt.json"), "{}").unwrap();
    fs::write(folder.join("19.json"), "a document").unwrap();
    sanad(
        issued.at(),
        "receipt convert awards/7.json.receipt.json awards/7.json.receipt --genesis genesis.json",
    )
    .expect(0);

    let draw = "receipt qr awards --out codes --genesis genesis.json --json";
    let drawn = sanad(issued.at(), draw).expect(2).json();
    assert_eq!(drawn["drawn"], 20, "{drawn}");
    let failed = drawn["failed"].as_array().unwrap();
    assert_eq!((failed.len(), &failed[0]["receipt"]), (1, &"awards/bad.json.receipt.json".into()));
    assert_eq!(fs::read_dir(issued.path("codes")).unwrap().count(), 20);
    let verify = "verify ijazah.json --receipt codes/13.json.receipt.png --genesis genesis.json";
    sanad(issued.at(), verify).expect(0);

    // What is there is left as it is, and said.
    let again = sanad(issued.at(), draw).expect(2).json();
    assert!(again["failed"][0]["reason"].as_str().unwrap().contains("exists already"), "{again}");
    fs::remove_file(folder.join("bad.json.receipt.json")).unwrap();
    let text = sanad(issued.at(), "receipt qr awards --out new --genesis genesis.json").expect(0).stdout;
    assert_eq!(text, "20 codes in new\n");

    sanad(issued.at(), "receipt qr awards --genesis genesis.json").expect_error("--out");
    sanad(issued.at(), "receipt qr ijazah.json.receipt.json --out x --genesis genesis.json")
        .expect_error("give --png FILE");
    fs::create_dir(issued.path("empty")).unwrap();
    sanad(issued.at(), "receipt qr empty --out x --genesis genesis.json").expect_error("holds no receipts");
}

#[test]
fn a_picture_without_a_receipt_says_what_it_is() {
    let issued = Issued::new();
    for (bytes, said) in [
        (&b"%PDF-1.7\n"[..], "the PDF is damaged"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "is a HEIC picture; save"),
        (b"\xff\xd8\xff\xe0", "the JPEG cannot be read"),
        (b"\x89PNG\r\n\x1a\n", "the PNG is damaged"),
    ] {
        fs::write(issued.path("picture"), bytes).unwrap();
        let run = sanad(issued.at(), "receipt show picture --genesis genesis.json").expect(2);
        assert!(
            run.stderr.contains("picture does not hold a receipt") && run.stderr.contains(said),
            "{}",
            run.stderr
        );
    }
}

#[test]
fn the_digits_of_an_offline_code_are_a_receipt() {
    let issued = Issued::new();
    let binary = "receipt convert ijazah.json.receipt.json r.receipt --genesis genesis.json";
    sanad(issued.at(), binary).expect(0);
    let digits = sanad_certificate::to_digits(&fs::read(issued.path("r.receipt")).unwrap());
    fs::write(issued.path("code.txt"), format!("https://univ.example/v#{digits}\n")).unwrap();
    sanad(issued.at(), "verify ijazah.json --receipt code.txt --genesis genesis.json").expect(0);
    sanad(issued.at(), "receipt show code.txt --genesis genesis.json").expect(0);
    fs::write(issued.path("cut.txt"), format!("https://univ.example/v#{}\n", &digits[1..])).unwrap();
    sanad(issued.at(), "receipt show cut.txt --genesis genesis.json").expect_error("digits of the receipt");
    fs::write(issued.path("link.txt"), format!("https://univ.example/v#{}", "A".repeat(43))).unwrap();
    sanad(issued.at(), "verify link.txt --genesis genesis.json").expect_error("the code is a link");
    sanad(issued.at(), "receipt show link.txt --genesis genesis.json").expect_error("the code is a link");
}
