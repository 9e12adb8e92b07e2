//! Certificates into folders, one for each learner; begun again, it goes on where it ended.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use sanad_certificate::{
    BOX_BYTES_MAX, BOXES_FOLDER, DEFAULT_TEMPLATE, EndorsementFile, FONT_BYTES_MAX, Fields, File, Fonts,
    LinkKey, Made, Order, PART_BYTES_MAX, PDF_BYTES_MAX, Site, TEMPLATE_BYTES_MAX, Template, Warning,
    ZIP_BYTES_MAX, extract, is_zip, open, pack, unpack,
};
use sanad_core::commitment::Opening;
use sanad_core::document;
use sanad_core::receipt::{Receipt, ReceiptForm};
use sanad_core::status::{CredentialStatus, status_in_leaf};
use sanad_core::summary::{SUMMARY_BYTES_MAX, Summary, SummaryError, SummaryLabel};
use sanad_core::trust::TrustAnchor;
use sanad_credential::{named_institutions, validity};
use sanad_issuer::{CredentialForm, SharedFolder, files as issuer_files};
use sanad_qr::PictureKind;
use sanad_roster::hidden_character;
use sanad_verify::{Trust, Verifier};
use serde::Serialize;
use serde_json::Value;

use crate::files::{self, Mode};
use crate::folder::endorsements_beside;
use crate::institutions::{Checked, Endorsement, Institutions, State};
use crate::output::warn;
use crate::{receipt_file, time};

/// The page of a certificate.
pub(crate) struct Page {
    template: Template,
    fields: Vec<(String, String)>,
    /// Address of the issuer's site.
    site: Option<String>,
}

/// What certificates are made with.
pub(crate) struct Printer<'a> {
    page: &'a Page,
    /// Address of the issuer's site, and the folder that is served there.
    site: Option<(&'a Site, &'a Path)>,
    trust: &'a Trust,
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
    /// What is odd about its page.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) warnings: Vec<String>,
}

/// An endorsement and its receipt, as files of a certificate's folder.
struct EndorsementFiles {
    document: File,
    receipt: Receipt,
}

/// A document and its receipt, read.
struct Read {
    name: String,
    document: Vec<u8>,
    receipt: Receipt,
}

impl Page {
    /// Reads a template, or takes the one in Indonesian and English, and the fonts of a folder.
    pub(crate) fn new(
        template: Option<&Path>,
        fields: &[(String, String)],
        fonts: Option<&Path>,
        site: Option<&Site>,
    ) -> anyhow::Result<Self> {
        let fonts = fonts.map(read_fonts).transpose()?.unwrap_or_default();
        let own: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
        if let Some(name) = own.iter().find(|name| [ENTERED_BY, SIGNED_BY, NAMED_ONLY].contains(name)) {
            bail!("--set {name}: this text follows from the ledger and from endorsements; it cannot be set");
        }
        if own.contains(&SITE) {
            bail!("--set {SITE}: this is the address that the link code leads to; give it with --site");
        }
        if let Some(name) = own.iter().find(|name| is_bound(name)) {
            bail!(
                "--set {name}: this is a fact that the ledger binds, and the certificate would say something else than its codes; it \
                 cannot be set. Give a text of your own another name"
            );
        }
        let read = template.map(|path| files::read_text(path, TEMPLATE_BYTES_MAX)).transpose()?;
        let source = read.as_deref().unwrap_or(DEFAULT_TEMPLATE);
        if let Some(name) = own.iter().find(|name| !source.contains(**name)) {
            bail!("--set {name}: the template has no {{{{{name}}}}}, so that this text would stand nowhere");
        }
        let made = Template::with_fonts(source, &own, fonts);
        let template = match template {
            Some(path) => made.with_context(|| path.display().to_string())?,
            None => made?,
        };
        Ok(Self { template, fields: fields.to_vec(), site: site.map(Site::to_string) })
    }

    /// Whether all that a credential says can be printed, and what is odd about its page; `document` is what the file of the
    /// credential will say.
    pub(crate) fn check(&self, credential: &Value, document: Value) -> anyhow::Result<Vec<Warning>> {
        let summary = Summary::try_of_json(credential)
            .context("no summary follows from it, which the offline code holds: it has no title")?
            .map_err(|error| {
                let what = "no summary follows from it, which the offline code holds";
                let is_long = matches!(error, SummaryError::TooLong { .. });
                anyhow::Error::new(error).context(match is_long {
                    true => format!(
                        "{what}: title, name, programme, dates and numbers together have at most {SUMMARY_BYTES_MAX} bytes; shorten \
                         the title or the name"
                    ),
                    false => what.to_owned(),
                })
            })?;
        let issuer =
            credential.pointer("/issuer/name").and_then(Value::as_str).unwrap_or_default().to_owned();
        for (label, text) in summary.fields() {
            if let Some(hidden) = hidden_character(text) {
                bail!(
                    "{label} has U+{:04X}, which nobody sees or which turns text around; write it without that, as `sanad issue roster` \
                     wants it, too",
                    u32::from(hidden)
                );
            }
            let marks = marks_in_a_row(text);
            if marks > MARKS_MAX {
                bail!(
                    "{label} has {marks} accents on one letter, which would be stacked up over the edge of the page; write it with \
                     those that it has"
                );
            }
        }
        let mut fields = Fields::new(&summary, &issuer, Some(document));
        self.site.iter().for_each(|site| fields.set(SITE, site));
        self.fields.iter().for_each(|(name, text)| fields.set(name, text));
        // Whoever has signed by then has another line, which is no longer.
        let named = named_institutions(credential.to_string().as_bytes()).named;
        let named: Vec<String> = named.into_iter().filter_map(|named| named.name.or(named.id)).collect();
        if !named.is_empty() {
            fields.set(ENTERED_BY, &issuer);
            [SIGNED_BY, NAMED_ONLY].iter().for_each(|name| fields.set(name, &listed(&named)));
        }
        Ok(self.template.check(&fields)?)
    }
}

/// Whether a field is a fact that the ledger binds, in words or not, or the issuer's name in the register.
fn is_bound(field: &str) -> bool {
    let fact = field.strip_suffix("_id").or_else(|| field.strip_suffix("_en")).unwrap_or(field);
    fact == "issuer" || SummaryLabel::ALL.iter().any(|label| label.as_str() == fact)
}

impl<'a> Printer<'a> {
    /// Makes the folders that certificates and boxes go into, and enters them.
    pub(crate) fn new(
        page: &'a Page,
        site: Option<(&'a Site, &'a Path)>,
        trust: &'a Trust,
        out: Option<&Path>,
    ) -> anyhow::Result<Self> {
        let enter = |folder: &Path| -> anyhow::Result<SharedFolder> {
            files::create_folder(folder)?;
            Ok(SharedFolder::enter(folder)?)
        };
        site.map_or(Ok(()), |(_, folder)| check_site_dir(folder))?;
        let boxes = site.map(|(_, folder)| folder.join(BOXES_FOLDER));
        let boxes = boxes.as_deref().map(enter).transpose()?;
        let at_work = out.map(enter).transpose()?;
        if let (Some(out), true) = (out, at_work.as_ref().is_some_and(SharedFolder::has_others)) {
            bail!(
                "another program makes certificates in {}; run this again when it has ended",
                out.display()
            );
        }
        Ok(Self { page, site, trust, out: at_work, _boxes: boxes })
    }

    /// Makes the certificate of a document, with a receipt or the one beside it, as a new file.
    pub(crate) fn file(&self, path: &Path, receipt: Option<&Path>, pdf: &Path) -> anyhow::Result<MadeOne> {
        let mut read = read(path, receipt, self.trust.anchor())?;
        let mut remarks = self.keep_newest(&mut read, &[]);
        remarks.extend(remark_of_status(&read));
        let made = self.make(&read, &endorsements_of(path, self.trust.anchor())?)?;
        files::create_new(pdf, &made.pdf, Mode::Private)?;
        Ok(self.publish(path, pdf.to_owned(), &made)?.remarked(&read.name, remarks))
    }

    /// Makes the certificate of a document into a folder of its own below `out`, with document and receipt, and a ZIP of them.
    /// `None` if it is there already.
    ///
    /// The PDF comes last: once it is there, the box has been published, and is never made again. The issuer may have
    /// deleted it since. With `renew`, what is there is made anew where it would be another file now, its box only if that is still there.
    pub(crate) fn folder(
        &self,
        path: &Path,
        receipt: Option<&Path>,
        out: &Path,
        zip: bool,
        renew: bool,
    ) -> anyhow::Result<Option<MadeOne>> {
        let name = file_name(path)?;
        let title = title(path, name);
        let folder = out.join(title);
        let pdf_name =
            if name.ends_with(".pdf") { format!("{name}.certificate.pdf") } else { format!("{title}.pdf") };
        let pdf = folder.join(&pdf_name);
        issuer_files::refuse_link(&folder)?;
        if let Some(out) = &self.out {
            out.clear_within(&folder)?;
        }
        let packed = out.join(format!("{title}.zip"));
        // A file of no bytes is what a full disk or a power cut left.
        for file in [&pdf, &packed] {
            remove_empty(file)?;
        }
        let was_made = pdf.is_file();
        let is_done = was_made && (!zip || packed.is_file());
        let is_same = || {
            anyhow::Ok(files::read(&folder.join(name), PART_BYTES_MAX)? == files::read(path, PART_BYTES_MAX)?)
        };
        match is_done {
            true if !is_same()? => {
                bail!("{} is the certificate of another document; choose another --out", pdf.display())
            }
            true if !renew => return Ok(None),
            true | false => {}
        }
        let mut read = read(path, receipt, self.trust.anchor())?;
        let receipt_name = format!("{name}{}", ReceiptForm::Json.suffix());
        let mut remarks =
            self.keep_newest(&mut read, &[folder.join(&receipt_name), pdf.clone(), packed.clone()]);
        remarks.extend(remark_of_status(&read));
        let endorsements = endorsements_of(path, self.trust.anchor())?;
        let made = self.make(&read, &endorsements)?;
        if is_done && files::read(&pdf, PDF_BYTES_MAX)? == made.pdf {
            remarks.iter().for_each(|remark| warn(format_args!("{}: {remark}", path.display())));
            return Ok(None);
        }
        let place = |path: &Path, bytes: &[u8]| match renew {
            true => files::replace(path, bytes, Mode::Private),
            false => place(path, bytes),
        };
        files::create_folder(&folder)?;
        let receipt = read.receipt.trimmed(self.trust.anchor()).to_json().into_bytes();
        let mut parts = vec![
            File { name: name.to_owned(), bytes: read.document.clone() },
            File { name: receipt_name, bytes: receipt },
        ];
        for EndorsementFiles { document, receipt } in endorsements {
            let name = format!("{}{}", document.name, ReceiptForm::Json.suffix());
            let bytes = receipt.trimmed(self.trust.anchor()).to_json().into_bytes();
            parts.extend([document, File { name, bytes }]);
        }
        for File { name, bytes } in &parts {
            place(&folder.join(name), bytes)?;
        }
        parts.push(File { name: pdf_name, bytes: made.pdf.clone() });
        let made_pdf = made.pdf.clone();
        let made = match was_made && renew && !self.is_published(&made) {
            // Deleting a box erases it.
            true => MadeOne { link: None, sealed: None, ..self.one(path, pdf.clone(), &made) },
            false => self.publish(path, pdf.clone(), &made)?,
        };
        if zip {
            place(&packed, &pack(title, &parts)?)?;
        }
        place(&pdf, &made_pdf)?;
        Ok(Some(made.remarked(title, remarks)))
    }

    /// Takes the newest receipt of a document that its box or one of `files` holds, if it is newer than the one that was read: what
    /// was published must not say of a revoked credential that it is active again. Says so.
    fn keep_newest(&self, read: &mut Read, files: &[PathBuf]) -> Vec<String> {
        let anchor = self.trust.anchor();
        let given = read.receipt.proof.header.clone();
        let sealed = self.in_box(read).into_iter();
        for held in files.iter().flat_map(|file| receipts_in(file, &read.name)).chain(sealed) {
            let Ok(held) = Receipt::from_bytes(&held, anchor) else { continue };
            let is_newer = held.proof.header.height > read.receipt.proof.header.height;
            if is_newer
                && held.opening == read.receipt.opening
                && held.verify(Some(&read.document), anchor).is_ok()
            {
                read.receipt = held;
            }
        }
        let kept = &read.receipt.proof.header;
        let remark = || {
            format!(
                "its receipt is of block {}, of {}, and a newer one is in what was made before, of block {}, of {}: that one is kept",
                given.height,
                time::format_ms(given.time_ms),
                kept.height,
                time::format_ms(kept.time_ms)
            )
        };
        (kept.height > given.height).then(remark).into_iter().collect()
    }

    /// The receipt in the box of a document, if there is one on the site.
    fn in_box(&self, read: &Read) -> Option<Vec<u8>> {
        let (_, folder) = self.site?;
        let Opening::Full { secret, .. } = &read.receipt.opening else { return None };
        let digest = document::digest(read.receipt.document, &read.document).ok()?;
        let key = LinkKey::of_credential(secret, &digest);
        let place = folder.join(BOXES_FOLDER).join(key.box_id().to_string());
        let sealed = place.is_file().then(|| files::read(&place, BOX_BYTES_MAX).ok())??;
        Some(open(&key, &sealed).ok()?.receipt)
    }

    fn make(&self, read: &Read, endorsements: &[EndorsementFiles]) -> anyhow::Result<Made> {
        let mut own_fields = self.page.fields.clone();
        own_fields.extend(self.institutions(read, endorsements));
        let order = Order {
            template: &self.page.template,
            name: &read.name,
            document: &read.document,
            receipt: &read.receipt,
            anchor: self.trust.anchor(),
            endorsements: &self.attached(endorsements),
            site: self.site.map(|(site, _)| site),
            own_fields: &own_fields,
        };
        Ok(order.make()?)
    }

    fn attached(&self, endorsements: &[EndorsementFiles]) -> Vec<EndorsementFile> {
        let attached = |EndorsementFiles { document, receipt }: &EndorsementFiles| EndorsementFile {
            name: document.name.clone(),
            document: document.bytes.clone(),
            receipt: receipt.clone().trimmed(self.trust.anchor()).to_json().into_bytes(),
        };
        endorsements.iter().map(attached).collect()
    }

    /// What is printed of the institutions that stand behind a document, or are said to: nothing where it is its issuer's alone.
    fn institutions(&self, read: &Read, endorsements: &[EndorsementFiles]) -> Vec<(String, String)> {
        let verifier = Verifier::new(self.trust, time::now_ms());
        let Ok(finding) = verifier.read_receipt(&read.name, &read.receipt, Some(&read.document)) else {
            return Vec::new();
        };
        let checked = |EndorsementFiles { document, receipt }: &EndorsementFiles| {
            let endorsement = Endorsement::read(&document.bytes)?;
            let finding = verifier.read_receipt(&document.name, receipt, Some(&document.bytes)).ok()?;
            let (record, index) = (receipt.proof.issuer.record.clone(), receipt.proof.index);
            Some(Checked::new(document.name.clone(), endorsement, &finding, record, index))
        };
        let checked: Vec<Checked> = endorsements.iter().filter_map(checked).collect();
        let record = &read.receipt.proof.issuer.record;
        let institutions = Institutions::of(&read.document, &finding, record, &checked);
        let mut lists: [(&str, Vec<String>); 3] =
            [ENTERED_BY, SIGNED_BY, NAMED_ONLY].map(|field| (field, Vec::new()));
        for institution in &institutions.list {
            let list = match institution.state {
                State::Entered => 0,
                State::Signed { .. } => 1,
                // What is signed in general, and by nobody who is named, is nothing to print.
                State::SignedInGeneral { .. } if !institution.is_named() => continue,
                State::SignedInGeneral { .. } | State::NotGood { .. } | State::NamedOnly => 2,
            };
            lists[list]
                .1
                .push(institution.name.clone().or_else(|| institution.id.clone()).unwrap_or_default());
        }
        let texts = lists.into_iter().filter(|(_, names)| !names.is_empty());
        texts.map(|(field, names)| (field.to_owned(), listed(&names))).collect()
    }

    fn publish(&self, document: &Path, pdf: PathBuf, made: &Made) -> anyhow::Result<MadeOne> {
        let one = self.one(document, pdf, made);
        if let (Some(published), Some(place)) = (&made.published, &one.sealed) {
            files::replace(place, &published.sealed, Mode::Public)?;
        }
        Ok(one)
    }

    /// Whether its box is on the site, or it has none.
    fn is_published(&self, made: &Made) -> bool {
        self.place_of_box(made).is_none_or(|place| place.is_file())
    }

    fn place_of_box(&self, made: &Made) -> Option<PathBuf> {
        let ((_, folder), published) = (self.site?, made.published.as_ref()?);
        Some(folder.join(BOXES_FOLDER).join(published.id.to_string()))
    }

    fn one(&self, document: &Path, pdf: PathBuf, made: &Made) -> MadeOne {
        let (document, bytes, offline_version) = (document.to_owned(), made.pdf.len(), made.offline_version);
        let sealed = self.place_of_box(made);
        let link =
            made.published.as_ref().filter(|_| sealed.is_some()).map(|published| published.link.clone());
        // That an ornament lies on a text is told by `certificate check`, and may be meant.
        let unreadable = made.warnings.iter().filter(|warning| matches!(warning, Warning::Unreadable(_)));
        let warnings = unreadable.map(ToString::to_string).collect();
        MadeOne { document, pdf, bytes, offline_version, link, sealed, warnings }
    }
}

impl MadeOne {
    fn remarked(mut self, name: &str, remarks: Vec<String>) -> Self {
        self.warnings.extend(remarks.into_iter().map(|remark| format!("{name}: {remark}")));
        self
    }
}

/// The receipts of a document in a file that was made before: the receipt itself, a certificate, or a ZIP.
fn receipts_in(file: &Path, name: &str) -> Vec<Vec<u8>> {
    let bytes = file.is_file().then(|| files::read(file, ZIP_BYTES_MAX.max(PDF_BYTES_MAX)).ok()).flatten();
    let Some(bytes) = bytes else { return Vec::new() };
    if is_zip(&bytes) {
        let receipt = format!("{name}{}", ReceiptForm::Json.suffix());
        let files = unpack(&bytes).unwrap_or_default().into_iter();
        return files.filter(|file| file.name.ends_with(&receipt)).map(|file| file.bytes).collect();
    }
    if PictureKind::of(&bytes) == Some(PictureKind::Pdf) {
        return extract(&bytes).map(|contents| contents.receipt).into_iter().collect();
    }
    vec![bytes]
}

/// Says that a credential is not to be relied on: who opens the certificate's codes is told so, and its holder should know before.
fn remark_of_status(read: &Read) -> Option<String> {
    let proof = &read.receipt.proof;
    let status = status_in_leaf(&proof.status_leaf, proof.index);
    let status = match CredentialStatus::new(status, proof.index, &proof.issuer.record) {
        CredentialStatus::Active | CredentialStatus::Confirmed => {
            let is_expired =
                validity(&read.document, time::now_ms()).is_some_and(|validity| validity.expired);
            return is_expired
                .then(|| "EXPIRED: its certificate says so to everyone who checks it".to_owned());
        }
        CredentialStatus::Suspended => "SUSPENDED",
        CredentialStatus::Disputed => "DISPUTED",
        CredentialStatus::Revoked => "REVOKED",
    };
    let as_of = time::format_ms(proof.header.time_ms);
    Some(format!("{status} as of {as_of}: its certificate says so to everyone who checks it"))
}

/// Refuses a site's folder that is not there: a mistyped one would be made, and nobody would serve it.
pub(crate) fn check_site_dir(folder: &Path) -> anyhow::Result<()> {
    match folder.is_dir() {
        true => Ok(()),
        false => bail!(
            "{} is not a folder; --site-dir names the folder that the issuer's web server serves: check the name, or make it first",
            folder.display()
        ),
    }
}

/// How many combining marks follow each other, of those that stand over and under letters of any script.
fn marks_in_a_row(text: &str) -> usize {
    let is_mark = |character: char| {
        matches!(
            character,
            '\u{300}'..='\u{36f}'
                | '\u{1ab0}'..='\u{1aff}'
                | '\u{1dc0}'..='\u{1dff}'
                | '\u{20d0}'..='\u{20ff}'
                | '\u{fe20}'..='\u{fe2f}'
        )
    };
    let runs = text.split(|character| !is_mark(character)).map(|run| run.chars().count());
    runs.max().unwrap_or_default()
}

/// The fonts in a folder and the folders below it, in the order of their paths.
fn read_fonts(folder: &Path) -> anyhow::Result<Fonts> {
    let (mut folders, mut paths) = (vec![(folder.to_owned(), 0)], Vec::new());
    while let Some((folder, depth)) = folders.pop() {
        let entries = std::fs::read_dir(&folder).with_context(|| folder.display().to_string())?;
        for entry in entries {
            let path = entry.with_context(|| folder.display().to_string())?.path();
            let extension = path.extension().and_then(OsStr::to_str).unwrap_or_default().to_ascii_lowercase();
            if path.is_dir() && depth < FONT_FOLDERS_DEEP {
                folders.push((path, depth + 1));
            } else if FONT_EXTENSIONS.contains(&extension.as_str()) {
                paths.push(path);
            }
        }
    }
    if paths.is_empty() {
        bail!("{} has no fonts: no file that ends in .ttf, .otf or .ttc", folder.display());
    }
    paths.sort();
    let mut fonts = Fonts::default();
    for path in paths {
        fonts.add(files::read(&path, FONT_BYTES_MAX)?).with_context(|| path.display().to_string())?;
    }
    Ok(fonts)
}

fn read(path: &Path, receipt: Option<&Path>, anchor: &TrustAnchor) -> anyhow::Result<Read> {
    let name = file_name(path)?.to_owned();
    let document = files::read(path, PART_BYTES_MAX)?;
    let beside = || receipt_file::find_beside(path);
    let receipt = receipt_file::read(&receipt.map_or_else(beside, Path::to_owned), anchor)?;
    Ok(Read { name, document, receipt })
}

/// The endorsements beside a document, as they go with its certificate.
fn endorsements_of(path: &Path, anchor: &TrustAnchor) -> anyhow::Result<Vec<EndorsementFiles>> {
    let files = |path: PathBuf| -> anyhow::Result<EndorsementFiles> {
        let Read { name, document, receipt } = read(&path, None, anchor)?;
        Ok(EndorsementFiles { document: File { name, bytes: document }, receipt })
    };
    let beside = endorsements_beside(path).with_context(|| path.display().to_string())?;
    beside.into_iter().map(files).collect()
}

/// Names in one line of a certificate, which has room for so many.
fn listed(names: &[String]) -> String {
    let mut text = String::new();
    for (count, name) in names.iter().enumerate() {
        let name: String = match name.chars().count() > LISTED_CHARS_MAX {
            true => name.chars().take(LISTED_CHARS_MAX - 1).chain(['…']).collect(),
            false => name.clone(),
        };
        if count > 0 && text.chars().count() + name.chars().count() > LISTED_CHARS_MAX {
            return format!("{text} + {}", names.len() - count);
        }
        text.push_str(if count > 0 { ", " } else { "" });
        text.push_str(&name);
    }
    text
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

/// Name of the field for the address of the site.
const SITE: &str = "site";
/// Fields that follow from the ledger and from endorsements.
const ENTERED_BY: &str = "entered_by";
const SIGNED_BY: &str = "signed_by";
const NAMED_ONLY: &str = "named_only";
/// Most characters of names in one line: so many capitals fit it, too.
const LISTED_CHARS_MAX: usize = 72;
/// Most accents on one letter: Vietnamese has 2, transliterations up to 4.
const MARKS_MAX: usize = 6;
/// Kinds of files that are fonts.
const FONT_EXTENSIONS: [&str; 3] = ["ttf", "otf", "ttc"];
/// How many folders below the one that is named are looked into.
const FONT_FOLDERS_DEEP: usize = 4;
