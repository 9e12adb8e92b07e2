//! The document: that it is the one that was entered, what its summary says, whom it names, and what it shows by itself.

use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};
use sanad_core::commitment::{Opening, OpeningError};
use sanad_core::document::{self, DocumentKind, NamedIssuer};
use sanad_core::jcs;
use sanad_core::member::{IssuerId, MemberRecord};
use sanad_core::receipt::{Receipt, ReceiptFault};
use sanad_core::sd_jwt::{HolderBinding, SdJwt};
use sanad_core::summary::{Summary, SummaryComparison, SummaryLabel};
use sanad_credential::Circumstances;

use crate::claims::Claims;
use crate::fault::{Fault, explain};
use crate::finding::Finding;
use crate::look_alikes::looks_like;
use crate::open::Open;
use crate::part::Part;
use crate::time;
use crate::verdict::Verdict;
use crate::verifier::Verifier;

/// Why the checks of a receipt end early.
pub(crate) enum Stop {
    Fault(Fault),
    Opening(OpeningError),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl Verifier<'_> {
    /// Steps 7 to 9. The document's own signature is looked at last, if the document is the one that was entered.
    pub(crate) fn check_document(
        &self,
        finding: &mut Finding,
        receipt: &Receipt,
        document: Option<&[u8]>,
    ) -> Result<(), Stop> {
        let contradiction = match receipt.verify_document(document) {
            Ok(()) => None,
            Err(fault @ ReceiptFault::Summary(_)) => Some(explain(&fault)),
            Err(ReceiptFault::Opening(error)) => return Err(Stop::Opening(error)),
            Err(fault) => {
                if document.is_some() {
                    finding.open.push(Open::CredentialNotChecked);
                }
                let mut detail = explain(&fault);
                if let Some(hint) = document.and_then(|document| normalisation_hint(receipt, document)) {
                    detail = format!("{detail}; {hint}");
                }
                return Err(Fault::new(Part::Document, Verdict::Tampered, detail).into());
            }
        };
        let summary = receipt.opening.summary();
        finding.summary = summary.cloned();
        // It is at least as late as the proven block says, whatever this machine's clock does.
        let now_ms = finding.as_of.iter().map(|as_of| as_of.time_ms).fold(self.now_ms, u64::max);
        finding.expired = summary.is_some_and(|summary| is_over(summary, now_ms));
        match receipt.opening {
            Opening::Paper { .. } => {
                finding.open.push(Open::DocumentNotSeen);
                finding.hold(Part::Summary, "summary and key give the commitment that was issued");
            }
            Opening::Full { .. } | Opening::ClosedSummary { .. } => {
                finding.hold(Part::Document, "document and secret give the commitment that was issued");
            }
        }
        let Some(document) = document else { return Ok(()) };
        if receipt.document == DocumentKind::SdJwt {
            finding.claims = Claims::of(document);
        }
        match (contradiction, summary) {
            (Some(detail), _) => finding.fail(Fault::new(Part::Summary, Verdict::NotProven, detail)),
            (None, None) => {}
            (None, Some(summary)) => compare_summary(finding, receipt.document, summary, document),
        }
        let record = &receipt.proof.issuer.record;
        let circumstances = Circumstances { now_ms, member: Some(record), rest: None };
        finding.credential = sanad_credential::check(document, &circumstances);
        check_issuer_id(finding, receipt, document);
        self.check_look_alikes(finding, record, document);
        if receipt.document == DocumentKind::SdJwt
            && SdJwt::parse(document).is_ok_and(|jwt| jwt.holder_binding() == HolderBinding::NotChecked)
        {
            finding.open.push(Open::HolderNotChecked);
        }
        Ok(())
    }
}

impl Verifier<'_> {
    /// Says so if the name that the document or the register has for the issuer looks like another member's: ids are unique, names are not.
    fn check_look_alikes(&self, finding: &mut Finding, record: &MemberRecord, document: &[u8]) {
        let claimed = sanad_credential::issuer_name(document);
        // What looks like its own name speaks for nobody else.
        let claimed = claimed.filter(|claimed| !looks_like(claimed, &record.name));
        let names: Vec<&str> = claimed.iter().map(String::as_str).chain([record.name.as_str()]).collect();
        for member in self.trust.genesis().members.iter().filter(|member| member.id != record.id) {
            if let Some(claimed) = names.iter().find(|name| looks_like(name, &member.name)) {
                let (claimed, name, member) = ((*claimed).to_owned(), member.name.clone(), member.id.clone());
                finding.open.push(Open::LooksLike { claimed, name, member });
            }
        }
    }
}

/// Whether the last day that a summary gives is over, in UTC.
fn is_over(summary: &Summary, now_ms: u64) -> bool {
    // Days are written as YYYY-MM-DD, so they compare as text.
    let today = time::format_ms(now_ms);
    let last = summary.text(SummaryLabel::ValidUntil);
    last.is_some_and(|last| last < &today[..last.len().min(today.len())])
}

fn compare_summary(finding: &mut Finding, kind: DocumentKind, summary: &Summary, document: &[u8]) {
    if kind != DocumentKind::Json {
        return finding.open.push(Open::SummaryNotCompared(kind));
    }
    let Ok(document) = serde_json::from_slice(document) else {
        return finding.open.push(Open::SummaryNotCompared(kind));
    };
    match summary.compare_json(&document) {
        Ok(SummaryComparison::Agrees) => finding.hold(Part::Summary, "no field contradicts the document"),
        Ok(SummaryComparison::NoRule) => finding.open.push(Open::SummaryWithoutRule),
        Err(mismatch) => finding.fail(Fault::new(Part::Summary, Verdict::NotProven, explain(&mismatch))),
    }
}

/// Step 9.
fn check_issuer_id(finding: &mut Finding, receipt: &Receipt, document: &[u8]) {
    let proof = &receipt.proof;
    let record = &proof.issuer.record;
    let mut named = document::named_issuer(receipt.document, document);
    // A JWT or a badge in a picture is kept as bytes, and names its issuer all the same.
    if let (NamedIssuer::None, Some(credential)) = (&named, &finding.credential)
        && let Some(issuer) = &credential.issuer
    {
        named = NamedIssuer::Name(issuer.clone());
    }
    let refuse = |detail| Fault::new(Part::IssuerId, Verdict::NotProven, detail);
    match named {
        NamedIssuer::None => finding.open.push(match receipt.document {
            DocumentKind::Bytes => Open::IssuerNotSearched(record.id.clone()),
            _ => Open::IssuerNotNamed(record.id.clone()),
        }),
        NamedIssuer::Unreadable => finding.fail(refuse(format!(
            "the document names its issuer in a form that cannot be compared with the issuer ids of {}",
            record.id
        ))),
        NamedIssuer::Name(named) => match IssuerId::normalise(&named) {
            Ok(id) if record.has_issuer_id(&id, proof.index) => finding.hold(Part::IssuerId, id.as_str()),
            _ => finding.fail(refuse(format!(
                "the document names the issuer {named:?}, which is not an issuer id of {}",
                record.id
            ))),
        },
    }
}

/// Says so if the document is the one that was entered but for the way its characters are composed: a file that went
/// through some editors, mail programs or macOS.
fn normalisation_hint(receipt: &Receipt, document: &[u8]) -> Option<&'static str> {
    let text = match receipt.document {
        DocumentKind::Json => String::from_utf8(jcs::canonicalize(document).ok()?).ok()?,
        _ => std::str::from_utf8(document).ok()?.to_owned(),
    };
    let composed = ComposingNormalizerBorrowed::new_nfc().normalize(&text);
    let decomposed = DecomposingNormalizerBorrowed::new_nfd().normalize(&text);
    let fits = |text: &str| {
        matches!(receipt.verify_document(Some(text.as_bytes())), Ok(()) | Err(ReceiptFault::Summary(_)))
    };
    match (fits(&composed), fits(&decomposed)) {
        (true, true | false) => {
            Some("its characters were decomposed (Unicode NFD) since it was issued; convert it to NFC")
        }
        (false, true) => {
            Some("its characters were composed (Unicode NFC) since it was issued; convert it to NFD")
        }
        (false, false) => None,
    }
}
