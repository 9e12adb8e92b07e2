//! What a file shows: a document with its receipt, or several, or a receipt alone.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use sanad_certificate::{BOX_BYTES_MAX, BOXES_FOLDER, Code, Contents, File, LinkKey, is_box, is_zip};
use sanad_core::document::DOCUMENT_BYTES_MAX;
use sanad_core::receipt::Receipt;
use sanad_issuer::RECEIPT_FILE_BYTES_MAX;
use sanad_qr::PictureKind;
use serde::Serialize;

use super::Args;
use crate::files;
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
pub(super) fn shown(args: &Args, document: Option<&Path>) -> anyhow::Result<Vec<Shown>> {
    let Some(path) = document else {
        let path = args.receipt.as_deref().context("give a document or --receipt")?;
        return Ok(vec![with_files(None, path, path)?]);
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
        return Ok(vec![of_contents(path, opened(&key_of(link)?, &bytes)?, ReadFrom::Box)]);
    }
    if let Some(receipt) = &args.receipt {
        return Ok(vec![with_files(Some(bytes), path, receipt)?]);
    }
    let beside = receipt_file::find_beside(path);
    if beside.is_file() {
        return Ok(vec![with_files(Some(bytes), path, &beside)?]);
    }
    if bytes.is_empty() {
        bail!(
            "{} is empty, as what a full disk or a broken download leaves; get the file again",
            path.display()
        );
    }
    if is_zip(&bytes) {
        return in_zip(path, &bytes);
    }
    let alone = || format!("{} has no receipt beside it", path.display());
    match PictureKind::of(&bytes) {
        Some(PictureKind::Pdf) => {
            let contents = sanad_certificate::extract(&bytes).with_context(alone)?;
            Ok(vec![of_contents(path, contents, ReadFrom::Pdf)])
        }
        Some(kind) if kind.is_readable() => Ok(vec![in_code(args, path, &bytes).with_context(alone)?]),
        None if Code::is_claimed(&bytes) => Ok(vec![in_code(args, path, &bytes)?]),
        _ => Ok(vec![with_files(Some(bytes), path, &beside)?]),
    }
}

fn with_files(document: Option<Vec<u8>>, path: &Path, receipt: &Path) -> anyhow::Result<Shown> {
    let bytes =
        receipt_file::read_bytes(receipt).context("without a receipt there is nothing to verify it with")?;
    Ok(Shown {
        target: path.display().to_string(),
        document,
        receipt: bytes,
        receipt_path: receipt.to_owned(),
        read_from: ReadFrom::Files,
    })
}

fn of_contents(path: &Path, contents: Contents, read_from: ReadFrom) -> Shown {
    let Contents { document, receipt, .. } = contents;
    let (target, receipt_path) = (path.display().to_string(), path.to_owned());
    Shown { target, document: Some(document), receipt, receipt_path, read_from }
}

/// An offline code is a receipt; a link leads to a box, in the folder of the issuer's site.
fn in_code(args: &Args, path: &Path, bytes: &[u8]) -> anyhow::Result<Shown> {
    let wanted = if args.site.is_some() { Wanted::Link } else { Wanted::Receipt };
    let key = match receipt_file::code_in(bytes, wanted)? {
        Code::Receipt(receipt) => {
            let (target, receipt_path) = (path.display().to_string(), path.to_owned());
            return Ok(Shown { target, document: None, receipt, receipt_path, read_from: ReadFrom::Code });
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
    Ok(of_contents(path, opened(&key, &sealed)?, ReadFrom::Box))
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
fn in_zip(path: &Path, bytes: &[u8]) -> anyhow::Result<Vec<Shown>> {
    let files = sanad_certificate::unpack(bytes).with_context(|| path.display().to_string())?;
    let named = |name: &Path| files.iter().find(|file| Path::new(&file.name) == name);
    let mut shown = Vec::new();
    for File { name, bytes } in &files {
        if receipt_file::is_receipt(Path::new(name)) {
            continue;
        }
        let inside = path.join(name);
        let mut receipts = sanad_issuer::names_beside(Path::new(name));
        if let Some(receipt) = receipts.find_map(|receipt| named(&receipt)) {
            let read = receipt_file::PICTURES(&receipt.bytes).unwrap_or_else(|| Ok(receipt.bytes.clone()));
            let read = read.map_err(|source| anyhow::anyhow!("{}: {source}", receipt.name))?;
            let receipt_path = path.with_file_name(&receipt.name);
            let (target, document) = (inside.display().to_string(), Some(bytes.clone()));
            shown.push(Shown { target, document, receipt: read, receipt_path, read_from: ReadFrom::Zip });
        } else if PictureKind::of(bytes) == Some(PictureKind::Pdf) {
            let contents = sanad_certificate::extract(bytes).with_context(|| inside.display().to_string())?;
            let receipt_path = path.to_owned();
            shown.push(Shown { receipt_path, ..of_contents(&inside, contents, ReadFrom::Pdf) });
        }
    }
    if shown.is_empty() {
        bail!("{} holds no credential with a receipt beside it, and no certificate", path.display());
    }
    Ok(shown)
}
