//! The JSON-LD contexts that are built in. No other is ever loaded.

use std::sync::LazyLock;

use serde_json::Value;

/// A context, if it is known.
pub(crate) fn of(url: &str) -> Option<&'static Value> {
    let place = KNOWN.iter().position(|(known, _)| *known == url)?;
    PARSED.get(place)
}

/// Every context.
#[cfg(test)]
pub(crate) fn all() -> impl Iterator<Item = &'static Value> {
    PARSED.iter()
}

/// The address of every context.
#[cfg(test)]
pub(crate) fn urls() -> impl Iterator<Item = &'static str> {
    KNOWN.iter().map(|(url, _)| *url)
}

/// Context of VC 1.1.
pub(crate) const CREDENTIALS_V1: &str = "https://www.w3.org/2018/credentials/v1";
/// Context of VC 2.0.
pub(crate) const CREDENTIALS_V2: &str = "https://www.w3.org/ns/credentials/v2";
/// Context of Open Badges 3.0 without a version. It was published with several texts; the first is built in.
pub(crate) const OPEN_BADGES_UNVERSIONED: &str = "https://purl.imsglobal.org/spec/ob/v3p0/context.json";

/// Addresses and texts, from `contexts/`; its README has their sources.
const KNOWN: [(&str, &str); 13] = [
    (CREDENTIALS_V1, include_str!("../contexts/credentials-v1.json")),
    (CREDENTIALS_V2, include_str!("../contexts/credentials-v2.json")),
    (
        "https://www.w3.org/ns/credentials/examples/v2",
        include_str!("../contexts/credentials-examples-v2.json"),
    ),
    ("https://w3id.org/security/data-integrity/v1", include_str!("../contexts/data-integrity-v1.json")),
    ("https://w3id.org/security/data-integrity/v2", include_str!("../contexts/data-integrity-v2.json")),
    ("https://w3id.org/security/multikey/v1", include_str!("../contexts/multikey-v1.json")),
    (
        "https://w3id.org/security/suites/ed25519-2020/v1",
        include_str!("../contexts/ed25519-signature-2020-v1.json"),
    ),
    ("https://w3id.org/vc/status-list/2021/v1", include_str!("../contexts/status-list-2021-v1.json")),
    (OPEN_BADGES_UNVERSIONED, include_str!("../contexts/open-badges-3.0.0.json")),
    (
        "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.1.json",
        include_str!("../contexts/open-badges-3.0.1.json"),
    ),
    (
        "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.2.json",
        include_str!("../contexts/open-badges-3.0.2.json"),
    ),
    (
        "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
        include_str!("../contexts/open-badges-3.0.3.json"),
    ),
    (
        "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json",
        include_str!("../contexts/open-badges-extensions.json"),
    ),
];

/// What is in each text under `@context`; a test reads them all.
static PARSED: LazyLock<Vec<Value>> = LazyLock::new(|| {
    let parse = |(_, text): &(_, &str)| {
        serde_json::from_str::<Value>(text).ok()?.get_mut("@context").map(Value::take)
    };
    KNOWN.iter().map(|known| parse(known).unwrap_or_default()).collect()
});

#[cfg(test)]
mod tests {
    use sha2::{Digest as _, Sha256};

    use super::*;

    fn text(url: &str) -> Option<&'static str> {
        KNOWN.iter().find(|(known, _)| *known == url).map(|(_, text)| *text)
    }

    #[test]
    fn texts_are_those_that_were_published() {
        // Digests that the W3C states: VC Data Model 2.0 B.1, VC Data Integrity 1.0 B.1, VC Data Model 1.1.
        for (url, expected) in [
            (CREDENTIALS_V2, "59955ced6697d61e03f2b2556febe5308ab16842846f5b586d7f1f7adec92734"),
            (CREDENTIALS_V1, "ab4ddd9a531758807a79a5b450510d61ae8d147eab966cc9a200c07095b0cdcc"),
            (
                "https://w3id.org/security/data-integrity/v2",
                "67f21e6e33a6c14e5ccfd2fc7865f7474fb71a04af7e94136cb399dfac8ae8f4",
            ),
            (
                "https://w3id.org/security/multikey/v1",
                "ba2c182de2d92f7e47184bcca8fcf0beaee6d3986c527bf664c195bbc7c58597",
            ),
        ] {
            let digest: String =
                Sha256::digest(text(url).unwrap()).iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(digest, expected, "{url}");
        }
    }

    #[test]
    fn the_readme_has_the_digest_of_every_file() {
        let readme = include_str!("../contexts/README.md");
        for (url, text) in KNOWN {
            let digest: String = Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect();
            assert!(readme.contains(&digest), "{url}: {digest}");
            assert!(readme.contains(url), "{url}");
        }
    }
}
