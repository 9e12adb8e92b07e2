//! Templates as designers make them, and texts as universities have them: everything keeps to its place, or is refused by name.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod support;

use sanad_certificate::{
    Code, CodeKind, DEFAULT_TEMPLATE, FIELD_CHARACTERS_MAX, Fields, FontError, Fonts, Made, Template,
    TemplateError, Warning, extract,
};
use sanad_core::summary::{Summary, SummaryLabel};
use support::{NAME, credential, issue, issue_document, page, read, run, site, text};

const INKSCAPE: &str = include_str!("templates/inkscape.svg");
const LONG_NAME: &str =
    "Prof. Dr. Ir. H. Raden Mas Haryo Wicaksanendra Suryadiningrat, M.Sc., Ph.D., IPU, ASEAN Eng.";
const LONG_TITLE: &str =
    "Dekan Fakultas Teknologi Informasi dan Ilmu Komputer, selaku Ketua Penyelenggara Kredensial Mikro";

fn default() -> Template {
    Template::new(DEFAULT_TEMPLATE, &[]).unwrap()
}

fn refused(source: &str) -> TemplateError {
    Template::new(source, &[]).err().unwrap()
}

/// The default template with something else in one place.
fn changed(from: &str, to: &str) -> String {
    assert_eq!(DEFAULT_TEMPLATE.matches(from).count(), 1, "{from}");
    DEFAULT_TEMPLATE.replace(from, to)
}

fn fields(texts: &[(SummaryLabel, &str)]) -> Fields {
    let texts = texts.iter().map(|(label, text)| (*label, (*text).to_owned())).collect();
    Fields::new(&Summary::new(texts).unwrap(), "Universitas Merapi", None)
}

/// Both codes are read from the rendered page by the project's reader.
fn assert_codes_are_read(made: &Made, dots: u32) {
    let Some(picture) = page(&made.pdf, dots) else { return };
    read(&picture, |code| matches!(code, Code::Receipt(_)));
    let Code::Link(key) = read(&picture, |code| matches!(code, Code::Link(_))) else { panic!("no link") };
    assert_eq!(key.box_id(), made.published.as_ref().unwrap().id);
}

/// The words of a page with the boxes of their fonts, as poppler sees them; `None`, and a word, where it is not installed.
fn words_of(pdf: &[u8]) -> Option<Vec<([f32; 4], String)>> {
    let folder = tempfile::tempdir().unwrap();
    let (file, out) = (folder.path().join("c.pdf"), folder.path().join("c.html"));
    std::fs::write(&file, pdf).unwrap();
    run("pdftotext", &["-bbox", file.to_str().unwrap(), out.to_str().unwrap()])?;
    let said = std::fs::read_to_string(out).unwrap();
    let words = said
        .lines()
        .filter_map(|line| line.trim().strip_prefix("<word "))
        .map(|line| {
            let number = |name: &str| {
                let (_, rest) = line.split_once(&format!("{name}=\"")).unwrap();
                rest.split('"').next().unwrap().parse::<f32>().unwrap()
            };
            (["xMin", "yMin", "xMax", "yMax"].map(number), line.split('>').nth(1).unwrap().to_owned())
        })
        .collect();
    Some(words)
}

/// No word of a page lies on another, and all are on it.
fn assert_words_are_apart(pdf: &[u8], width: f32, height: f32) {
    let Some(words) = words_of(pdf) else { return };
    let words: Vec<([f32; 4], String)> = words
        .into_iter()
        .map(|([left, top, right, bottom], word)| {
            // The box of a word is that of its font, which is higher than its letters.
            let inset = (bottom - top) * 0.25;
            ([left, top + inset, right, bottom - inset], word)
        })
        .collect();
    assert!(words.len() > 20, "{words:?}");
    for (index, ([left, top, right, bottom], word)) in words.iter().enumerate() {
        assert!(*left >= 0.0 && *top >= 0.0 && *right <= width && *bottom <= height, "{word}");
        for ([l, t, r, b], other) in &words[index + 1..] {
            let across = right.min(*r) - left.max(*l);
            let down = bottom.min(*b) - top.max(*t);
            assert!(across < 0.3 || down < 0.3, "{word} and {other} overlap");
        }
    }
}

#[test]
fn a_page_of_inkscape_is_printed() {
    let template = Template::new(INKSCAPE, &[]).unwrap();
    let number = "\"licenseNumber\": \"UM/2026/0106\", \"creditsEarned\": 3.5";
    let document = credential(LONG_NAME).replace("\"creditsEarned\": 20", number);
    let issued = issue_document(document.into_bytes());
    let own = [("signatory", LONG_NAME), ("signatory_2", "Suharto")];
    let made = issued.make_with(&template, Some(&site()), &own).unwrap();
    assert_eq!(extract(&made.pdf).unwrap().document, issued.document);
    assert_codes_are_read(&made, 300);
    assert_words_are_apart(&made.pdf, 595.3, 841.9);
    let Some(text) = text(&made.pdf) else { return };
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in ["Nomor UM/2026/0106", LONG_NAME, "(3,5 SKS), 1 September 2026", "Suharto", "https://"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("tidak dicetak") && !text.contains("Latar"), "{text}");
}

#[test]
fn long_texts_and_up_to_four_signatories_keep_to_their_places() {
    let long_site =
        "https://sertifikat-elektronik.fakultas-teknologi-informasi.univ-merapi.example".parse().unwrap();
    let number = "SERT-MIKRO/FAK-TEKNIK/PRODI-INFORMATIKA/KREDENSIAL/2026/XI/000123/REV-02";
    let document = credential(LONG_NAME)
        .replace("\"creditsEarned\": 20", &format!("\"licenseNumber\": \"{number}\", \"creditsEarned\": 20"));
    let issued = issue_document(document.into_bytes());
    let names = ["signatory", "signatory_2", "signatory_3", "signatory_4"];
    let titles = ["signatory_title", "signatory_2_title", "signatory_3_title", "signatory_4_title"];
    for count in 1..=4 {
        let own: Vec<(&str, &str)> = names[..count]
            .iter()
            .map(|name| (*name, LONG_NAME))
            .chain(titles[..count].iter().map(|name| (*name, LONG_TITLE)))
            .collect();
        let made = issued.make_with(&default(), Some(&long_site), &own).unwrap();
        assert_words_are_apart(&made.pdf, 841.9, 595.3);
        assert_codes_are_read(&made, 300);
        let Some(text) = text(&made.pdf) else { return };
        let text = text.split_whitespace().collect::<String>();
        let squeezed = LONG_NAME.split_whitespace().collect::<String>();
        assert_eq!(text.matches(&squeezed).count(), count + 1, "{text}");
        assert!(text.contains(number) && text.contains("univ-merapi.example"), "{text}");
    }
}

/// On a joint award more stands above the signatories: all of it can be read, and there is room to sign.
#[test]
fn a_joint_award_of_up_to_four_signatories_is_legible() {
    let issued = issue_document(credential(LONG_NAME).into_bytes());
    let partners = "Institut Teknologi dan Sains Terapan Nusantara Raya Kalimantan + 3";
    let joint = [("entered_by", "Universitas Merapi"), ("signed_by", partners), ("named_only", partners)];
    let names = ["signatory", "signatory_2", "signatory_3", "signatory_4"];
    let titles = ["signatory_title", "signatory_2_title", "signatory_3_title", "signatory_4_title"];
    for count in 1..=4 {
        let own: Vec<(&str, &str)> = joint
            .into_iter()
            .chain(names[..count].iter().map(|name| (*name, LONG_NAME)))
            .chain(titles[..count].iter().map(|name| (*name, LONG_TITLE)))
            .collect();
        let made = issued.make_with(&default(), Some(&site()), &own).unwrap();
        assert_words_are_apart(&made.pdf, 841.9, 595.3);
        assert_codes_are_read(&made, 300);
        let Some(words) = words_of(&made.pdf) else { return };
        // Printers leave out the last millimetres of a sheet.
        let lowest = words.iter().map(|([.., bottom], _)| *bottom).fold(0.0, f32::max);
        assert!(lowest < 595.3 - 14.0, "{count} signatories: {lowest}");
        // The box of Noto Sans is 1.36 times its size.
        for ([_, top, _, bottom], word) in &words {
            assert!((bottom - top) / 1.36 > 6.9, "{word} has {} points", (bottom - top) / 1.36);
        }
        let said = |start: &str| words.iter().find(|(_, word)| word.starts_with(start)).unwrap().0;
        let signatory = words
            .iter()
            .filter(|(_, word)| LONG_NAME.starts_with(word.trim_end_matches("</word")))
            .map(|(place, _)| place[1]);
        let first = signatory.filter(|top| *top > said("Only")[3]).fold(f32::MAX, f32::min);
        assert!(first - said("Only")[3] > 18.0, "{count} signatories: {first} below {:?}", said("Only"));
    }
    // What names many institutions, in capitals, is printed all the same.
    let mut texts = fields(&[(SummaryLabel::Title, "X")]);
    let wide = "W".repeat(72);
    ["entered_by", "signed_by", "named_only"].iter().for_each(|name| texts.set(name, &wide));
    default().check(&texts).unwrap();
}

#[test]
fn whatever_a_summary_can_hold_fits_the_default_page() {
    let title =
        "Sertifikasi Kompetensi Pengelolaan Sistem Informasi Manajemen Pelayanan Publik Terpadu Berbasis "
            .repeat(2);
    default().check(&fields(&[(SummaryLabel::Holder, "Ng"), (SummaryLabel::Title, title.trim())])).unwrap();
    let name = "Wicaksanendra ".repeat(16);
    default().check(&fields(&[(SummaryLabel::Holder, name.trim()), (SummaryLabel::Title, "X")])).unwrap();
    let number = "0123456789".repeat(20);
    let long = fields(&[(SummaryLabel::Title, "X"), (SummaryLabel::Number, &number)]);
    default().check(&long).unwrap();
}

#[test]
fn a_field_of_any_length_is_refused_or_printed() {
    let mut texts = fields(&[(SummaryLabel::Title, "X")]);
    texts.set("signatory", "a ".repeat(FIELD_CHARACTERS_MAX / 2).trim_end());
    assert!(matches!(default().check(&texts), Err(TemplateError::TooWide { lines: 2, .. })));
    texts.set("signatory", &"a".repeat(FIELD_CHARACTERS_MAX));
    assert!(matches!(default().check(&texts), Err(TemplateError::TooWide { lines: 1, .. })));
    texts.set("signatory", &"a".repeat(FIELD_CHARACTERS_MAX + 1));
    let refused = default().check(&texts).unwrap_err();
    assert!(matches!(refused, TemplateError::FieldTooLong { characters: 2001, .. }), "{refused}");
    assert!(refused.to_string().contains("{{signatory}} has 2001 characters; at most 2000"), "{refused}");
}

#[test]
fn without_a_site_nothing_asks_to_scan_a_code_that_is_not_there() {
    let made = issue(NAME).make_with(&default(), None, &[]).unwrap();
    let Some(said) = text(&made.pdf) else { return };
    for word in ["Pindai", "Scan", "http"] {
        assert!(!said.contains(word), "{word}: {said}");
    }
    let with = issue(NAME).make_with(&default(), Some(&site()), &[]).unwrap();
    let said = text(&with.pdf).unwrap();
    assert!(said.contains("Pindai") && said.contains("Scan"), "{said}");
}

#[test]
fn decimals_are_those_of_the_language() {
    let document = credential(NAME).replace("\"creditsEarned\": 20", "\"creditsEarned\": 3.5");
    let Some(said) = text(&issue_document(document.into_bytes()).default().pdf) else { return };
    assert!(said.contains("3,5 SKS") && said.contains("3.5 credits"), "{said}");
}

#[test]
fn local_scripts_and_marks_are_printed() {
    // Javanese, Balinese, Sundanese, Arabic with vowels, and letters that Unicode has no single character for.
    for name in ["ꦱꦶꦠꦶꦤꦸꦂ", "ᬲᬶᬢᬶ", "ᮞᮤᮒᮤ", "مُحَمَّد عبد الله", "S̱iti Ạ̄min x̌", "Siti ꦱꦶꦠꦶ Nur", "Siti عبد الله Nur"]
    {
        let made = issue(name).default();
        let Some(said) = text(&made.pdf) else { return };
        // Poppler puts spaces and marks where it thinks fit: every letter is there.
        for letter in name.chars().filter(|letter| !letter.is_whitespace()) {
            assert!(said.contains(letter), "{name}: {letter} in {said}");
        }
    }
}

#[test]
fn a_script_without_a_font_needs_one() {
    let name = "মোহাম্মদ রহমান শেখ";
    let issued = issue(name);
    match default().check(&fields(&[(SummaryLabel::Holder, name), (SummaryLabel::Title, "X")])) {
        Err(error @ TemplateError::Glyph { .. }) => {
            let words = error.to_string();
            assert!(words.contains(name) && words.contains("--fonts"), "{words}");
        }
        other => panic!("{other:?}"),
    }
    let mut fonts = Fonts::default();
    fonts.add(include_bytes!("fonts/NotoSansBengali-Subset.ttf").to_vec()).unwrap();
    assert_eq!(fonts.add(b"<html>".to_vec()), Err(FontError::Unreadable));
    let template = Template::with_fonts(DEFAULT_TEMPLATE, &[], fonts).unwrap();
    let made = issued.make_with(&template, Some(&site()), &[]).unwrap();
    assert_eq!(extract(&made.pdf).unwrap().document, issued.document);
    let again = issued.make_with(&template, Some(&site()), &[]).unwrap();
    assert_eq!(made.pdf, again.pdf, "equal input gives an equal file");
}

#[test]
fn a_template_of_many_texts_is_refused_before_they_are_laid_out() {
    let texts = "<text x=\"1\" y=\"1\">a</text>".repeat(20_000);
    let error = refused(&changed("</svg>", &format!("{texts}</svg>")));
    assert!(matches!(error, TemplateError::Texts { actual: 20_000.. }), "{error}");
}

#[test]
fn codes_have_a_place_where_cameras_read_them() {
    let offline = "x=\"622\" y=\"330\" width=\"164.4\" height=\"164.4\"";
    let small = refused(&changed(offline, "x=\"622\" y=\"330\" width=\"120\" height=\"120\""));
    assert!(matches!(small, TemplateError::CodeSmall { minimum_mm: 58, .. }), "{small}");
    assert!(small.to_string().contains("side of 42.3 mm; cameras need 58 mm"), "{small}");
    let link = "x=\"664.5\" y=\"160\" width=\"79\" height=\"79\"";
    let small = refused(&changed(link, "x=\"664.5\" y=\"160\" width=\"60\" height=\"60\""));
    assert!(matches!(small, TemplateError::CodeSmall { minimum_mm: 25, .. }), "{small}");
    let off = refused(&changed(offline, "x=\"720\" y=\"330\" width=\"164.4\" height=\"164.4\""));
    assert!(matches!(off, TemplateError::OffPage { .. }), "{off}");
    for (shape, transform) in
        [("height=\"200\"", ""), ("height=\"164.4\"", " transform=\"rotate(9 704 400)\"")]
    {
        let to = format!("x=\"622\" y=\"330\" width=\"164.4\" {shape}{transform}");
        assert!(matches!(refused(&changed(offline, &to)), TemplateError::CodeShape { .. }), "{to}");
    }
    let none = refused(&DEFAULT_TEMPLATE.replace("data-code=\"offline\"", ""));
    assert!(matches!(none, TemplateError::NoCode { code: CodeKind::Offline, side_mm: 58 }), "{none}");
    let hidden = refused(&INKSCAPE.replace("id=\"g12\"", "id=\"g12\" style=\"display:none\""));
    assert!(matches!(hidden, TemplateError::NoCode { code: CodeKind::Offline, .. }), "{hidden}");
    // Without a link code no certificate with a site is made, and one without is.
    let template = Template::new(&DEFAULT_TEMPLATE.replace("data-code=\"link\"", ""), &[]).unwrap();
    let mut texts = fields(&[(SummaryLabel::Title, "X")]);
    template.check(&texts).unwrap();
    texts.set("site", "https://univ.example");
    let none = template.check(&texts).unwrap_err();
    assert!(matches!(none, TemplateError::NoCode { code: CodeKind::Link, .. }), "{none}");
}

#[test]
fn nothing_covers_a_code_or_a_text() {
    let last = |element: &str| changed("</svg>", &format!("{element}</svg>"));
    for element in [
        "<rect id=\"lid\" x=\"600\" y=\"320\" width=\"100\" height=\"100\" fill=\"#fff\"/>",
        "<path id=\"lid\" d=\"M600 340L800 480\" stroke=\"#000\"/>",
    ] {
        let error = refused(&last(element));
        assert!(matches!(error, TemplateError::CoversCode { .. }), "{error}");
        assert!(error.to_string().contains("id=\"lid\"") && error.to_string().contains("offline"), "{error}");
    }
    // A frame around the page is not on the codes, wherever it stands in the file.
    let frame = "<rect x=\"9\" y=\"9\" width=\"820\" height=\"570\" fill=\"none\" stroke=\"#000\"/>";
    Template::new(&last(frame), &[]).unwrap();
    let text = refused(&last("<text x=\"640\" y=\"400\" font-size=\"9\">Rahasia</text>"));
    assert!(matches!(text, TemplateError::Overlap { .. }), "{text}");
    let text = refused(&last("<text x=\"60\" y=\"125\" font-size=\"9\">Rahasia</text>"));
    assert!(text.to_string().contains("(Sertifikat)") && text.to_string().contains("(Rahasia)"), "{text}");
    let meant = "<text data-overlap=\"allow\" x=\"60\" y=\"125\" font-size=\"9\">Rahasia</text>";
    Template::new(&last(meant), &[]).unwrap();
    let figure = "<rect data-tag=\"figure\" data-alt=\"Cap\" x=\"60\" y=\"100\" width=\"60\" height=\"60\"/>";
    assert!(matches!(refused(&last(figure)), TemplateError::Overlap { .. }));
    // An ornament over a text may be meant: it is told.
    let stamp =
        Template::new(&last("<circle cx=\"90\" cy=\"120\" r=\"30\" fill=\"#c00\" opacity=\"0.3\"/>"), &[]);
    let covered = stamp.unwrap().check(&fields(&[(SummaryLabel::Title, "X")])).unwrap();
    assert_eq!(covered.len(), 1, "{covered:?}");
    assert!(covered[0].to_string().contains("is drawn over <text> in line"), "{}", covered[0]);
    assert!(default().check(&fields(&[(SummaryLabel::Title, "X")])).unwrap().is_empty());
}

#[test]
fn a_page_that_does_not_show_the_holder_is_told() {
    let holder = "fill=\"#7a1f2b\">{{holder}}</text>";
    let facts = fields(&[(SummaryLabel::Holder, NAME), (SummaryLabel::Title, "Analisis Data")]);
    let warned = |source: &str| Template::new(source, &[]).unwrap().check(&facts).unwrap();
    assert_eq!(warned(DEFAULT_TEMPLATE), []);
    let another = |element: &str| format!("fill=\"#7a1f2b\">Budi Palsu</text>{element}");
    let lid = "<rect data-tag=\"artifact\" data-overlap=\"allow\" x=\"50\" y=\"170\" width=\"530\" height=\"60\" fill=\"#eee\"/>";
    for with in [
        another(""),
        "fill=\"#fff\">{{holder}}</text>".to_owned(),
        "fill=\"#7a1f2b\" opacity=\"0\">{{holder}}</text>".to_owned(),
        "fill=\"#7a1f2b\" fill-opacity=\"0.05\">{{holder}}</text>".to_owned(),
        "fill=\"none\">{{holder}}</text>".to_owned(),
        "fill=\"#7a1f2b\" data-unless=\"holder\">{{holder}}</text>".to_owned(),
        "fill=\"#7a1f2b\" class=\"gone\">{{holder}}</text><style>.gone{display:none}</style>".to_owned(),
        "fill=\"#7a1f2b\"><tspan visibility=\"hidden\">{{holder}}</tspan>Budi Palsu</text>".to_owned(),
        another(
            "<text data-overlap=\"allow\" x=\"56\" y=\"212\" font-size=\"30\" visibility=\"hidden\">{{holder}}</text>",
        ),
        another("<text x=\"400\" y=\"20\" font-size=\"2\">{{holder}}</text>"),
        another(
            "<text data-tag=\"artifact\" data-fit=\"300\" x=\"-400\" y=\"20\" font-size=\"20\">{{holder}}</text>",
        ),
        format!("{holder}{lid}"),
    ] {
        let warnings = warned(&changed(holder, &with));
        assert_eq!(warnings, [Warning::Unreadable(SummaryLabel::Holder)], "{with}");
        assert!(warnings[0].to_string().contains("{{holder}}"), "{}", warnings[0]);
    }
    assert_eq!(
        warned(&DEFAULT_TEMPLATE.replace("{{title}}", "Kursus")),
        [Warning::Unreadable(SummaryLabel::Title)]
    );
    // White on a band, beside a filled frame, or said twice: all of them can be read.
    let band = "<rect data-tag=\"artifact\" data-overlap=\"allow\" x=\"50\" y=\"170\" width=\"530\" height=\"60\" fill=\"#222\"/>";
    let frame = "<path data-tag=\"artifact\" data-overlap=\"allow\" fill=\"#7a1f2b\" fill-rule=\"evenodd\" \
                 d=\"M20 20H590V580H20ZM25 25V575H585V25Z\"/>";
    let start = "<text data-tag=\"h2\" data-fit=\"514\" data-min=\"12\" data-lines=\"4\" x=\"56\" y=\"212\"";
    assert_eq!(DEFAULT_TEMPLATE.matches(start).count(), 1);
    let on_band =
        changed(holder, "fill=\"#fff\">{{holder}}</text>").replace(start, &format!("{band}{start}"));
    assert_eq!(warned(&on_band), []);
    assert_eq!(warned(&changed(holder, &format!("{holder}{frame}"))), []);
    let twice = another("<text x=\"56\" y=\"245\" font-size=\"9\">{{holder}}</text>");
    assert_eq!(warned(&changed(holder, &twice)), []);
    let long = fields(&[(SummaryLabel::Holder, LONG_NAME), (SummaryLabel::Title, LONG_TITLE)]);
    assert_eq!(default().check(&long).unwrap(), [], "on several lines");
}

#[test]
fn what_takes_long_is_refused() {
    let texts = |count: usize| {
        let texts: String = (0..count)
            .map(|at| format!("<text x=\"300\" y=\"{}\" font-size=\"0\">x</text>", at % 500))
            .collect();
        changed("</svg>", &format!("{texts}</svg>"))
    };
    Template::new(&texts(900), &[]).unwrap();
    let many = refused(&texts(1001));
    assert!(matches!(many, TemplateError::Texts { actual } if actual > 1000), "{many}");
    // What all layers may refer to is read again with each.
    let defs = format!("<defs><path id=\"p\" d=\"M0 0{}\"/></defs>", "h1".repeat(1 << 20));
    let layers = "<path d=\"M1 1h1\"/>".repeat(300);
    let much = refused(&changed("</svg>", &format!("{defs}{layers}</svg>")));
    assert!(matches!(much, TemplateError::Shared { shared } if shared > 2 << 20), "{much}");
    let tiled = |side: &str, inner: &str| {
        let pattern = format!(
            "<defs>{inner}<pattern id=\"t\" width=\"{side}\" height=\"{side}\" patternUnits=\"userSpaceOnUse\">\
             <rect width=\"{side}\" height=\"{side}\" fill=\"{}\"/></pattern></defs>",
            if inner.is_empty() { "#eee" } else { "url(#u)" }
        );
        let ground = "<rect width=\"800\" height=\"500\" fill=\"url(#t)\"/>";
        changed("  <g data-tag=\"artifact\">", &format!("{pattern}<g data-tag=\"artifact\">{ground}"))
    };
    Template::new(&tiled("4", ""), &[]).unwrap();
    let inner = "<pattern id=\"u\" width=\"0.2\" height=\"0.2\" patternUnits=\"userSpaceOnUse\">\
                 <rect width=\"0.1\" height=\"0.1\"/></pattern>";
    for source in [tiled("0.0001", ""), tiled("4", inner)] {
        assert!(matches!(refused(&source), TemplateError::Pattern));
    }
}

#[test]
fn a_text_without_a_room_of_its_own_ends_before_what_is_beside_it() {
    let room = "data-fit=\"514\" data-min=\"12\" data-lines=\"4\" x=\"56\" y=\"212\"";
    let source = changed(room, "data-lines=\"4\" x=\"56\" y=\"212\"");
    let made = issue(LONG_NAME).make_with(&Template::new(&source, &[]).unwrap(), Some(&site()), &[]).unwrap();
    assert_words_are_apart(&made.pdf, 841.9, 595.3);
    // Between two letters there is no room.
    let walls = "<text x=\"40\" y=\"212\">|</text><text x=\"90\" y=\"212\">|</text></svg>";
    let source = source.replace("</svg>", walls);
    let template = Template::new(&source, &[]).unwrap();
    let narrow = template.check(&fields(&[(SummaryLabel::Holder, LONG_NAME), (SummaryLabel::Title, "X")]));
    assert!(matches!(narrow, Err(TemplateError::TooWide { .. })), "{narrow:?}");
    let turned = changed(room, "transform=\"rotate(20)\" x=\"256\" y=\"212\"");
    assert!(matches!(refused(&turned), TemplateError::Turned { .. }));
}

#[test]
fn groups_are_gone_into_and_what_is_lost_is_named() {
    // Everything in one moved group, as drawing programs save it.
    let start = DEFAULT_TEMPLATE.find("  <g data-tag=\"artifact\">").unwrap();
    let (head, body) = DEFAULT_TEMPLATE.split_at(start);
    let body = body.replace("</svg>", "</g></svg>");
    let grouped = format!("{head}<g id=\"all\" transform=\"translate(2 3)\">{body}");
    let made = issue(NAME).make_with(&Template::new(&grouped, &[]).unwrap(), Some(&site()), &[]).unwrap();
    assert_codes_are_read(&made, 300);
    let Some(said) = text(&made.pdf) else { return };
    assert!(said.contains(NAME) && said.contains("Sertifikat"), "{said}");
    let nested = refused(&format!("{head}<g data-tag=\"p\">{body}"));
    assert!(matches!(nested, TemplateError::Nested { .. }), "{nested}");
    let clone = changed("</svg>", "<g id=\"a\"><path id=\"b\" d=\"M1 1H9\"/></g><use href=\"#b\"/></svg>");
    match refused(&clone) {
        TemplateError::Reference { target, .. } => assert_eq!(target, "b"),
        other => panic!("{other}"),
    }
}
