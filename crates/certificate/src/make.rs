//! From credential and receipt to a certificate and its box.

use sanad_core::commitment::Opening;
use sanad_core::document::{self, DocumentError, DocumentKind};
use sanad_core::event::Event;
use sanad_core::receipt::{Receipt, ReceiptFault, ReceiptForm};
use sanad_core::sd_jwt::SdJwt;
use sanad_core::summary::SummaryLabel;
use sanad_core::trust::TrustAnchor;
use sanad_qr::{Correction, DrawError, QrCode, Segment};

use crate::blocks::Warning;
use crate::digits::to_digits;
use crate::endorsements::{self, EndorsementFile, EndorsementsError};
use crate::fields::Fields;
use crate::link::{BoxId, LinkKey, Site};
use crate::pdf::{self, Certificate, PdfError};
use crate::sealed::{BoxError, Contents, PART_BYTES_MAX, seal};
use crate::template::Template;

/// Largest version of an offline code: at 58 mm its modules have a third of a millimetre.
pub const OFFLINE_VERSION_MAX: i16 = 36;

/// What a certificate is made from.
pub struct Order<'a> {
    /// The page.
    pub template: &'a Template,
    /// File name of the document.
    pub name: &'a str,
    /// The credential, as it was issued.
    pub document: &'a [u8],
    /// Its receipt, fully open.
    pub receipt: &'a Receipt,
    /// What the receipt is checked against.
    pub anchor: &'a TrustAnchor,
    /// Endorsements of the document, which go with it.
    pub endorsements: &'a [EndorsementFile],
    /// The issuer's web site; without one there is no link code, and the offline code has no address.
    pub site: Option<&'a Site>,
    /// Fields beside those of the credential, by name.
    pub own_fields: &'a [(String, String)],
}

/// A certificate.
pub struct Made {
    /// The page, with credential and receipt inside.
    pub pdf: Vec<u8>,
    /// What belongs on the issuer's web site.
    pub published: Option<Published>,
    /// Version of the offline code.
    pub offline_version: i16,
    /// What is odd about the page.
    pub warnings: Vec<Warning>,
}

/// A box, and what opens it.
pub struct Published {
    /// Name of its file below `boxes/`.
    pub id: BoxId,
    /// Content of that file: document and receipt, encrypted.
    pub sealed: Vec<u8>,
    /// The text of the link code.
    pub link: String,
}

/// Why no certificate was made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MakeError {
    /// Credential and receipt do not hold.
    #[error("the receipt does not prove the document")]
    Receipt(#[from] ReceiptFault),
    /// The document has no digest.
    #[error("the document cannot be read")]
    Document(#[from] DocumentError),
    /// Nothing says what stands on paper.
    #[error(
        "the receipt binds no summary (holder, title ...), so paper could prove nothing; issue the document with one"
    )]
    NoSummary,
    /// The receipt is of paper, or its summary is closed.
    #[error(
        "the receipt does not open everything; give the one that was written when the document was issued"
    )]
    NotFull,
    /// The document is too large.
    #[error("the document has {actual} bytes; a certificate holds up to {PART_BYTES_MAX}")]
    TooLong {
        /// Length.
        actual: usize,
    },
    /// The paper receipt is too long for a code that can be read from paper.
    #[error(
        "the paper receipt has {bytes} bytes, too many for a code that is read from paper; see `sanad receipt renew \
         --sealed`"
    )]
    OfflineCode {
        /// Length of the binary receipt.
        bytes: usize,
    },
    /// A code cannot be drawn.
    #[error("a code cannot be drawn")]
    Code(#[from] DrawError),
    /// The endorsements cannot go with it.
    #[error(transparent)]
    Endorsements(#[from] EndorsementsError),
    /// The box cannot be made.
    #[error("the box cannot be made")]
    Box(#[from] BoxError),
    /// The page cannot be made.
    #[error(transparent)]
    Pdf(#[from] PdfError),
}

impl Order<'_> {
    /// Verifies the receipt, and makes the certificate. Equal orders make equal files.
    ///
    /// # Errors
    /// [`MakeError`].
    pub fn make(&self) -> Result<Made, MakeError> {
        if self.document.len() > PART_BYTES_MAX {
            return Err(MakeError::TooLong { actual: self.document.len() });
        }
        self.receipt.verify(Some(self.document), self.anchor)?;
        let digest = document::digest(self.receipt.document, self.document)?;
        let Opening::Full { secret, summary } = &self.receipt.opening else { return Err(MakeError::NotFull) };
        let summary = summary.as_ref().ok_or(MakeError::NoSummary)?;
        let (offline, paper_bytes) = self.offline_code(&digest)?;
        if offline.version > OFFLINE_VERSION_MAX {
            return Err(MakeError::OfflineCode { bytes: paper_bytes });
        }
        let receipt = self.receipt.clone().trimmed(self.anchor);
        let contents = |receipt: Vec<u8>| Contents {
            name: self.name.to_owned(),
            document: self.document.to_vec(),
            receipt,
            endorsements: self.endorsements.to_vec(),
        };
        let published = match self.site {
            Some(site) => {
                let key = LinkKey::of_credential(secret, &digest);
                let sealed = seal(&key, &contents(receipt.to_binary(self.anchor)?))?;
                Some(Published { id: key.box_id(), sealed, link: key.link(site) })
            }
            None => None,
        };
        let link = match &published {
            Some(published) => {
                let segments = [Segment::Bytes(published.link.as_bytes())];
                Some(QrCode::of_segments(&segments, Correction::Medium)?)
            }
            None => None,
        };
        let record = &receipt.proof.issuer.record;
        let mut fields = Fields::new(summary, &record.name, json_of(receipt.document, self.document));
        self.site.iter().for_each(|site| fields.set("site", &site.to_string()));
        self.own_fields.iter().for_each(|(name, text)| fields.set(name, text));
        let words = [SummaryLabel::Title, SummaryLabel::Holder].map(|label| summary.text(label));
        let title: Vec<&str> = words.into_iter().flatten().collect();
        let Event::Issue { commitment } = receipt.proof.entry.event else {
            let kind = receipt.proof.entry.event.kind();
            return Err(ReceiptFault::NotAnIssuance { kind }.into());
        };
        let certificate = Certificate {
            fields: &fields,
            contents: &contents(receipt.to_json().into_bytes()),
            document_type: match receipt.document {
                DocumentKind::Json => "application/vc",
                DocumentKind::SdJwt => "application/dc+sd-jwt",
                _ => "application/octet-stream",
            },
            receipt_name: &format!("{}{}", self.name, ReceiptForm::Json.suffix()),
            receipt_type: ReceiptForm::Json.media_type(),
            endorsements: match self.endorsements {
                [] => None,
                endorsements => Some(endorsements::to_zip(endorsements)?),
            },
            link: link.as_ref(),
            offline: &offline,
            title: if title.is_empty() { self.name.to_owned() } else { title.join(" – ") },
            issuer: &record.name,
            time_ms: receipt.proof.header.time_ms,
            id: format!("urn:sanad:{commitment}"),
        };
        let (pdf, warnings) = pdf::write(self.template, &certificate)?;
        Ok(Made { pdf, published, offline_version: offline.version, warnings })
    }

    /// The code of the paper receipt, and the receipt's length.
    fn offline_code(&self, digest: &[u8; 32]) -> Result<(QrCode, usize), MakeError> {
        let mut paper = self.receipt.clone().trimmed(self.anchor);
        paper.opening = paper.opening.to_paper(digest).ok_or(MakeError::NoSummary)?;
        // Without changes of validators if the verifier's genesis or trust file knows them.
        let compact = Receipt { proof: paper.proof.clone(), ..paper.clone() };
        let compact = compacted(compact, self.anchor).unwrap_or(paper);
        let bytes = compact.to_binary(self.anchor)?;
        let Some(site) = self.site else { return Ok((QrCode::new(&bytes)?, bytes.len())) };
        let digits = to_digits(&bytes);
        let page = site.page();
        let segments = [Segment::Bytes(page.as_bytes()), Segment::Digits(&digits)];
        Ok((QrCode::of_segments(&segments, Correction::Low)?, bytes.len()))
    }
}

/// The receipt without changes of validators, if it still holds so.
fn compacted(mut receipt: Receipt, anchor: &TrustAnchor) -> Option<Receipt> {
    receipt.proof.finality = receipt.proof.finality.compact();
    receipt.proof.verify(anchor).is_ok().then_some(receipt)
}

fn json_of(kind: DocumentKind, document: &[u8]) -> Option<serde_json::Value> {
    match kind {
        DocumentKind::Json => serde_json::from_slice(document).ok(),
        DocumentKind::SdJwt => SdJwt::parse(document).ok().map(|sd_jwt| sd_jwt.claims().clone()),
        _ => None,
    }
}
