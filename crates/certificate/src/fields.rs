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

    /// The text of a field: a text or number of the credential for a name that begins with `/`.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        if !name.starts_with('/') {
            return self.texts.get(name).cloned();
        }
        match self.document.as_ref()?.pointer(name)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }
}

/// Names that every template may use, whether or not a credential has them.
pub(crate) const NAMES: [&str; 21] = [
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
    fn dates_are_written_in_words() {
        assert_eq!(in_words("2026-08-01", &MONTHS_ID), "1 Agustus 2026");
        assert_eq!(in_words("2026-12-31", &MONTHS_EN), "31 December 2026");
        for odd in ["2026-13-01", "2026-00-01"] {
            assert_eq!(in_words(odd, &MONTHS_EN), odd);
        }
    }
}
