//! Who is awarded what, as a document says it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use sanad_core::document::DocumentKind;
use sanad_core::summary::{Summary, SummaryLabel};

use crate::credential::TEXT_BYTES_MAX;
use crate::error::RegisterError;

/// A person, by what the issuer knows of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// The name, as it was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The e-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The student number (NIM).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub student_number: Option<String>,
}

/// Who is awarded what.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subject {
    /// Who.
    pub person: Person,
    /// The id of the achievement, or its name if it has no id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub achievement: Option<String>,
    /// The name of the achievement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

impl Person {
    /// Whether anything says who it is.
    #[must_use]
    pub fn is_named(&self) -> bool {
        *self != Self::default()
    }

    /// Whether two may be one: their student numbers agree, or their e-mail addresses, or their names, each however it is
    /// written in upper and lower case.
    #[must_use]
    pub fn may_be(&self, other: &Self) -> bool {
        let agree = |one: &Option<String>, another: &Option<String>| {
            one.as_ref().zip(another.as_ref()).is_some_and(|(one, another)| normal(one) == normal(another))
        };
        agree(&self.student_number, &other.student_number)
            || agree(&self.email, &other.email)
            || agree(&self.name, &other.name)
    }
}

impl Subject {
    /// What an Open Badges 3.0 or W3C credential says of its subject; nothing for other documents. Texts that are too
    /// long to be kept are left out.
    #[must_use]
    pub fn of_document(kind: DocumentKind, document: &[u8]) -> Self {
        match kind {
            DocumentKind::Json => {
                serde_json::from_slice(document).map(|json| Self::of_json(&json)).unwrap_or_default()
            }
            _ => Self::default(),
        }
    }

    fn of_json(document: &Value) -> Self {
        let subject = match document.get("credentialSubject") {
            Some(Value::Array(subjects)) if subjects.len() == 1 => subjects[0].as_object(),
            Some(Value::Object(subject)) => Some(subject),
            _ => None,
        };
        let Some(subject) = subject else { return Self::default() };
        let summary = Summary::of_json(document);
        let said = |label| summary.as_ref()?.text(label).map(str::to_owned);
        let title = said(SummaryLabel::Title);
        let achievement = subject.get("achievement").and_then(|achievement| text(achievement.get("id")));
        let person = Person {
            name: said(SummaryLabel::Holder).or_else(|| identity(subject, &["name"])),
            email: text(subject.get("email")).or_else(|| identity(subject, &["emailAddress"])),
            student_number: identity(subject, STUDENT_NUMBER_TYPES),
        };
        Self { person, achievement: achievement.or_else(|| title.clone()), title }
    }

    /// Refuses texts that are too long.
    pub(crate) fn check(&self) -> Result<(), RegisterError> {
        let Self { person: Person { name, email, student_number }, achievement, title } = self;
        for (what, value) in [
            ("name", name),
            ("e-mail address", email),
            ("student number", student_number),
            ("achievement", achievement),
            ("title", title),
        ] {
            let actual = value.as_ref().map_or(0, String::len);
            if actual > TEXT_BYTES_MAX {
                return Err(RegisterError::TooLong { what, actual, limit: TEXT_BYTES_MAX });
            }
        }
        Ok(())
    }

    /// What tells one award from another: the person and the achievement. `None` if the document names either not at
    /// all.
    pub(crate) fn identity(&self) -> Option<(String, String)> {
        let Person { name, email, student_number } = &self.person;
        let person = match (student_number, email, name) {
            (Some(number), _, _) => format!("number {}", normal(number)),
            (None, Some(email), _) => format!("email {}", normal(email)),
            (None, None, Some(name)) => format!("name {}", normal(name)),
            (None, None, None) => return None,
        };
        Some((person, self.achievement.as_deref()?.trim().to_owned()))
    }
}

/// A text as it is compared: without white space around it, one space for any within, in lower case.
pub(crate) fn normal(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// The text of the first plain identifier of one of these types (Open Badges 3.0, IdentityObject).
fn identity(subject: &Map<String, Value>, types: &[&str]) -> Option<String> {
    let identifiers = match subject.get("identifier")? {
        Value::Array(identifiers) => identifiers.as_slice(),
        one => std::slice::from_ref(one),
    };
    let of_type = |wanted: &&str| {
        let found = identifiers.iter().find(|identity| {
            identity.get("identityType").and_then(Value::as_str) == Some(*wanted)
                && identity.get("hashed") == Some(&Value::Bool(false))
        });
        text(found?.get("identityHash"))
    };
    types.iter().find_map(of_type)
}

fn text(value: Option<&Value>) -> Option<String> {
    let text = value?.as_str()?.trim();
    (!text.is_empty() && text.len() <= TEXT_BYTES_MAX).then(|| text.to_owned())
}

/// Identity types that stand for a student number, the most telling first.
const STUDENT_NUMBER_TYPES: &[&str] =
    &["sisSourcedId", "ext:studentNumber", "ext:nim", "systemId", "accountId", "identifier"];

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_badge_says_who_is_awarded_what() {
        let identity = |kind: &str, text: &str| json!({"type": "IdentityObject", "identityType": kind, "identityHash": text, "hashed": false});
        let document = json!({
            "type": ["VerifiableCredential", "OpenBadgeCredential"],
            "credentialSubject": {
                "identifier": [identity("name", "Siti"), identity("emailAddress", " Siti@X.example "), identity("sisSourcedId", "26/001")],
                "achievement": {"id": "https://x.example/a", "name": "Cloud"},
            },
        });
        let subject = Subject::of_document(DocumentKind::Json, document.to_string().as_bytes());
        let person = Person {
            name: Some("Siti".into()),
            email: Some("Siti@X.example".into()),
            student_number: Some("26/001".into()),
        };
        let title = Some("Cloud".into());
        assert_eq!(subject, Subject { person, achievement: Some("https://x.example/a".into()), title });
        assert_eq!(subject.identity(), Some(("number 26/001".into(), "https://x.example/a".into())));
        assert_eq!(Subject::of_document(DocumentKind::Bytes, b"%PDF"), Subject::default());
        assert_eq!(Subject::of_document(DocumentKind::Json, b"{}").identity(), None);
    }

    #[test]
    fn one_thing_that_agrees_is_enough_to_be_one_person() {
        let person = |name: &str, email: &str, number: &str| {
            let said = |text: &str| (!text.is_empty()).then(|| text.to_owned());
            Person { name: said(name), email: said(email), student_number: said(number) }
        };
        let siti = person("Siti", "siti@x.example", "26001");
        assert!(siti.may_be(&person("Siti Rahma", "SITI@x.example", "26002")));
        assert!(siti.may_be(&person("siti", "", "")));
        assert!(siti.may_be(&person("", "", "26001")));
        assert!(!siti.may_be(&person("Budi", "budi@x.example", "26002")));
        assert!(!siti.may_be(&Person::default()) && !Person::default().may_be(&Person::default()));
    }

    #[test]
    fn hashed_identifiers_are_not_taken_for_the_text() {
        let document = json!({"credentialSubject": {"identifier": {"identityType": "emailAddress", "identityHash": "sha256$x", "hashed": true}}});
        assert_eq!(
            Subject::of_document(DocumentKind::Json, document.to_string().as_bytes()),
            Subject::default()
        );
    }
}
