//! Certificates into folders, one for each learner; begun again, it goes on where it ended.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use sanad_certificate::{
    BOXES_FOLDER, DEFAULT_TEMPLATE, Fields, File, Made, Order, PART_BYTES_MAX, Site, TEMPLATE_BYTES_MAX,
    Template, pack,
};
use sanad_core::receipt::{Receipt, ReceiptForm};
use sanad_core::summary::Summary;
use sanad_core::trust::TrustAnchor;
use sanad_issuer::{CredentialForm, SharedFolder};
use serde::Serialize;
use serde_json::Value;

use crate::files::{self, Mode};
use crate::receipt_file;

/// The page of a certificate.
pub(crate) struct Page {
    template: Template,
    fields: Vec<(String, String)>,
}

/// What certificates are made with.
pub(crate) struct Printer<'a> {
    page: &'a Page,
    /// Address of the issuer's site, and the folder that is served there.
    site: Option<(&'a Site, &'a Path)>,
    anchor: &'a TrustAnchor,
    out: Option<SharedFolder>,
    _boxes: Option<SharedFolder>,
}

/// A certificate that was made.
#[derive(Serialize)]
pub(crate) struct MadeOne {
    pub(crate) document: PathBuf,
    pub(crate) pdf: PathBuf,
    pub(crate) bytes: usize,
    /// Version of the offline code, 1 to 40.
    pub(crate) offline_version: i16,
    /// The text of the link code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) link: Option<String>,
    /// What the link opens.
    #[serde(rename = "box", skip_serializing_if = "Option::is_none")]
    pub(crate) sealed: Option<PathBuf>,
}

/// A document and its receipt, read.
struct Read {
    name: String,
    document: Vec<u8>,
    receipt: Receipt,
}

impl Page {
    /// Reads a template, or takes the one in Indonesian and English.
    pub(crate) fn new(template: Option<&Path>, fields: &[(String, String)]) -> anyhow::Result<Self> {
        let own: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
        let template = match template {
            Some(path) => {
                let source = files::read_text(path, TEMPLATE_BYTES_MAX)?;
                Template::new(&source, &own).with_context(|| path.display().to_string())?
            }
            None => Template::new(DEFAULT_TEMPLATE, &own)?,
        };
        Ok(Self { template, fields: fields.to_vec() })
    }

    /// Whether all that a credential says can be printed; `document` is what the file of the credential will say.
    pub(crate) fn check(&self, credential: &Value, document: Value) -> anyhow::Result<()> {
        let summary = Summary::of_json(credential)
            .context("no summary follows from it: it has no title, or texts that are too long or refused")?;
        let issuer =
            credential.pointer("/issuer/name").and_then(Value::as_str).unwrap_or_default().to_owned();
        let mut fields = Fields::new(&summary, &issuer, Some(document));
        self.fields.iter().for_each(|(name, text)| fields.set(name, text));
        Ok(self.template.check(&fields)?)
    }
}

impl<'a> Printer<'a> {
    /// Makes the folders that certificates and boxes go into, and enters them.
    pub(crate) fn new(
        page: &'a Page,
        site: Option<(&'a Site, &'a Path)>,
        anchor: &'a TrustAnchor,
        out: Option<&Path>,
    ) -> anyhow::Result<Self> {
        let enter = |folder: &Path| -> anyhow::Result<SharedFolder> {
            files::create_folder(folder)?;
            Ok(SharedFolder::enter(folder)?)
        };
        let boxes = site.map(|(_, folder)| folder.join(BOXES_FOLDER));
        let boxes = boxes.as_deref().map(enter).transpose()?;
        let at_work = out.map(enter).transpose()?;
        if let (Some(out), true) = (out, at_work.as_ref().is_some_and(SharedFolder::has_others)) {
            bail!(
                "another program makes certificates in {}; run this again when it has ended",
                out.display()
            );
        }
        Ok(Self { page, site, anchor, out: at_work, _boxes: boxes })
    }

    /// Makes the certificate of a document, with a receipt or the one beside it, as a new file.
    pub(crate) fn file(&self, path: &Path, receipt: Option<&Path>, pdf: &Path) -> anyhow::Result<MadeOne> {
        let read = read(path, receipt, self.anchor)?;
        let made = self.make(&read)?;
        files::create_new(pdf, &made.pdf, Mode::Private)?;
        self.publish(path, pdf.to_owned(), &made)
    }

    /// Makes the certificate of a document into a folder of its own below `out`, with document and receipt, and a ZIP of them.
    /// `None` if it is there already.
    ///
    /// The PDF comes last: once it is there, the box has been published, and is never made again. The issuer may have
    /// deleted it since.
    pub(crate) fn folder(
        &self,
        path: &Path,
        receipt: Option<&Path>,
        out: &Path,
        zip: bool,
    ) -> anyhow::Result<Option<MadeOne>> {
        let name = file_name(path)?;
        let title = title(path, name);
        let folder = out.join(title);
        let pdf_name =
            if name.ends_with(".pdf") { format!("{name}.certificate.pdf") } else { format!("{title}.pdf") };
        let pdf = folder.join(&pdf_name);
        if let Some(out) = &self.out {
            out.clear_within(&folder)?;
        }
        let packed = out.join(format!("{title}.zip"));
        // A file of no bytes is what a full disk or a power cut left.
        for file in [&pdf, &packed] {
            remove_empty(file)?;
        }
        let is_done = pdf.is_file() && (!zip || packed.is_file());
        if is_done && files::read(&folder.join(name), PART_BYTES_MAX)? == files::read(path, PART_BYTES_MAX)? {
            return Ok(None);
        } else if is_done {
            bail!("{} is the certificate of another document; choose another --out", pdf.display());
        }
        let read = read(path, receipt, self.anchor)?;
        let made = self.make(&read)?;
        files::create_folder(&folder)?;
        let receipt_name = format!("{name}{}", ReceiptForm::Json.suffix());
        let receipt = read.receipt.trimmed(self.anchor).to_json().into_bytes();
        let parts = [
            File { name: name.to_owned(), bytes: read.document },
            File { name: receipt_name, bytes: receipt },
            File { name: pdf_name, bytes: made.pdf.clone() },
        ];
        for File { name, bytes } in &parts[..2] {
            place(&folder.join(name), bytes)?;
        }
        let made = self.publish(path, pdf.clone(), &made)?;
        if zip {
            place(&packed, &pack(title, &parts)?)?;
        }
        place(&pdf, &parts[2].bytes)?;
        Ok(Some(made))
    }

    fn make(&self, read: &Read) -> anyhow::Result<Made> {
        let order = Order {
            template: &self.page.template,
            name: &read.name,
            document: &read.document,
            receipt: &read.receipt,
            anchor: self.anchor,
            site: self.site.map(|(site, _)| site),
            own_fields: &self.page.fields,
        };
        Ok(order.make()?)
    }

    fn publish(&self, document: &Path, pdf: PathBuf, made: &Made) -> anyhow::Result<MadeOne> {
        let (mut link, mut sealed) = (None, None);
        if let (Some(published), Some((_, folder))) = (&made.published, self.site) {
            let place = folder.join(BOXES_FOLDER).join(published.id.to_string());
            files::replace(&place, &published.sealed, Mode::Public)?;
            (link, sealed) = (Some(published.link.clone()), Some(place));
        }
        let (document, bytes, offline_version) = (document.to_owned(), made.pdf.len(), made.offline_version);
        Ok(MadeOne { document, pdf, bytes, offline_version, link, sealed })
    }
}

fn read(path: &Path, receipt: Option<&Path>, anchor: &TrustAnchor) -> anyhow::Result<Read> {
    let name = file_name(path)?.to_owned();
    let document = files::read(path, PART_BYTES_MAX)?;
    let beside = || receipt_file::find_beside(path);
    let receipt = receipt_file::read(&receipt.map_or_else(beside, Path::to_owned), anchor)?;
    Ok(Read { name, document, receipt })
}

fn file_name(path: &Path) -> anyhow::Result<&str> {
    path.file_name().and_then(OsStr::to_str).context("its name is not UTF-8")
}

/// What a learner's folder is called: as the document, or as its folder where each of a roster has one.
fn title<'a>(path: &'a Path, name: &'a str) -> &'a str {
    let folder = path.parent().and_then(Path::file_name).and_then(OsStr::to_str);
    match folder {
        Some(folder)
            if [CredentialForm::Json, CredentialForm::SdJwt].iter().any(|form| name == form.file()) =>
        {
            folder
        }
        _ => name.rsplit_once('.').map_or(name, |(stem, _)| stem),
    }
}

fn remove_empty(path: &Path) -> anyhow::Result<()> {
    match path.metadata() {
        Ok(found) if found.is_file() && found.len() == 0 => files::remove(path),
        _ => Ok(()),
    }
}

/// Puts a file in place; the same one may be there from a run that was interrupted.
fn place(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    match path.is_file() && files::read(path, PART_BYTES_MAX.max(bytes.len()))? == bytes {
        true => Ok(()),
        false => files::place_new(path, bytes, Mode::Private),
    }
}
