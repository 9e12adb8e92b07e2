//! Certificates on paper: issued by a real node, printed, photographed, and checked without any network.

#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::fs;
use std::process::Command;

use sanad_e2e::rosters::python;
use sanad_e2e::{Net, Said};

const SITE: &str = "https://sertifikat.univ-merapi.example";

/// The page of a certificate as a picture; `None`, and a word, where poppler is not installed.
fn page(net: &Net, pdf: &str) -> Option<String> {
    let out = net.path("page");
    match Command::new("pdftoppm").args(["-r", "300", "-png", "-singlefile", pdf, &out]).output() {
        Ok(output) => {
            assert!(output.status.success(), "{output:?}");
            Some(format!("{out}.png"))
        }
        Err(_) => {
            assert!(std::env::var_os("CI").is_none(), "pdftoppm has to be installed");
            println!("pdftoppm is not installed: skipped");
            None
        }
    }
}

fn finding(said: &Said, code: i32) -> serde_json::Value {
    said.json(code)["findings"][0].clone()
}

/// The codes of the rendered page, as an unrelated reader reads them, prove what they say, and no longer with one digit changed.
fn codes_as_zxing_reads_them(net: &Net, photo: &str, link: &str) {
    let Some(mut zxing) = python("read_codes.py") else { return };
    let said = zxing.arg(photo).output().unwrap();
    let codes = String::from_utf8(said.stdout).unwrap();
    let codes: Vec<&str> = codes.lines().collect();
    let [offline] = codes.iter().filter(|code| **code != link).collect::<Vec<_>>()[..] else {
        panic!("{codes:?}, {}", String::from_utf8_lossy(&said.stderr))
    };
    assert_eq!(codes.len(), 2, "{codes:?}");
    assert!(offline.starts_with(&format!("{SITE}/v#")), "{offline}");
    let text = net.path("offline.txt");
    fs::write(&text, offline).unwrap();
    assert_eq!(finding(&net.sanad(&["verify", "--receipt", &text]), 0)["verdict"], "active");
    let (head, last) = offline.split_at(offline.len() - 1);
    fs::write(&text, format!("{head}{}", if last == "0" { "1" } else { "0" })).unwrap();
    let changed = net.sanad(&["verify", "--receipt", &text]);
    assert!([1, 2].contains(&changed.code), "{changed:?}");
}

/// A page whose code is covered is refused as a whole; a name that no font has, alone, and not with a font that has it.
fn what_cannot_be_printed_is_named(net: &Net, document: &str) {
    let page = fs::read_to_string("../configs/certificate/certificate.svg").unwrap();
    let template = net.path("covered.svg");
    fs::write(&template, page.replace("</svg>", "<circle id=\"cap\" cx=\"700\" cy=\"400\" r=\"40\"/></svg>"))
        .unwrap();
    let out = net.path("none.pdf");
    let refused = net.sanad(&["certificate", "make", document, "--out", &out, "--template", &template]);
    assert!(refused.code == 2 && refused.err.contains("<circle id=\"cap\"> in line"), "{refused:?}");
    assert!(refused.err.contains("covers <rect>") && !fs::exists(&out).unwrap(), "{refused:?}");

    let (name, bengali) = ("মোহাম্মদ রহমান শেখ", net.path("bengali.json"));
    let text = fs::read_to_string(document).unwrap();
    fs::write(&bengali, text.replace("\"Arkanendra Lokawisesa\"", &format!("\"{name}\""))).unwrap();
    let checked = net.sanad(&["certificate", "check", document, &bengali]).json(1);
    assert_eq!(
        (&checked["printable"], checked["failed"].as_array().unwrap().len()),
        (&1.into(), 1),
        "{checked}"
    );
    let reason = checked["failed"][0]["reason"].as_str().unwrap();
    assert!(reason.contains(name) && reason.contains("--fonts DIR"), "{reason}");
    let fonts = "../crates/certificate/tests/fonts";
    let checked = net.sanad(&["certificate", "check", document, &bengali, "--fonts", fonts]).json(0);
    assert_eq!(checked["printable"], 2, "{checked}");
    // What is wrong with a name is said, and not that it were too long.
    let turned = net.path("turned.json");
    fs::write(&turned, text.replace("\"Arkanendra Lokawisesa\"", "\"Siti\\u202eRahma\"")).unwrap();
    let checked = net.sanad(&["certificate", "check", &turned]).json(1);
    let reason = checked["failed"][0]["reason"].as_str().unwrap();
    assert!(reason.contains("a character that is not allowed") && !reason.contains("shorten"), "{reason}");
    let none = net.sanad(&["certificate", "check", document, "--fonts", &net.path("net")]);
    assert!(none.code == 2 && none.err.contains("has no fonts"), "{none:?}");
}

/// A page that does not show the holder is warned of, and a name that nobody could read is refused.
fn what_is_printed_is_what_was_awarded(net: &Net, document: &str) {
    let out = net.path("none.pdf");
    let page = fs::read_to_string("../configs/certificate/certificate.svg").unwrap();
    let template = net.path("white.svg");
    fs::write(&template, page.replace("fill=\"#7a1f2b\">{{holder}}", "fill=\"#fff\">{{holder}}")).unwrap();
    let checked = net.sanad(&["certificate", "check", document, "--template", &template]).json(1);
    assert!(
        checked["warnings"][0].as_str().unwrap().contains("does not show the credential's holder"),
        "{checked}"
    );
    let made = net.sanad(&["certificate", "make", document, "--out", &out, "--template", &template]).json(0);
    assert_eq!(made["made"][0]["warnings"], checked["warnings"], "{made}");
    fs::remove_file(&out).unwrap();

    let text = fs::read_to_string(document).unwrap();
    for (name, expected) in [
        ("Si\u{200b}ti", "holder has U+200B"),
        ("Si\u{ad}ti", "holder has U+00AD"),
        ("Siti\u{e0041}", "holder has U+E0041"),
        (&format!("Siti{}", "\u{301}".repeat(80)), "holder has 80 accents on one letter"),
    ] {
        let odd = net.path("odd.json");
        fs::write(&odd, text.replace("\"Arkanendra Lokawisesa\"", &format!("\"{name}\""))).unwrap();
        let checked = net.sanad(&["certificate", "check", &odd]).json(1);
        let reason = checked["failed"][0]["reason"].as_str().unwrap();
        assert!(reason.starts_with(expected), "{reason}");
    }
}

#[test]
fn a_certificate_is_made_and_proves_what_it_says_from_paper_alone() {
    let net = Net::start(&["--issuers", "1"]);
    let document = net.path("game-developer.json");
    fs::copy("../tests/credentials/univ-merapi/game-developer.json", &document).unwrap();
    net.sanad(&["issue", &document, "--issuer-dir", &net.path("net/node-1"), "--node", &net.url(1)]).json(0);
    for node in net.nodes() {
        net.stop_node(node, sanad_e2e::Stop::Kill);
    }

    // From here on there are files alone.
    net.sanad(&["certificate", "check", &document]).json(0);
    what_cannot_be_printed_is_named(&net, &document);
    what_is_printed_is_what_was_awarded(&net, &document);
    let (pdf, site) = (net.path("game-developer.pdf"), net.path("public"));
    let with_site = ["--site", SITE, "--site-dir", &site];
    let arguments = [&["certificate", "make", &document, "--out", &pdf][..], &with_site].concat();
    let mistyped = net.sanad(&arguments);
    assert!(mistyped.code == 2 && mistyped.err.contains("public is not a folder"), "{mistyped:?}");
    assert!(!fs::exists(&site).unwrap() && !fs::exists(&pdf).unwrap());
    fs::create_dir(&site).unwrap();
    let made = net.sanad(&arguments).json(0)["made"][0].clone();
    assert!(made["offline_version"].as_i64().unwrap() <= 36, "{made}");
    let link = made["link"].as_str().unwrap();
    assert!(link.starts_with(&format!("{SITE}/v#")), "{made}");
    let sealed = made["box"].as_str().unwrap();

    let elsewhere = net.path("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    let alone = format!("{elsewhere}/certificate.pdf");
    fs::copy(&pdf, &alone).unwrap();
    let inside = net.sanad(&["verify", &alone]);
    let shown = finding(&inside, 0);
    assert_eq!((&shown["verdict"], &shown["read_from"]), (&"active".into(), &"pdf".into()));
    assert_eq!(shown["summary"]["holder"], "Arkanendra Lokawisesa");
    assert!(inside.err.contains("the printed page was not looked at"), "{inside:?}");

    let boxed = finding(&net.sanad(&["verify", sealed, "--link", link]), 0);
    assert_eq!((&boxed["verdict"], &boxed["read_from"]), (&"active".into(), &"box".into()));
    let other = format!("{SITE}/v#{}", "A".repeat(43));
    let refused = net.sanad(&["verify", sealed, "--link", &other]);
    assert!(refused.code == 2 && refused.err.contains("does not open with this key"), "{refused:?}");

    let none = net.sanad(&["verify", sealed, "--link", "link.txt"]);
    assert!(none.code == 2 && none.err.contains("neither a file nor the text of a link code"), "{none:?}");

    let folder = net.path("certificates");
    net.sanad(&["certificate", "make", &document, "--out", &folder, "--zip"]).json(0);
    let zip = net.sanad(&["verify", &format!("{folder}/game-developer.zip")]).json(0);
    assert_eq!(zip["findings"].as_array().unwrap().len(), 2, "{zip}");

    // The holder's name inside is changed: neither compressed nor signed, it is a byte like any other.
    let receipt = format!("{document}.receipt.json");
    let forged = fs::read_to_string(&document).unwrap().replace("Arkanendra", "Arkanendri");
    let forged_document = format!("{elsewhere}/forged.json");
    fs::write(&forged_document, forged).unwrap();
    let refused =
        net.sanad(&["certificate", "make", &forged_document, "--receipt", &receipt, "--out", &folder]);
    assert_eq!(refused.json(2)["made"].as_array().unwrap().len(), 0);
    let mut bytes = fs::read(&alone).unwrap();
    bytes.truncate(bytes.len() - 100);
    let cut = format!("{elsewhere}/cut.pdf");
    fs::write(&cut, bytes).unwrap();
    assert_eq!(net.sanad(&["verify", &cut]).code, 2);

    let Some(photo) = page(&net, &pdf) else { return };
    codes_as_zxing_reads_them(&net, &photo, link);
    let paper = finding(&net.sanad(&["verify", &photo]), 0);
    assert_eq!((&paper["verdict"], &paper["read_from"]), (&"active".into(), &"code".into()));
    assert_eq!(paper["summary"]["title"], "Program Mikro Pengembang Gim");
    assert_eq!(paper["summary"]["credits"], "20");
    assert_eq!(finding(&net.sanad(&["verify", "--receipt", &photo]), 0)["verdict"], "active");
    let opened = finding(&net.sanad(&["verify", &photo, "--site", &site]), 0);
    assert_eq!((&opened["verdict"], &opened["read_from"]), (&"active".into(), &"box".into()));
    // Erased: the link opens nothing any more, and the offline code still proves what is printed.
    fs::remove_file(sealed).unwrap();
    let erased = net.sanad(&["verify", &photo, "--site", &site]);
    assert!(erased.code == 2 && erased.err.contains("the box of this link is not there"), "{erased:?}");
    assert_eq!(net.sanad(&["verify", &photo]).code, 0);
}
