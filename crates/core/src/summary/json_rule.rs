//! The rule by which a summary follows from a JSON credential (`docs/formats/commitment.md`).

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::jcs;
use crate::summary::SummaryLabel;

/// The rule for JSON credentials: each label's text, as the table in `docs/formats/commitment.md` says.
///
/// `None` if the document is not a credential, or has several subjects. The rule never changes: another one would be
/// another document kind.
pub(super) fn json_fields(document: &Value) -> Option<BTreeMap<SummaryLabel, String>> {
    let credential = document.as_object()?;
    // VC Data Model 2.0, 4.5 (Open Badges 3.0 credentials have this type too).
    let is_credential = match credential.get("type")? {
        Value::String(kind) => kind == CREDENTIAL_TYPE,
        Value::Array(kinds) => kinds.iter().any(|kind| kind == CREDENTIAL_TYPE),
        _ => false,
    };
    let subject = match credential.get("credentialSubject")? {
        Value::Object(subject) => subject,
        Value::Array(subjects) if subjects.len() == 1 => subjects.first()?.as_object()?,
        _ => return None,
    };
    if !is_credential {
        return None;
    }
    let achievement = subject.get("achievement");
    let title = match achievement {
        Some(achievement) => achievement.get("name"),
        None => credential.get("name"),
    };
    let credits = subject.get("creditsEarned").or_else(|| achievement?.get("creditsAvailable"));
    let text = |value: Option<&Value>| value?.as_str().map(str::to_owned);
    let fields = [
        (SummaryLabel::Holder, holder(subject)),
        (SummaryLabel::Title, text(title)),
        (SummaryLabel::AwardedOn, date(credential, &["awardedDate", "validFrom", "issuanceDate"])),
        (SummaryLabel::Credits, number(credits)),
        (SummaryLabel::Number, text(subject.get("licenseNumber"))),
        (SummaryLabel::ValidUntil, date(credential, &["validUntil", "expirationDate"])),
    ];
    Some(fields.into_iter().filter_map(|(label, text)| Some((label, text?))).collect())
}

/// The subject's `name`; without that member, the identity of the only `identifier` that is a plain name.
fn holder(subject: &Map<String, Value>) -> Option<String> {
    if let Some(name) = subject.get("name") {
        return name.as_str().map(str::to_owned);
    }
    let identifiers = match subject.get("identifier")? {
        Value::Array(identifiers) => identifiers.as_slice(),
        one => std::slice::from_ref(one),
    };
    // Open Badges 3.0, IdentityObject: without `hashed: false` the text is a hash.
    let is_plain_name = |identity: &&Value| {
        identity.get("identityType").and_then(Value::as_str) == Some("name")
            && identity.get("hashed") == Some(&Value::Bool(false))
    };
    let mut names = identifiers.iter().filter(is_plain_name);
    match (names.next(), names.next()) {
        (Some(identity), None) => identity.get("identityHash")?.as_str().map(str::to_owned),
        _ => None,
    }
}

/// The date part, as it stands, of the first of these members that there is.
fn date(credential: &Map<String, Value>, members: &[&str]) -> Option<String> {
    let text = members.iter().find_map(|member| credential.get(*member))?.as_str()?;
    let date = text.split_once('T').map_or(text, |(date, _)| date);
    is_date(date).then(|| date.to_owned())
}

/// A JSON number in the spelling of RFC 8785.
fn number(value: Option<&Value>) -> Option<String> {
    let Value::Number(number) = value? else { return None };
    String::from_utf8(jcs::canonicalize(number.to_string().as_bytes()).ok()?).ok()
}

/// `YYYY-MM-DD` by its shape: the calendar is not asked.
pub(super) fn is_date(text: &str) -> bool {
    text.len() == 10
        && text.bytes().enumerate().all(|(place, byte)| match place {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        })
}

const CREDENTIAL_TYPE: &str = "VerifiableCredential";
