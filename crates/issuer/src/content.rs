//! What a file is by its content: whatever the ledger's own programs write is never issued as a document.

use std::ffi::OsStr;
use std::fmt;
use std::path::Path;

use sanad_core::audit_report::AUDIT_REPORT_FORMAT;
use sanad_core::keyfile::KEY_FILE_FORMAT;
use sanad_core::member::{Invitation, MEMBER_FILE_FORMAT};
use sanad_core::proof::{COMPLETENESS_FORMAT, CONSISTENCY_FORMAT, EVIDENCE_FORMAT};
use sanad_core::receipt::{RECEIPT_FORMAT, RECEIPT_MAGIC};
use sanad_core::trust::{TRUST_FILE_FORMAT, TRUST_FILE_MAGIC};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::pending::FORMAT_PREFIX;

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
    /// Evidence of a fork.
    Evidence,
    /// A signed report of an audit.
    AuditReport,
    /// What members are invited to a new chain with.
    Invitation,
    /// A key file, a pending file or a private key within something else.
    WrappedKey,
    /// A signed checkpoint of a log (C2SP tlog-checkpoint).
    Checkpoint,
    /// An entry's proof for the tools of transparency logs (C2SP tlog-proof).
    TlogProof,
    /// What a command of `sanad` printed as JSON.
    Printed,
    /// A node's configuration.
    NodeConfig,
    /// A template of `sanad issue roster`, which says of nobody that they were awarded anything.
    Template,
    /// A roster with what `sanad issue roster` reads it by beside it.
    Roster,
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
            Self::Evidence => "an evidence file",
            Self::AuditReport => "an audit report",
            Self::Invitation => "an invitation to a new chain",
            Self::WrappedKey => "something with a secret key in it",
            Self::Checkpoint => "a checkpoint of a log",
            Self::TlogProof => "a tlog-proof",
            Self::Printed => "what a `sanad` command printed",
            Self::NodeConfig => "a node's configuration",
            Self::Template => "a template; `sanad issue roster` fills it for each line of a roster",
            Self::Roster => "a roster, which has its columns or its template beside it; `sanad issue roster` issues its lines",
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
    let text = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes).trim_ascii_start();
    if !text.starts_with(b"{") {
        return of_text(text).or_else(|| holds_key(text).then_some(Artifact::WrappedKey));
    }
    // The first value alone: a completeness proof is one a line.
    let claim = serde_json::Deserializer::from_slice(text).into_iter::<Claim>().next().and_then(Result::ok);
    let known = claim.and_then(|claim| claim.artifact());
    let known =
        known.or_else(|| serde_json::from_slice::<Invitation>(text).ok().map(|_| Artifact::Invitation));
    known
        .or_else(|| holds_key(text).then_some(Artifact::WrappedKey))
        .or_else(|| is_template(text).then_some(Artifact::Template))
}

/// Whether fields of a roster stand in it that nobody has filled.
fn is_template(json: &[u8]) -> bool {
    let mut rest = json;
    while let Some(at) = rest.windows(2).position(|window| window == b"{{") {
        rest = &rest[at + 2..];
        if TEMPLATE_FIELDS
            .iter()
            .any(|field| rest.strip_prefix(field.as_bytes()).is_some_and(|rest| rest.starts_with(b"}}")))
        {
            return true;
        }
    }
    false
}

/// Whether a file is a roster: what `sanad issue init` writes lies beside it.
pub(crate) fn is_roster(path: &Path) -> bool {
    let extension = path.extension().and_then(OsStr::to_str).unwrap_or_default().to_ascii_lowercase();
    ROSTER_EXTENSIONS.contains(&extension.as_str())
        && ["columns.toml", "template.json"].iter().any(|beside| path.with_extension(beside).is_file())
}

/// Texts other than JSON objects.
fn of_text(text: &[u8]) -> Option<Artifact> {
    if text.starts_with(TLOG_PROOF_START) {
        return Some(Artifact::TlogProof);
    }
    let start = String::from_utf8_lossy(text.get(..TEXT_BYTES_LOOKED_AT).unwrap_or(text));
    // C2SP signed-note: the text, an empty line, signatures. C2SP tlog-checkpoint: origin, size, root.
    let signed = start.split_once("\n\n").filter(|(_, signatures)| signatures.starts_with("\u{2014} "));
    if let Some((note, _)) = signed {
        let mut lines = note.lines().skip(1);
        let is_size = lines.next().is_some_and(|size| size.parse::<u64>().is_ok());
        let is_root = lines.next().is_some_and(|root| root.len() == 44 && root.ends_with('='));
        return (is_size && is_root).then_some(Artifact::Checkpoint);
    }
    let has_field = |name: &str| {
        let mut values = start.lines().filter_map(|line| line.trim_start().strip_prefix(name));
        values.any(|rest| rest.trim_start().starts_with('='))
    };
    (has_field("genesis") && has_field("data_dir") && has_field("member")).then_some(Artifact::NodeConfig)
}

/// Whether a text has a secret key somewhere in it: a key or pending file, also within a JSON string, or a private key in
/// PEM.
fn holds_key(text: &[u8]) -> bool {
    let contains = |mark: &str| text.windows(mark.len()).any(|window| window == mark.as_bytes());
    let quoted = |format: &str| contains(&format!("\"{format}\"")) || contains(&format!("\\\"{format}\\\""));
    is_text(text)
        && ((contains("-----BEGIN ") && contains(" PRIVATE KEY-----"))
            || (contains("ciphertext") && quoted(KEY_FILE_FORMAT))
            || (contains("secret") && contains(&format!("\"{FORMAT_PREFIX}"))))
}

/// Bytes of other kinds, pictures above all, are not looked through.
fn is_text(bytes: &[u8]) -> bool {
    !bytes.iter().take(TEXT_BYTES_LOOKED_AT).any(|byte| *byte == 0)
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
    verdict: Option<IgnoredAny>,
    checks: Option<IgnoredAny>,
    findings: Option<IgnoredAny>,
    errors: Option<IgnoredAny>,
    batches: Option<IgnoredAny>,
    issued: Option<IgnoredAny>,
    credentials: Option<IgnoredAny>,
}

impl Claim {
    fn artifact(&self) -> Option<Artifact> {
        match self {
            Self { format: Some(format), .. } => of_format(format.as_str()?),
            Self { log_origin: Some(_), parameters: Some(_), members: Some(_), .. } => {
                Some(Artifact::Genesis)
            }
            Self { chain_id: Some(_), member: Some(_), signatures: Some(_), .. } => {
                Some(Artifact::GenesisSignature)
            }
            Self { verdict: Some(_), checks: Some(_), .. }
            | Self { findings: Some(_), errors: Some(_), .. }
            | Self { batches: Some(_), issued: Some(_), .. }
            | Self { batches: Some(_), credentials: Some(_), .. } => Some(Artifact::Printed),
            _ => None,
        }
    }
}

fn of_format(format: &str) -> Option<Artifact> {
    match format {
        RECEIPT_FORMAT => Some(Artifact::Receipt),
        KEY_FILE_FORMAT => Some(Artifact::KeyFile),
        // Of every version: all of them hold secrets.
        pending if pending.starts_with(FORMAT_PREFIX) => Some(Artifact::PendingFile),
        TRUST_FILE_FORMAT => Some(Artifact::TrustFile),
        MEMBER_FILE_FORMAT => Some(Artifact::MemberFile),
        COMPLETENESS_FORMAT => Some(Artifact::CompletenessProof),
        CONSISTENCY_FORMAT => Some(Artifact::ConsistencyProof),
        EVIDENCE_FORMAT => Some(Artifact::Evidence),
        AUDIT_REPORT_FORMAT => Some(Artifact::AuditReport),
        other => (other.starts_with("sanad-") && other.contains("/v")).then_some(Artifact::Other),
    }
}

/// What every version of a tlog-proof begins with.
const TLOG_PROOF_START: &[u8] = b"c2sp.org/tlog-proof@";
/// Fields that nearly every template has; another text between such brackets may belong to a credential.
const TEMPLATE_FIELDS: [&str; 9] =
    ["name", "first_name", "last_name", "number", "student_number", "email", "awarded", "credits", "grade"];
/// What rosters are called.
const ROSTER_EXTENSIONS: [&str; 4] = ["csv", "tsv", "txt", "xlsx"];
/// How much of a text shows what it is, in bytes.
const TEXT_BYTES_LOOKED_AT: usize = 4 << 10;
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
            (r#"{"format":"sanad-pending/v2","documents":[]}"#, Some(Artifact::PendingFile)),
            (r#"{"format":"sanad-pending/v3","documents":[]}"#, Some(Artifact::PendingFile)),
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
            (r#"{"format":"sanad-evidence/v1"}"#, Some(Artifact::Evidence)),
            (r#"[{"format": "sanad-key/v1", "cipher": {"ciphertext": ""}}]"#, Some(Artifact::WrappedKey)),
            (r#"{"keys": {"a": {"format":"sanad-key/v1", "ciphertext": ""}}}"#, Some(Artifact::WrappedKey)),
            (r#"{"text": "{\"format\": \"sanad-key/v1\", \"ciphertext\": 0}"}"#, Some(Artifact::WrappedKey)),
            ("-----BEGIN PRIVATE KEY-----\nMC4=\n-----END PRIVATE KEY-----\n", Some(Artifact::WrappedKey)),
            (r#"{"note": "our receipts are sanad-receipt/v1"}"#, None),
            (r#"{"name": "Uji", "nonce": "11"}"#, None),
            (r#"{"verdict": "active", "checks": []}"#, Some(Artifact::Printed)),
            (r#"{"findings": [], "verdict": null, "errors": []}"#, Some(Artifact::Printed)),
            (r#"{"chain_id": "", "issued": [], "batches": []}"#, Some(Artifact::Printed)),
            ("c2sp.org/tlog-proof@v1\nindex 1\n", Some(Artifact::TlogProof)),
            ("genesis = \"g.json\"\ndata_dir=\"d\"\nmember = \"m\"\n[keys]\n", Some(Artifact::NodeConfig)),
            ("genesis of a member in data_dir", None),
            (
                "ledger.example/sanad\n7\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n\u{2014} a AA==\n",
                Some(Artifact::Checkpoint),
            ),
            ("Letter\n7\n\n\u{2014} yours\n", None),
            (r#"{"type": ["VerifiableCredential"], "s": {"name": "{{name}}"}}"#, Some(Artifact::Template)),
            (r#"{"a": "{{x", "b": "{{awarded}}T00:00:00Z"}"#, Some(Artifact::Template)),
            (r#"{"criteria": "Templates with {{mustaches}} and {{{name}."}"#, None),
        ] {
            assert_eq!(recognise(text.as_bytes(), None), expected, "{text}");
        }
        assert_eq!(recognise(b"\xf5snd\x01", None), Some(Artifact::Receipt));
        assert_eq!(recognise(b"\xf5snt\x01", None), Some(Artifact::TrustFile));
    }

    #[test]
    fn a_table_is_a_roster_by_what_lies_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("wisuda.columns.toml"), "").unwrap();
        std::fs::write(at("kursus.template.json"), "{}").unwrap();
        for (name, expected) in [
            ("wisuda.csv", true),
            ("wisuda.XLSX", true),
            ("kursus.csv", true),
            ("data.csv", false),
            ("wisuda.pdf", false),
        ] {
            assert_eq!(is_roster(&at(name)), expected, "{name}");
        }
    }

    #[test]
    fn a_genesis_is_known_by_its_fields() {
        let genesis = sanad_testkit::genesis();
        assert_eq!(recognise(genesis.to_json().as_bytes(), None), Some(Artifact::Genesis));
        let invitation = serde_json::to_vec(&genesis.invitation()).unwrap();
        assert_eq!(recognise(&invitation, None), Some(Artifact::Invitation));
        let config = include_bytes!("../../../configs/node.toml");
        assert_eq!(recognise(config, None), Some(Artifact::NodeConfig));
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
