//! Ids that follow from an award, so that a roster that is issued again gives the same credentials and no second ones.

use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};
use serde_json::{Map, Value};

/// The id of the credential of an award: `urn:uuid:` and a UUID of version 8 (RFC 9562), which follows from the issuer, the
/// achievement that the credential names, and what tells the award from others. Awards that people take for the same have the
/// same id.
#[must_use]
pub fn credential_id(issuer: &str, credential: &Map<String, Value>, award: &[String]) -> String {
    let achievement =
        credential.get("credentialSubject").and_then(|subject| subject.pointer("/achievement/id"));
    let achievement = achievement.and_then(Value::as_str).unwrap_or_default();
    let mut hasher = blake3::Hasher::new_derive_key("sanad/v1 credential id");
    let award: Vec<String> = award.iter().map(|text| alike(text)).collect();
    for text in [issuer, achievement].into_iter().chain(award.iter().map(String::as_str)) {
        hasher.update(&(text.len() as u64).to_be_bytes());
        hasher.update(text.as_bytes());
    }
    let mut bytes = [0; 16];
    hasher.finalize_xof().fill(&mut bytes);
    // RFC 9562, 4.1 and 4.2.
    bytes[6] = 0x80 | (bytes[6] & 0x0f);
    bytes[8] = 0x80 | (bytes[8] & 0x3f);
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("urn:uuid:{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// A text without what people do not tell apart: capitals, spaces, and how letters and accents are encoded (Unicode's NFKC).
pub(crate) fn alike(text: &str) -> String {
    let text = ComposingNormalizerBorrowed::new_nfkc().normalize(text).to_lowercase();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A text with its Latin letters without accents, for names of files: `Łukasz Nuñez` as `Lukasz Nunez`. Other scripts stay as
/// they are.
#[must_use]
pub fn plain_letters(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for letter in DecomposingNormalizerBorrowed::new_nfkd().normalize(text).chars() {
        match letter {
            // Combining Diacritical Marks.
            '\u{300}'..='\u{36f}' => {}
            'ł' => plain.push('l'),
            'Ł' => plain.push('L'),
            'ø' => plain.push('o'),
            'Ø' => plain.push('O'),
            'đ' | 'ð' => plain.push('d'),
            'Đ' | 'Ð' => plain.push('D'),
            'ı' => plain.push('i'),
            'ħ' => plain.push('h'),
            'ß' => plain.push_str("ss"),
            'æ' => plain.push_str("ae"),
            'Æ' => plain.push_str("Ae"),
            'œ' => plain.push_str("oe"),
            'Œ' => plain.push_str("Oe"),
            'þ' => plain.push_str("th"),
            'Þ' => plain.push_str("Th"),
            other => plain.push(other),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_award_has_one_id() {
        let id = |issuer: &str, achievement: &str, award: &[&str]| {
            let credential = json!({"credentialSubject": {"achievement": {"id": achievement}}});
            let award: Vec<String> = award.iter().map(|text| (*text).to_owned()).collect();
            credential_id(issuer, credential.as_object().unwrap(), &award)
        };
        let first = id("did:web:a.example", "https://a.example/1", &["007"]);
        assert_eq!(first, "urn:uuid:42628ec3-a142-8cd4-a256-10d13a156466");
        assert_eq!(first, id("did:web:a.example", "https://a.example/1", &["007"]));
        for other in [
            id("did:web:b.example", "https://a.example/1", &["007"]),
            id("did:web:a.example", "https://a.example/2", &["007"]),
            id("did:web:a.example", "https://a.example/1", &["07"]),
            id("did:web:a.example", "https://a.example/1", &["00", "7"]),
        ] {
            assert_ne!(first, other);
        }
        let upper = id("did:web:a.example", "https://a.example/1", &["UM/Caf\u{e9} 7"]);
        for twin in ["um/caf\u{e9} 7", "UM/Cafe\u{301}  7", "UM/Caf\u{e9}\u{a0}7", "UM/Caf\u{e9} \u{ff17}"] {
            assert_eq!(upper, id("did:web:a.example", "https://a.example/1", &[twin]), "{twin}");
        }
    }
}
