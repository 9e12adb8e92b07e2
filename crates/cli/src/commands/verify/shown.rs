//! What a file shows: a document with its receipt, or several, or a receipt alone.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use sanad_certificate::{
    BOX_BYTES_MAX, BOXES_FOLDER, Code, Contents, EndorsementFile, File, LinkKey, is_box, is_zip,
};
use sanad_core::document::DOCUMENT_BYTES_MAX;
use sanad_core::event::Event;
use sanad_core::ids::MemberId;
use sanad_core::receipt::Receipt;
use sanad_core::trust::TrustAnchor;
use sanad_issuer::RECEIPT_FILE_BYTES_MAX;
use sanad_qr::PictureKind;
use serde::Serialize;

use super::Args;
use crate::files;
use crate::institutions::Endorsement;
use crate::output::note;
use crate::receipt_file::{self, Wanted};

/// Something to verify.
pub(super) struct Shown {
    /// What a finding calls it.
    pub(super) target: String,
    /// None where a receipt alone is shown.
    pub(super) document: Option<Vec<u8>>,
    pub(super) receipt: Vec<u8>,
    /// The file that the receipt was read from.
    pub(super) receipt_path: PathBuf,
    pub(super) read_from: ReadFrom,
    /// Files of other credentials that lie beside it in a ZIP, as if they were of one certificate.
    pub(super) mixed_with: Vec<String>,
    /// Further receipts of the same entry in that ZIP, by the paths that they would have beside it.
    pub(super) others: Vec<(PathBuf, Vec<u8>)>,
}

/// What a file shows.
pub(super) struct Found {
    pub(super) shown: Vec<Shown>,
    /// Files in a ZIP that could not be checked, and that a reader may take for checked; and why.
    pub(super) unchecked: Vec<(PathBuf, &'static str)>,
}

impl From<Shown> for Found {
    fn from(shown: Shown) -> Self {
        Self { shown: vec![shown], unchecked: Vec::new() }
    }
}

/// Where document and receipt were found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum ReadFrom {
    /// In files of their own.
    Files,
    /// Inside a certificate in PDF.
    Pdf,
    /// In a box, opened with the key of a link code.
    Box,
    /// In an offline code.
    Code,
    /// In files of a ZIP.
    Zip,
}

/// What the document of the arguments shows, or their receipt alone.
pub(super) fn shown(args: &Args, document: Option<&Path>, anchor: &TrustAnchor) -> anyhow::Result<Found> {
    let Some(path) = document else {
        let path = args.receipt.as_deref().context("give a document or --receipt")?;
        return Ok(with_files(None, path, path)?.into());
    };
    let bytes = files::read_input(path, DOCUMENT_BYTES_MAX)?;
    if Receipt::is_claimed(&bytes) {
        bail!(
            "{0} is a receipt, not a document; name the document that it belongs to, or check the receipt alone: \
             sanad verify --receipt {0}",
            path.display()
        );
    }
    if is_box(&bytes) {
        let link = args.link.as_deref().with_context(|| {
            format!(
                "{} is a box, which opens with its link code; give --link, as text or as a picture",
                path.display()
            )
        })?;
        return of_contents(path, opened(&key_of(link)?, &bytes)?, ReadFrom::Box);
    }
    if let Some(receipt) = &args.receipt {
        return Ok(with_files(Some(bytes), path, receipt)?.into());
    }
    let beside = receipt_file::find_beside(path);
    if beside.is_file() {
        return Ok(with_files(Some(bytes), path, &beside)?.into());
    }
    if bytes.is_empty() {
        bail!(
            "{} is empty, as what a full disk or a broken download leaves; get the file again",
            path.display()
        );
    }
    if is_zip(&bytes) {
        return in_zip(path, &bytes, anchor);
    }
    let alone = || format!("{} has no receipt beside it", path.display());
    match PictureKind::of(&bytes) {
        Some(PictureKind::Pdf) => {
            let contents = sanad_certificate::extract(&bytes).with_context(alone)?;
            of_contents(path, contents, ReadFrom::Pdf)
        }
        Some(kind) if kind.is_readable() => in_code(args, path, &bytes, anchor).with_context(alone),
        None if Code::is_claimed(&bytes) => in_code(args, path, &bytes, anchor),
        _ => Ok(with_files(Some(bytes), path, &beside)?.into()),
    }
}

fn with_files(document: Option<Vec<u8>>, path: &Path, receipt: &Path) -> anyhow::Result<Shown> {
    let bytes = receipt_file::read_bytes(receipt).context(NO_RECEIPT)?;
    Ok(Shown {
        target: path.display().to_string(),
        document,
        receipt: bytes,
        receipt_path: receipt.to_owned(),
        read_from: ReadFrom::Files,
        mixed_with: Vec::new(),
        others: Vec::new(),
    })
}

/// The credential, and the endorsements that go with it, each by the path that it would have as a folder.
fn of_contents(path: &Path, contents: Contents, read_from: ReadFrom) -> anyhow::Result<Found> {
    let Contents { document, receipt, endorsements, .. } = contents;
    let shown = |target: &Path, document, receipt, read_from| Shown {
        target: target.display().to_string(),
        document: Some(document),
        receipt,
        receipt_path: path.to_owned(),
        read_from,
        mixed_with: Vec::new(),
        others: Vec::new(),
    };
    let mut all = vec![shown(path, document, receipt, read_from)];
    for EndorsementFile { name, document, receipt } in endorsements {
        let inside = path.join(&name);
        if Endorsement::read(&document).is_none() {
            bail!("{} lies among the endorsements, and is not one", inside.display());
        }
        all.push(shown(&inside, document, receipt, ReadFrom::Zip));
    }
    Ok(Found { shown: all, unchecked: Vec::new() })
}

/// An offline code is a receipt; a link leads to a box, in the folder of the issuer's site. Both on one paper are of one
/// credential, or the paper was put together.
fn in_code(args: &Args, path: &Path, bytes: &[u8], anchor: &TrustAnchor) -> anyhow::Result<Found> {
    let wanted = if args.site.is_some() { Wanted::Link } else { Wanted::Receipt };
    let (code, beside) = receipt_file::codes_in(bytes, wanted)?;
    let key = match code {
        Code::Receipt(receipt) => {
            if beside.is_some() {
                note(format_args!(
                    "{}: the offline code was checked; the link code beside it was not opened, and may be of another \
                     credential: give the folder of the issuer's site with --site to compare them",
                    path.display()
                ));
            }
            let (target, receipt_path) = (path.display().to_string(), path.to_owned());
            let (document, read_from) = (None, ReadFrom::Code);
            let (mixed_with, others) = (Vec::new(), Vec::new());
            return Ok(
                Shown { target, document, receipt, receipt_path, read_from, mixed_with, others }.into()
            );
        }
        Code::Link(key) => key,
    };
    let id = key.box_id();
    let Some(site) = &args.site else {
        bail!(
            "the code is a link: a browser opens it, and fetches {BOXES_FOLDER}/{id} from the issuer's site. sanad fetches \
             nothing; give the folder of that site with --site, or `sanad verify BOX --link {}`",
            path.display()
        );
    };
    let place = site.join(BOXES_FOLDER).join(id.to_string());
    let sealed = files::read(&place, BOX_BYTES_MAX)
        .context("the box of this link is not there: erased, or of another site; that says nothing about the credential")?;
    let contents = opened(&key, &sealed)?;
    let offline = match beside {
        Some(code) => Some(code),
        None if PictureKind::of(bytes).is_some() => receipt_file::code_in(bytes, Wanted::Receipt).ok(),
        None => None,
    };
    if let Some(Code::Receipt(offline)) = offline {
        let entry = |receipt: &[u8]| {
            let receipt = Receipt::from_bytes(receipt, anchor).with_context(|| {
                format!(
                    "{} shows two codes, which could not be compared; photograph each by itself",
                    path.display()
                )
            })?;
            anyhow::Ok(receipt.proof.entry)
        };
        let (linked, offline) = (entry(&contents.receipt)?, entry(&offline)?);
        if (&linked.issuer, &linked.event) != (&offline.issuer, &offline.event) {
            bail!(
                "{} shows codes of two credentials, of {} (link code) and of {} (offline code), as no certificate does: it is not \
                 checked as one; photograph each code by itself, and ask for the original",
                path.display(),
                linked.issuer,
                offline.issuer
            );
        }
    }
    of_contents(path, contents, ReadFrom::Box)
}

/// The key in a link that is given as text, in a text file, or in a picture.
fn key_of(link: &OsStr) -> anyhow::Result<LinkKey> {
    let bytes = match Path::new(link).is_file() {
        true => files::read(Path::new(link), RECEIPT_FILE_BYTES_MAX)?,
        false if link.as_encoded_bytes().contains(&b'#') => link.as_encoded_bytes().to_vec(),
        false => bail!("--link: {} is neither a file nor the text of a link code", Path::new(link).display()),
    };
    match receipt_file::code_in(&bytes, Wanted::Link).context("--link")? {
        Code::Link(key) => Ok(key),
        Code::Receipt(_) => bail!("--link: the code is an offline code, not a link"),
    }
}

fn opened(key: &LinkKey, sealed: &[u8]) -> anyhow::Result<Contents> {
    Ok(sanad_certificate::open(key, sealed)?)
}

/// Every document of a ZIP with a receipt beside it there, and every certificate in PDF.
fn in_zip(path: &Path, bytes: &[u8], anchor: &TrustAnchor) -> anyhow::Result<Found> {
    let files = sanad_certificate::unpack(bytes).with_context(|| path.display().to_string())?;
    let named = |name: &Path| files.iter().find(|file| Path::new(&file.name) == name);
    let opened = |receipt: &File| {
        let read = receipt_file::PICTURES(&receipt.bytes).unwrap_or_else(|| Ok(receipt.bytes.clone()));
        read.map_err(|source| anyhow::anyhow!("{}: {source}", receipt.name))
    };
    let (mut shown, mut items) = (Vec::new(), Vec::new());
    let mut strays: Vec<&File> =
        files.iter().filter(|file| receipt_file::is_receipt(Path::new(&file.name))).collect();
    for File { name, bytes } in &files {
        if receipt_file::is_receipt(Path::new(name)) {
            continue;
        }
        let inside = path.join(name);
        let mut receipts = sanad_issuer::names_beside(Path::new(name));
        if let Some(receipt) = receipts.find_map(|receipt| named(&receipt)) {
            strays.retain(|stray| stray.name != receipt.name);
            let (read, receipt_path) = (opened(receipt)?, path.with_file_name(&receipt.name));
            let (target, document) = (inside.display().to_string(), Some(bytes.clone()));
            let (read_from, mixed_with, others) = (ReadFrom::Zip, Vec::new(), Vec::new());
            let how = match Endorsement::read(bytes) {
                Some(_) => How::Endorsement,
                None => How::Document,
            };
            items.push(Item::new(name, how, &read, anchor));
            shown.push(Shown {
                target,
                document,
                receipt: read,
                receipt_path,
                read_from,
                mixed_with,
                others,
            });
        } else if PictureKind::of(bytes) == Some(PictureKind::Pdf) {
            let contents = sanad_certificate::extract(bytes).with_context(|| inside.display().to_string())?;
            let mut found = of_contents(&inside, contents, ReadFrom::Pdf)?.shown.into_iter();
            if let Some(certificate) = found.next() {
                items.push(Item::new(name, How::Pdf, &certificate.receipt, anchor));
                shown.push(Shown { receipt_path: path.to_owned(), ..certificate });
            }
            // Those that lie beside it, too, or in another certificate, are shown once.
            for endorsement in found {
                let is_same = |document: &[u8]| endorsement.document.as_deref() == Some(document);
                let is_there = files.iter().any(|file| is_same(&file.bytes))
                    || shown.iter().filter_map(|shown| shown.document.as_deref()).any(is_same);
                if !is_there {
                    items.push(Item::new(
                        &endorsement.target,
                        How::Endorsement,
                        &endorsement.receipt,
                        anchor,
                    ));
                    shown.push(Shown { receipt_path: path.to_owned(), ..endorsement });
                }
            }
        }
    }
    if shown.is_empty() {
        bail!("{} holds no credential with a receipt beside it, and no certificate", path.display());
    }
    for stray in strays {
        // One that cannot be read is of nothing.
        let Ok(read) = opened(stray) else { continue };
        let item = Item::new(&stray.name, How::Stray, &read, anchor);
        if let Ok(newer) = Receipt::from_bytes(&read, anchor)
            && newer.opening.needs_document()
        {
            let of_it = items.iter().zip(&mut shown).filter(|(of, _)| of.entry == item.entry);
            for (_, shown) in of_it {
                let held = Receipt::from_bytes(&shown.receipt, anchor);
                if held.is_ok_and(|held| held.proof.header.height < newer.proof.header.height) {
                    shown.others.push((path.with_file_name(&stray.name), read.clone()));
                }
            }
        }
        items.push(item);
    }
    for (shown, item) in shown.iter_mut().zip(&items) {
        if item.how != How::Endorsement && items.iter().any(|item| item.is_mixed(&items)) {
            let others =
                items.iter().filter(|other| other.how != How::Endorsement && other.entry != item.entry);
            shown.mixed_with = others.map(|other| path.join(&other.name).display().to_string()).collect();
        }
    }
    let unchecked = unchecked(path, &files, &shown, anchor);
    Ok(Found { shown, unchecked })
}

/// The files of a ZIP that nothing was shown of, neither as a document nor as a receipt, and that are not named otherwise.
fn unchecked(
    path: &Path,
    files: &[File],
    shown: &[Shown],
    anchor: &TrustAnchor,
) -> Vec<(PathBuf, &'static str)> {
    let proof = |receipt: &[u8]| Receipt::from_bytes(receipt, anchor).ok().map(|receipt| receipt.proof);
    // An older proof of an entry that is shown adds nothing.
    let is_older = |file: &File| {
        let Some(stray) = proof(&file.bytes) else { return false };
        shown.iter().filter_map(|shown| proof(&shown.receipt)).any(|proof| {
            let is_same =
                (&proof.entry.issuer, &proof.entry.event) == (&stray.entry.issuer, &stray.entry.event);
            is_same && proof.header.height >= stray.header.height
        })
    };
    let is_left = |file: &&File| {
        let (target, receipt) =
            (path.join(&file.name).display().to_string(), path.with_file_name(&file.name));
        let is_named = |shown: &Shown| {
            let is_other = shown.others.iter().any(|(path, _)| *path == receipt);
            shown.target == target
                || shown.receipt_path == receipt
                || is_other
                || shown.mixed_with.contains(&target)
        };
        !shown.iter().any(is_named) && !is_older(file)
    };
    let why = |file: &File| match receipt_file::is_receipt(Path::new(&file.name)) {
        true => "a receipt that was not used: its document is not beside it, or has another receipt",
        false => NO_RECEIPT,
    };
    files.iter().filter(is_left).map(|file| (path.join(&file.name), why(file))).collect()
}

/// A file of a ZIP, which is one folder, and the entry of the log that it is of.
struct Item {
    name: String,
    how: How,
    /// `None` if its receipt cannot be read.
    entry: Option<(MemberId, Event)>,
}

/// What a file of a ZIP is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    /// A document with its receipt.
    Document,
    /// An endorsement: of another entry by its nature.
    Endorsement,
    /// A certificate with both inside.
    Pdf,
    /// A receipt without its document.
    Stray,
}

impl Item {
    fn new(name: &str, how: How, receipt: &[u8], anchor: &TrustAnchor) -> Self {
        let entry = Receipt::from_bytes(receipt, anchor).ok().map(|receipt| receipt.proof.entry);
        let entry = entry.map(|entry| (entry.issuer, entry.event));
        Self { name: name.to_owned(), how, entry }
    }

    /// Whether it is of another credential than all that it could belong to: a PDF than the documents, a receipt than those
    /// and the PDFs.
    fn is_mixed(&self, items: &[Self]) -> bool {
        let beside = items.iter().filter(|other| match (self.how, other.how) {
            (How::Pdf, How::Document) | (How::Stray, How::Document | How::Pdf) => true,
            (How::Pdf | How::Stray, _) | (How::Document | How::Endorsement, _) => false,
        });
        let mut beside = beside.peekable();
        self.entry.is_some() && beside.peek().is_some() && beside.all(|other| other.entry != self.entry)
    }
}

/// Why something cannot be verified at all.
const NO_RECEIPT: &str = "without a receipt there is nothing to verify it with: it was not entered, or its receipt lies elsewhere (--receipt); \
                          ask whoever issued it";
