//! Certificates as they are printed: looked at by poppler and qpdf, and their codes read back.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod support;

use sanad_certificate::{
    Code, DEFAULT_TEMPLATE, Fields, MakeError, OFFLINE_VERSION_MAX, Template, TemplateError,
};
use sanad_certificate::{extract, open};
use sanad_core::commitment::Opening;
use sanad_core::receipt::Receipt;
use sanad_core::summary::{Summary, SummaryLabel};
use support::{NAME, issue, page, read, run, text};

#[test]
fn both_codes_are_read_from_the_printed_page() {
    let issued = issue(NAME);
    let made = issued.default();
    assert!(made.offline_version <= OFFLINE_VERSION_MAX, "version {}", made.offline_version);
    let Some(picture) = page(&made.pdf, 300) else { return };
    let Code::Receipt(bytes) = read(&picture, |code| matches!(code, Code::Receipt(_))) else {
        panic!("no receipt")
    };
    let paper = Receipt::from_bytes(&bytes, &issued.anchor).unwrap();
    assert!(matches!(paper.opening, Opening::Paper { .. }));
    paper.verify(None, &issued.anchor).unwrap();
    assert_eq!(paper.opening.summary().unwrap().text(SummaryLabel::Holder), Some(NAME));
    let Code::Link(key) = read(&picture, |code| matches!(code, Code::Link(_))) else { panic!("no link") };
    let published = made.published.unwrap();
    assert_eq!(key.box_id(), published.id);
    let contents = open(&key, &published.sealed).unwrap();
    assert_eq!(contents.document, issued.document);
    let receipt = Receipt::from_bytes(&contents.receipt, &issued.anchor).unwrap();
    receipt.verify(Some(&contents.document), &issued.anchor).unwrap();
}

#[test]
fn credential_and_receipt_are_inside() {
    let issued = issue(NAME);
    let made = issued.default();
    assert!(made.pdf.len() < 200_000, "{} bytes", made.pdf.len());
    let contents = extract(&made.pdf).unwrap();
    assert_eq!((contents.name.as_str(), &contents.document), ("game-developer.json", &issued.document));
    let receipt = Receipt::from_bytes(&contents.receipt, &issued.anchor).unwrap();
    receipt.verify(Some(&contents.document), &issued.anchor).unwrap();
    assert_eq!(made.pdf, issued.default().pdf, "equal input gives an equal file");
}

#[test]
fn the_file_is_sound() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("c.pdf");
    std::fs::write(&file, issue(NAME).default().pdf).unwrap();
    let Some(said) = run("qpdf", &["--check", file.to_str().unwrap()]) else { return };
    assert!(said.contains("No syntax or stream encoding errors found"), "{said}");
}

#[test]
fn names_of_all_kinds_are_printed_in_reading_order() {
    for name in [
        NAME,
        "Suharto",
        "Siti Nur'aini & Co. <Ph.D.>",
        "Nguyễn Thị Ánh — Ñusta Žižek ʿAbd",
        "ستي نور عيني بنت عبد الرحمن",
        "عبد الله",
        "علاء الدين الأول",
        "Raden Mas Haryo Suryadiningrat Kusumadiningrat Prawirohardjo bin Abdurrahman Wahid, S.T., M.T., Ph.D.",
    ] {
        let Some(text) = text(&issue(name).default().pdf) else { return };
        let words: Vec<&str> = text.split_whitespace().collect();
        let joined = words.join(" ");
        assert!(joined.contains(name), "{name}: {joined}");
        let places = ["Sertifikat", "diberikan kepada", "20 SKS", "Scan with"].map(|word| joined.find(word));
        assert!(places.is_sorted() && places.iter().all(Option::is_some), "{places:?}: {joined}");
    }
}

fn summary(holder: &str) -> Summary {
    Summary::new(vec![(SummaryLabel::Holder, holder.into()), (SummaryLabel::Title, "Lencana".into())])
        .unwrap()
}

#[test]
fn what_cannot_be_printed_is_found_before_anything_is_signed() {
    let template = Template::new(DEFAULT_TEMPLATE, &[]).unwrap();
    let check = |holder: &str| template.check(&Fields::new(&summary(holder), "Universitas Merapi", None));
    assert!(check("Siti").is_ok());
    for (holder, cluster) in [("মোহাম্মদ রহমান", "ম"), ("山田太郎", "山"), ("Siti 🎓", "🎓")]
    {
        match check(holder) {
            Err(TemplateError::Glyph { cluster: found, text }) => {
                assert!(found.starts_with(cluster) && text.contains(holder), "{found:?} in {text:?}");
            }
            other => panic!("{holder}: {other:?}"),
        }
    }
    // All that a summary can hold has room, but no word that is longer than a line.
    check("Mangkunegara ".repeat(17).trim()).unwrap();
    let refused = check(&"Mangkunegara".repeat(10)).unwrap_err();
    assert!(matches!(refused, TemplateError::TooWide { characters: 120, .. }), "{refused:?}");
    let words = refused.to_string();
    for part in ["has 120 characters", "<text> in line 34 ({{holder}})", "12.0 points"] {
        assert!(words.contains(part), "{words}");
    }
    let mut fields = Fields::new(&summary("Siti"), "Universitas Merapi", None);
    fields.set("signatory", "Siti \u{202e}itiS");
    assert!(matches!(template.check(&fields), Err(TemplateError::Text { .. })));
}

/// A page with both codes on its right.
fn svg(inside: &str) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"600\" height=\"400\" viewBox=\"0 0 600 400\">\
         <rect data-code=\"link\" x=\"420\" y=\"20\" width=\"80\" height=\"80\"/>\
         <rect data-code=\"offline\" x=\"420\" y=\"200\" width=\"165\" height=\"165\"/>{inside}</svg>"
    )
}

#[test]
fn templates_reach_for_nothing_else() {
    let refused = |source: &str| Template::new(source, &["own"]).err();
    assert!(
        refused(&svg("<text data-tag=\"p\" x=\"9\" y=\"20\">{{own}} {{/credentialSubject/id}}</text>"))
            .is_none()
    );
    for target in [
        "/etc/passwd",
        "file:///etc/passwd",
        "logo.png",
        "https://univ.example/logo.png",
        "data:image/svg+xml,x",
    ] {
        let source = svg(&format!("<image href=\"{target}\" width=\"9\" height=\"9\"/>"));
        assert!(matches!(refused(&source), Some(TemplateError::External { .. })), "{target}");
    }
    let entity =
        format!("<!DOCTYPE svg [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>{}", svg("<text>&x;</text>"));
    assert!(matches!(refused(&entity), Some(TemplateError::Xml(_))));
    for name in ["holdr", "", " holder", "system('x')"] {
        let source = svg(&format!("<text>{{{{{name}}}}}</text>"));
        assert!(matches!(refused(&source), Some(TemplateError::UnknownField { line: 1, .. })), "{name}");
    }
    for inside in [
        "<text data-tag=\"h9\">a</text>",
        "<g data-tag=\"figure\"/>",
        "<rect data-code=\"x\" width=\"9\" height=\"9\"/>",
        "<text data-fit=\"x\" font-size=\"9\">{{title}}</text>",
        "<g data-fit=\"9\" font-size=\"9\">{{title}}</g>",
    ] {
        assert!(matches!(refused(&svg(inside)), Some(TemplateError::Attribute { .. })), "{inside}");
    }
    for other in ["", "<html/>", "<svg xmlns=\"http://www.w3.org/2000/svg\"><g/></svg>"] {
        assert!(refused(other).is_some(), "{other}");
    }
}

#[test]
fn a_field_cannot_leave_its_place() {
    let template = svg("<text data-tag=\"h1\" x=\"9\" y=\"50\" font-size=\"9\">{{holder}}</text>");
    let name = "</text><image href=\"/etc/passwd\"/>{{title}}";
    let issued = issue(name);
    let Some(text) = text(&issued.make(&template).unwrap().pdf) else { return };
    assert!(text.contains(name), "{text}");
}

#[test]
fn only_what_was_issued_gets_a_certificate() {
    let mut issued = issue(NAME);
    issued.document = support::credential("Somebody Else").into_bytes();
    assert!(matches!(issued.make(DEFAULT_TEMPLATE), Err(MakeError::Receipt(_))));
}
