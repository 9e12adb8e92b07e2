use serde_json::json;

use super::*;
use crate::codec::CodecError;
use crate::text::TextError;

fn fields(fields: &[(SummaryLabel, &str)]) -> Vec<(SummaryLabel, String)> {
    fields.iter().map(|(label, text)| (*label, (*text).to_owned())).collect()
}

#[test]
fn the_layout_is_that_of_the_page() {
    let summary =
        Summary::new(fields(&[(SummaryLabel::Holder, "Siti"), (SummaryLabel::AwardedOn, "2026-05-02")]));
    let summary = summary.unwrap();
    assert_eq!(summary.encode(), b"\x02\x00\x04Siti\x02\x0a2026-05-02");
    assert_eq!(Summary::decode(&summary.encode()), Ok(summary.clone()));
    let followed = [&summary.encode()[..], &[0xff; 300]].concat();
    assert_eq!(Summary::decode_prefix(&followed), Ok((summary.clone(), 19)));
    assert_eq!(summary.text(SummaryLabel::Holder), Some("Siti"));
    assert_eq!(summary.text(SummaryLabel::Title), None);
    for (code, label) in SummaryLabel::ALL.into_iter().enumerate() {
        assert_eq!((usize::from(label.code()), SummaryLabel::of_code(label.code())), (code, Some(label)));
        assert_eq!(SummaryLabel::of_name(label.as_str()), Some(label));
    }
    assert_eq!(SummaryLabel::ALL.len(), SUMMARY_FIELDS_MAX);
}

#[test]
fn each_fault_is_named() {
    use SummaryLabel::{AwardedOn, Holder, Title, ValidUntil};
    let refused = |list: &[(SummaryLabel, &str)]| Summary::new(fields(list)).unwrap_err();
    assert_eq!(refused(&[]), SummaryError::Count { count: 0 });
    assert_eq!(refused(&[(Title, "x"); 9]), SummaryError::Count { count: 9 });
    assert_eq!(refused(&[(Title, "x"), (Holder, "x")]), SummaryError::Order { label: Holder });
    assert_eq!(refused(&[(Title, "x"), (Title, "x")]), SummaryError::Order { label: Title });
    assert_eq!(refused(&[(Title, "")]), SummaryError::Empty { label: Title });
    let source = TextError { code_point: 10, offset: 1 };
    assert_eq!(refused(&[(Title, "a\nb")]), SummaryError::Text { label: Title, source });
    for date in ["2 May 2026", "2026-5-2", "2026-05-02T", "20260-5-02", "２026-05"] {
        assert_eq!(refused(&[(AwardedOn, date)]), SummaryError::Date { label: AwardedOn }, "{date}");
        assert_eq!(refused(&[(ValidUntil, date)]), SummaryError::Date { label: ValidUntil });
    }
    assert!(Summary::new(fields(&[(Title, &"x".repeat(237))])).is_ok());
    assert_eq!(refused(&[(Title, &"x".repeat(238))]), SummaryError::TooLong { actual: 241 });

    let decoded = |bytes: &[u8]| Summary::decode(bytes).unwrap_err();
    assert_eq!(decoded(&[1, 8, 1, b'x']), SummaryError::UnknownLabel { code: 8 });
    assert!(decoded(&[1, 255, 1, b'x']).needs_newer_verifier());
    assert_eq!(decoded(&[0]), SummaryError::Codec(CodecError::Invalid { field: "summary count" }));
    assert_eq!(decoded(&[1, 1]), SummaryError::Codec(CodecError::Truncated { missing: 1 }));
    assert_eq!(decoded(&[1, 1, 0]), SummaryError::Empty { label: Title });
    assert!(!decoded(&[1, 1, 0]).needs_newer_verifier());

    let named = |name: &str| Summary::from_names([(name.to_owned(), "x".to_owned())].into());
    assert_eq!(named("grade"), Err(SummaryError::UnknownLabelName { name: "grade".into() }));
    assert!(named("grade").unwrap_err().needs_newer_verifier());
    assert!(named("title").is_ok());
}

#[test]
fn json_is_an_object_of_texts() {
    let text = r#"{"holder":"Siti","awarded_on":"2026-05-02"}"#;
    let summary: Summary = serde_json::from_str(text).unwrap();
    assert_eq!(serde_json::to_string(&summary).unwrap(), text);
    let turned: Summary = serde_json::from_str(r#"{"awarded_on":"2026-05-02","holder":"Siti"}"#).unwrap();
    assert_eq!(turned, summary);
    for (bad, word) in [
        (r#"{"title":"a","title":"a"}"#, "twice"),
        (r#"{"grade":"A"}"#, "newer verifier"),
        ("{}", "not 0"),
        (r#"{"title":""}"#, "empty"),
        (r#"{"title":1}"#, "string"),
        (r#"["title"]"#, "object of texts"),
        (r#"{"1":"","2":"","3":"","4":"","5":"","6":"","7":"","8":"","9":""}"#, "not 9"),
    ] {
        let error = serde_json::from_str::<Summary>(bad).unwrap_err().to_string();
        assert!(error.contains(word), "{bad}: {error}");
    }
}

fn badge() -> Value {
    json!({
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "id": "urn:uuid:1",
        "name": "Badge of Siti",
        "awardedDate": "2026-05-02T10:00:00+07:00",
        "validFrom": "2026-05-03T00:00:00Z",
        "validUntil": "2031-05-02",
        "credentialSubject": {
            "name": "Siti Rahma",
            "creditsEarned": 20.0,
            "licenseNumber": "ICE-0042",
            "achievement": { "name": "Lencana Guru Digital", "creditsAvailable": 24 },
        },
    })
}

/// The badge with one member changed, or removed.
fn with(pointer: &str, value: impl Into<Option<Value>>) -> Value {
    let mut badge = badge();
    let (parent, member) = pointer.rsplit_once('/').unwrap();
    let parent = badge.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    match value.into() {
        Some(value) => parent.insert(member.to_owned(), value),
        None => parent.remove(member),
    };
    badge
}

fn text(document: &Value, label: SummaryLabel) -> Option<String> {
    Summary::of_json(document).unwrap().text(label).map(str::to_owned)
}

#[test]
fn a_badge_gives_its_summary() {
    use SummaryLabel::{AwardedOn, Credits, Holder, Number, Title, ValidUntil};
    let expected = fields(&[
        (Holder, "Siti Rahma"),
        (Title, "Lencana Guru Digital"),
        (AwardedOn, "2026-05-02"),
        (Credits, "20"),
        (Number, "ICE-0042"),
        (ValidUntil, "2031-05-02"),
    ]);
    assert_eq!(Summary::of_json(&badge()).unwrap().fields(), expected);

    let subject = "/credentialSubject";
    let in_list = with(subject, json!([badge()["credentialSubject"]]));
    assert_eq!(Summary::of_json(&in_list).unwrap().fields(), expected);
    assert_eq!(Summary::of_json(&with("/type", json!("VerifiableCredential"))).unwrap().fields(), expected);

    let plain = |name: &str| json!({ "identityType": "name", "hashed": false, "identityHash": name });
    let hashed = json!({ "identityType": "name", "hashed": true, "identityHash": "sha256$00" });
    let mail = json!({ "identityType": "emailAddress", "hashed": false, "identityHash": "siti@example" });
    for (identifier, holder) in [
        (json!([hashed, mail, plain("Siti")]), Some("Siti")),
        (plain("Siti"), Some("Siti")),
        (json!([plain("Siti"), plain("Rahma")]), None),
        (json!([hashed, mail]), None),
        (json!([{ "identityType": "name", "identityHash": "Siti" }]), None),
        (json!("Siti"), None),
    ] {
        let mut badge = with("/credentialSubject/name", None);
        badge["credentialSubject"]["identifier"] = identifier;
        assert_eq!(text(&badge, Holder).as_deref(), holder);
        badge["credentialSubject"]["name"] = json!({ "@value": "Siti" });
        assert_eq!(text(&badge, Holder), None, "a name in another form settles it");
    }

    let without = with("/credentialSubject/achievement", None);
    assert_eq!(text(&without, Title).as_deref(), Some("Badge of Siti"));
    for (member, date) in [("awardedDate", "2026-05-02"), ("validFrom", "2026-05-03")] {
        assert_eq!(text(&with("/validFrom", json!("2026-05-03")), AwardedOn).as_deref(), Some("2026-05-02"));
        let mut only = with("/awardedDate", None);
        only[member] = json!(format!("{date}T23:59:59-11:00"));
        assert_eq!(text(&only, AwardedOn).as_deref(), Some(date));
    }
    assert_eq!(text(&with("/awardedDate", json!("2 May 2026")), AwardedOn), None);
    assert_eq!(text(&with("/awardedDate", json!(20_260_502)), AwardedOn), None);

    for (credits, spelled) in [
        (json!(2.5), Some("2.5")),
        (json!(1e-7), Some("1e-7")),
        (json!("20"), None),
        (json!(9_007_199_254_740_993_u64), None),
    ] {
        assert_eq!(text(&with("/credentialSubject/creditsEarned", credits), Credits).as_deref(), spelled);
    }
    let available = with("/credentialSubject/creditsEarned", None);
    assert_eq!(text(&available, Credits).as_deref(), Some("24"));
}

#[test]
fn some_documents_have_none() {
    for document in [
        json!([]),
        json!({}),
        with("/type", None),
        with("/type", json!(["OpenBadgeCredential"])),
        with("/credentialSubject", None),
        with("/credentialSubject", json!([])),
        with("/credentialSubject", json!([{}, {}])),
        with("/credentialSubject", json!("did:example:1")),
        with("/credentialSubject/achievement/name", None),
        with("/credentialSubject/achievement/name", json!({ "en": "Badge" })),
        with("/credentialSubject/achievement/name", json!("")),
        with("/credentialSubject/achievement/name", json!("a\u{202e}b")),
        with("/credentialSubject/achievement/name", json!("x".repeat(200))),
        with("/credentialSubject/name", json!("")),
    ] {
        assert_eq!(Summary::of_json(&document), None, "{document}");
    }
}

#[test]
fn contradictions_are_listed() {
    let summary = Summary::of_json(&badge()).unwrap();
    assert_eq!(summary.compare_json(&badge()), Ok(SummaryComparison::Agrees));
    let short = Summary::new(fields(&[(SummaryLabel::Title, "Lencana Guru Digital")])).unwrap();
    assert_eq!(short.compare_json(&badge()), Ok(SummaryComparison::Agrees), "left out is not contradicted");
    for document in [json!({ "name": "Siti" }), json!([])] {
        assert_eq!(summary.compare_json(&document), Ok(SummaryComparison::NoRule));
    }
    let mut other = with("/credentialSubject/name", json!("Rahma"));
    other["credentialSubject"].as_object_mut().unwrap().remove("licenseNumber");
    let mismatch = summary.compare_json(&other).unwrap_err();
    assert_eq!(mismatch.to_string(), "the issuer's summary contradicts the document: holder, number");
    let contradictions = [
        (SummaryLabel::Holder, "Siti Rahma", Some("Rahma".to_owned())),
        (SummaryLabel::Number, "ICE-0042", None),
    ]
    .map(|(label, summary, document)| Contradiction { label, summary: summary.to_owned(), document });
    assert_eq!(mismatch.contradictions, contradictions);
    // No document of this kind says a level.
    let level = Summary::new(fields(&[(SummaryLabel::Level, "KKNI 6")])).unwrap();
    assert!(level.compare_json(&badge()).is_err());
    // The document has no valid summary, but its title is still compared.
    let long = with("/credentialSubject/name", json!("x".repeat(250)));
    assert_eq!(short.compare_json(&long), Ok(SummaryComparison::Agrees));
}
