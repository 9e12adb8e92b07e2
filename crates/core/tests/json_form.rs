//! JSON forms have one way to write each value. `tests/independent` reads the same cases.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use sanad_core::genesis::{Genesis, GenesisError};
use sanad_core::json_form::{self, JsonFormError, JsonFormFault};
use sanad_core::member::{Member, MemberError};
use sanad_core::receipt::{Receipt, ReceiptFormatError};
use serde_json::Value;

/// The text of a value in which what stands at `at` is `text`.
fn changed(value: &Value, at: &str, text: &str) -> String {
    let mut value = value.clone();
    let way = format!("/{}", at.replace('.', "/"));
    match value.pointer_mut(&way) {
        Some(part) => *part = MARK.into(),
        // A field that the sample leaves out.
        None => {
            let (object, field) = way.rsplit_once('/').unwrap();
            value.pointer_mut(object).unwrap()[field] = MARK.into();
        }
    }
    serde_json::to_string(&value).unwrap().replacen(&format!("\"{MARK}\""), text, 1)
}

const MARK: &str = "@";

fn form(error: &JsonFormError) -> &'static str {
    match error {
        JsonFormError::Json(_) => "json",
        JsonFormError::Fields(_) => "fields",
        JsonFormError::Form { .. } => "form",
        other => panic!("{other}"),
    }
}

fn receipt(text: &str) -> Option<&'static str> {
    Receipt::from_json(text.as_bytes()).err().map(|error| match &error {
        ReceiptFormatError::Form(error) => form(error),
        ReceiptFormatError::Format => "format",
        ReceiptFormatError::Limit { .. } => "limit",
        ReceiptFormatError::TooManyChanges { .. } => "changes",
        ReceiptFormatError::Name(MemberError::Text { .. }) => "text",
        ReceiptFormatError::Name(_) => "name",
        ReceiptFormatError::NotAnIssuance { .. } => "issuance",
        other => panic!("{other}"),
    })
}

fn genesis(text: &str) -> Option<&'static str> {
    Genesis::from_json(text.as_bytes()).err().map(|error| match &error {
        GenesisError::Form(error) => form(error),
        GenesisError::Name { .. } | GenesisError::Member(MemberError::Name { .. }) => "name",
        GenesisError::NameText(_) | GenesisError::Member(MemberError::Text { .. }) => "text",
        other => panic!("{other}"),
    })
}

#[test]
fn each_value_has_one_json_form() {
    let file = |text| serde_json::from_str::<Value>(text).unwrap();
    let cases = file(include_str!("testdata/json-form.json"));
    let sample = file(include_str!("testdata/receipt/active.json"));
    for (object, value, read) in [
        ("receipt", &sample["json"], receipt as fn(&str) -> Option<&'static str>),
        ("genesis", &sample["genesis"], genesis),
    ] {
        assert_eq!(read(&value.to_string()), None);
        for case in cases[object].as_array().unwrap() {
            let [name, at, text] = ["case", "at", "text"].map(|field| case[field].as_str().unwrap());
            let text = match case["times"].as_u64() {
                Some(times) => format!("[{}]", vec![text; times as usize].join(",")),
                None => text.to_owned(),
            };
            assert_eq!(read(&changed(value, at, &text)), case["error"].as_str(), "{object}: {name}");
        }
    }
}

#[test]
fn an_error_names_the_place() {
    let sample: Value = serde_json::from_str(include_str!("testdata/receipt/active.json")).unwrap();
    let fault = |at: &str, text: &str| match Receipt::from_json(changed(&sample["json"], at, text).as_bytes())
    {
        Err(ReceiptFormatError::Form(JsonFormError::Form { place, fault })) => (place, fault),
        other => panic!("{other:?}"),
    };
    let path = sample["json"]["proof"]["log_path"][2].as_str().unwrap().to_uppercase();
    assert_eq!(
        fault("proof.log_path.2", &format!("\"{path}\"")),
        ("proof.log_path[2]".to_owned(), JsonFormFault::Spelling)
    );
    assert_eq!(fault("document", "{\"json\":null}"), ("document".to_owned(), JsonFormFault::Kind));
    let summary = "opening.summary";
    assert_eq!(fault(summary, "null"), (summary.to_owned(), JsonFormFault::Null));
    let member = br#"["a","A","observer",[],1,null,null,null,[],[],[]]"#;
    let whole = json_form::read::<Member>(member).unwrap_err();
    assert!(whole.to_string().starts_with("the whole: an object is written with its fields"), "{whole}");
}
