//! What a file is by its content: whatever the ledger's own programs write is never issued as a document.

use std::fmt;

use sanad_core::audit_report::AUDIT_REPORT_FORMAT;
use sanad_core::keyfile::KEY_FILE_FORMAT;
use sanad_core::member::MEMBER_FILE_FORMAT;
use sanad_core::proof::{COMPLETENESS_FORMAT, CONSISTENCY_FORMAT};
use sanad_core::receipt::{RECEIPT_FORMAT, RECEIPT_MAGIC};
use sanad_core::trust::{TRUST_FILE_FORMAT, TRUST_FILE_MAGIC};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::pending::PENDING_FORMAT;

/// A kind of file that the ledger's programs write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Artifact {
    /// A receipt in either form.
    Receipt,
    /// The picture of a receipt.
    ReceiptPicture,
    /// A secret key.
    KeyFile,
    /// What an issuance in progress must not lose.
    PendingFile,
    /// A genesis, complete or not.
    Genesis,
    /// A member's agreement to a genesis.
    GenesisSignature,
    /// A trust file in either form.
    TrustFile,
    /// A member's public file.
    MemberFile,
    /// A proof that a list of an issuer's events is complete.
    CompletenessProof,
    /// A proof that the log only grew.
    ConsistencyProof,
    /// A signed report of an audit.
    AuditReport,
    /// A later version of one of them.
    Other,
}

impl fmt::Display for Artifact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Receipt => "a receipt",
            Self::ReceiptPicture => "the picture of a receipt",
            Self::KeyFile => "a key file",
            Self::PendingFile => "a pending file of `sanad issue`",
            Self::Genesis => "a genesis",
            Self::GenesisSignature => "the signature of a genesis",
            Self::TrustFile => "a trust file",
            Self::MemberFile => "a member file",
            Self::CompletenessProof => "a completeness proof",
            Self::ConsistencyProof => "a consistency proof",
            Self::AuditReport => "an audit report",
            Self::Other => "a file of Sanad itself",
        })
    }
}

/// Reads the receipt out of a picture of its QR code: `None` for bytes that are no picture, an error for pictures that
/// show none.
pub type PictureReader = fn(&[u8]) -> Option<Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>>>;

/// Says whether bytes are a file of the ledger's own, whatever else is wrong with them. A picture is looked into if
/// there is a reader for it.
pub fn recognise(bytes: &[u8], pictures: Option<PictureReader>) -> Option<Artifact> {
    if bytes.starts_with(&RECEIPT_MAGIC) {
        return Some(Artifact::Receipt);
    }
    if bytes.starts_with(&TRUST_FILE_MAGIC) {
        return Some(Artifact::TrustFile);
    }
    if let Some(shown) = pictures.and_then(|read| read(bytes)) {
        return recognise(&shown.ok()?, None).map(|_| Artifact::ReceiptPicture);
    }
    let text = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    if !text.trim_ascii_start().starts_with(b"{") {
        return None;
    }
    // The first value alone: a completeness proof is one a line.
    let claim = serde_json::Deserializer::from_slice(text).into_iter::<Claim>().next()?.ok()?;
    match claim {
        Claim { format: Some(format), .. } => of_format(format.as_str()?),
        Claim { log_origin: Some(_), parameters: Some(_), members: Some(_), .. } => Some(Artifact::Genesis),
        Claim { chain_id: Some(_), member: Some(_), signatures: Some(_), .. } => {
            Some(Artifact::GenesisSignature)
        }
        _ => None,
    }
}

/// What shows which file a JSON object is.
#[derive(Deserialize)]
struct Claim {
    format: Option<serde_json::Value>,
    log_origin: Option<IgnoredAny>,
    parameters: Option<IgnoredAny>,
    members: Option<IgnoredAny>,
    chain_id: Option<IgnoredAny>,
    member: Option<IgnoredAny>,
    signatures: Option<IgnoredAny>,
}

fn of_format(format: &str) -> Option<Artifact> {
    match format {
        RECEIPT_FORMAT => Some(Artifact::Receipt),
        KEY_FILE_FORMAT => Some(Artifact::KeyFile),
        PENDING_FORMAT => Some(Artifact::PendingFile),
        TRUST_FILE_FORMAT => Some(Artifact::TrustFile),
        MEMBER_FILE_FORMAT => Some(Artifact::MemberFile),
        COMPLETENESS_FORMAT => Some(Artifact::CompletenessProof),
        CONSISTENCY_FORMAT => Some(Artifact::ConsistencyProof),
        AUDIT_REPORT_FORMAT => Some(Artifact::AuditReport),
        other => (other.starts_with("sanad-") && other.contains("/v")).then_some(Artifact::Other),
    }
}

/// U+FEFF in UTF-8.
pub(crate) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_known_by_their_claim_whatever_is_around_it() {
        for (text, expected) in [
            (r#"{"format":"sanad-receipt/v1"}"#, Some(Artifact::Receipt)),
            ("\u{feff} {\"a\": [1], \"format\":\"sanad-key/v1\"}", Some(Artifact::KeyFile)),
            (r#"{"format":"sanad-pending/v1","documents":[]}"#, Some(Artifact::PendingFile)),
            (r#"{"format":"sanad-trust/v1"}"#, Some(Artifact::TrustFile)),
            (
                "{\"format\":\"sanad-completeness-proof/v1\"}\n{\"entries\":[]}\n",
                Some(Artifact::CompletenessProof),
            ),
            (r#"{"format":"sanad-receipt/v9"}"#, Some(Artifact::Other)),
            (r#"{"format":"pdf"}"#, None),
            (r#"{"format":7}"#, None),
            (r#"["sanad-receipt/v1"]"#, None),
            (r#"{"type":"VerifiableCredential"}"#, None),
            ("", None),
            ("%PDF-1.7", None),
        ] {
            assert_eq!(recognise(text.as_bytes(), None), expected, "{text}");
        }
        assert_eq!(recognise(b"\xf5snd\x01", None), Some(Artifact::Receipt));
        assert_eq!(recognise(b"\xf5snt\x01", None), Some(Artifact::TrustFile));
    }

    #[test]
    fn a_genesis_is_known_by_its_fields() {
        let genesis = sanad_testkit::genesis();
        assert_eq!(recognise(genesis.to_json().as_bytes(), None), Some(Artifact::Genesis));
    }

    #[test]
    fn pictures_are_looked_into_by_who_can() {
        let png = b"\x89PNG\r\n\x1a\n....";
        assert_eq!(recognise(png, None), None);
        assert_eq!(recognise(b"{\"format\":\"sanad-key/v1\"}", Some(|_| None)), Some(Artifact::KeyFile));
        assert_eq!(recognise(png, Some(|_| Some(Ok(b"\xf5snd".to_vec())))), Some(Artifact::ReceiptPicture));
        assert_eq!(recognise(png, Some(|_| Some(Ok(b"https://example.org".to_vec())))), None);
        assert_eq!(recognise(png, Some(|_| Some(Err("no code".into())))), None);
    }
}
