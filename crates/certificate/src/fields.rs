//! What a template can say of a credential: the facts that the ledger binds, and what the credential has beside them.

use std::collections::BTreeMap;

use sanad_core::summary::{Summary, SummaryLabel};
use serde_json::Value;

/// Texts by the names that stand in `{{…}}`.
#[derive(Clone, Debug, Default)]
pub struct Fields {
    texts: BTreeMap<String, String>,
    /// The credential, for `{{/json/pointers}}`.
    document: Option<Value>,
}

impl Fields {
    /// The facts of a summary, its dates also in words, and the name of the issuer.
    #[must_use]
    pub fn new(summary: &Summary, issuer: &str, document: Option<Value>) -> Self {
        let mut fields = Self { texts: BTreeMap::new(), document };
        for (label, text) in summary.fields() {
            fields.set(label.as_str(), text);
            if matches!(label, SummaryLabel::AwardedOn | SummaryLabel::ValidUntil) {
                fields.set(&format!("{label}_id"), &in_words(text, &MONTHS_ID));
                fields.set(&format!("{label}_en"), &in_words(text, &MONTHS_EN));
            }
        }
        fields.set("issuer", issuer);
        fields
    }

    /// Adds a field of the caller's own, or replaces one.
    pub fn set(&mut self, name: &str, text: &str) {
        self.texts.insert(name.to_owned(), text.to_owned());
    }

    /// The text of a field in a language: a text or number of the credential for a name that begins with `/`. `None` if it is
    /// empty. Numbers are written as the language writes them.
    pub(crate) fn text(&self, name: &str, language: &str) -> Option<String> {
        let text = if name.starts_with('/') {
            match self.document.as_ref()?.pointer(name)? {
                Value::String(text) => text.clone(),
                Value::Number(number) => decimal(&number.to_string(), language),
                _ => return None,
            }
        } else if name == SummaryLabel::Credits.as_str() {
            decimal(self.texts.get(name)?, language)
        } else {
            self.texts.get(name)?.clone()
        };
        (!text.is_empty()).then_some(text)
    }

    /// Whether there is such a field, and it is not empty.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.text(name, "").is_some()
    }
}

/// `3.5` as `3,5` in a language that writes it so; what is not a decimal number stays as it is.
fn decimal(text: &str, language: &str) -> String {
    let primary = language.split('-').next().unwrap_or_default();
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.split_once('.') {
        Some((whole, fraction))
            if COMMA_LANGUAGES.contains(&primary) && is_digits(whole) && is_digits(fraction) =>
        {
            format!("{whole},{fraction}")
        }
        _ => text.to_owned(),
    }
}

/// Names that every template may use, whether or not a credential has them.
pub(crate) const NAMES: [&str; 25] = [
    "holder",
    "title",
    "awarded_on",
    "awarded_on_id",
    "awarded_on_en",
    "credits",
    "number",
    "level",
    "valid_until",
    "valid_until_id",
    "valid_until_en",
    "programme",
    "issuer",
    "entered_by",
    "signed_by",
    "named_only",
    "site",
    "signatory",
    "signatory_title",
    "signatory_2",
    "signatory_2_title",
    "signatory_3",
    "signatory_3_title",
    "signatory_4",
    "signatory_4_title",
];

/// `2026-09-01` as `1 September 2026`; a date that no calendar has stays as it is.
fn in_words(date: &str, months: &[&str; 12]) -> String {
    let parts: Vec<&str> = date.split('-').collect();
    let [year, month, day] = parts[..] else { return date.to_owned() };
    let month = month.parse().ok().and_then(|month: usize| months.get(month.checked_sub(1)?));
    match (month, day.parse::<u8>()) {
        (Some(month), Ok(day)) => format!("{day} {month} {year}"),
        _ => date.to_owned(),
    }
}

/// Languages of the region, and neighbours on its certificates, that write a decimal comma.
const COMMA_LANGUAGES: [&str; 10] = ["id", "jv", "su", "ban", "min", "nl", "de", "fr", "es", "pt"];
const MONTHS_ID: [&str; 12] = [
    "Januari",
    "Februari",
    "Maret",
    "April",
    "Mei",
    "Juni",
    "Juli",
    "Agustus",
    "September",
    "Oktober",
    "November",
    "Desember",
];
const MONTHS_EN: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_written_as_the_language_does() {
        assert_eq!(decimal("3.5", "id"), "3,5");
        assert_eq!(decimal("3.5", "id-ID"), "3,5");
        assert_eq!(decimal("3.5", "en"), "3.5");
        for other in ["20", "3.5.1", ".5", "3.", "A.5", ""] {
            assert_eq!(decimal(other, "id"), other);
        }
    }

    #[test]
    fn dates_are_written_in_words() {
        assert_eq!(in_words("2026-08-01", &MONTHS_ID), "1 Agustus 2026");
        assert_eq!(in_words("2026-12-31", &MONTHS_EN), "31 December 2026");
        for odd in ["2026-13-01", "2026-00-01"] {
            assert_eq!(in_words(odd, &MONTHS_EN), odd);
        }
    }
}
