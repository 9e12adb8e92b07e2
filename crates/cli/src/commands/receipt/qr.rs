//! `sanad receipt qr`: receipts as pictures that a camera reads.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use rayon::prelude::*;
use sanad_core::merkle::Hash;
use sanad_core::proof::Finality;
use sanad_core::receipt::{Receipt, ReceiptForm};
use sanad_core::signature::Signature;
use sanad_core::trust::TrustAnchor;
use sanad_qr::{QR_BYTES_MAX, QrCode};
use serde::Serialize;

use crate::files::{self, Mode};
use crate::output::{Outcome, Output, Report, describe, note};
use crate::progress;
use crate::receipt_file::{self, is_qr, qr_name};
use crate::trust::TrustArgs;
use crate::view::View;

pub(super) const EXAMPLES: &str = "\
Examples:
  sanad receipt qr ijazah.pdf.receipt.json --genesis genesis.json
  sanad receipt qr ijazah.pdf.receipt --png ijazah.pdf.receipt.png --genesis genesis.json
  sanad receipt qr awards/ --out codes/ --genesis genesis.json
  sanad verify ijazah.pdf --receipt ijazah.pdf.receipt.png --genesis genesis.json

The code holds the bytes of the binary receipt, up to 2953. Whoever has it and the document
has the secret, too: show it to those who may check the credential. In the terminal it is
up to 185 columns wide and 93 lines high; make the letters small, or write a PNG.
Of a folder, every receipt becomes a PNG; a receipt without a code does not stop the others.";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The receipt: JSON, binary, or a picture with its QR code; - is standard input. Or a folder of receipts
    receipt: PathBuf,
    /// Write a PNG, 4 pixels a module
    #[arg(long, value_name = "FILE", conflicts_with = "svg")]
    png: Option<PathBuf>,
    /// Write an SVG
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// For a folder of receipts: the folder for the PNGs, which is made if it is not there
    #[arg(long, value_name = "DIR", conflicts_with_all = ["png", "svg"])]
    out: Option<PathBuf>,
    #[command(flatten)]
    trust: TrustArgs,
}

#[derive(Serialize)]
struct Drawn {
    path: Option<PathBuf>,
    /// Of the receipt.
    bytes: usize,
    version: i16,
    /// Modules of each side, without the light border.
    modules: usize,
    /// If there is no file: the rows of modules, 1 for a dark one.
    #[serde(skip_serializing_if = "Option::is_none")]
    rows: Option<Vec<String>>,
}

/// What became of a folder of receipts.
#[derive(Serialize)]
struct DrawnFolder {
    out: PathBuf,
    drawn: usize,
    failed: Vec<Failed>,
}

#[derive(Serialize)]
struct Failed {
    receipt: PathBuf,
    reason: String,
}

pub(super) fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let trust = args.trust.read()?;
    let anchor = trust.anchor();
    match (&args.out, args.receipt.is_dir()) {
        (Some(out), true) => return draw_folder(&args.receipt, out, anchor, output),
        (Some(_), false) => bail!(
            "--out is for a folder of receipts, and {} is a file; give --png FILE",
            args.receipt.display()
        ),
        (None, true) => {
            bail!("{} is a folder; name a folder for the pictures with --out", args.receipt.display())
        }
        (None, false) => {}
    }
    let (bytes, code) = code_of(&args.receipt, anchor)?;
    let path = match (&args.png, &args.svg) {
        (Some(path), _) => Some((path, sanad_qr::to_png(&code)?)),
        (None, Some(path)) => Some((path, sanad_qr::to_svg(&code).into_bytes())),
        (None, None) => None,
    };
    let mut drawn = Drawn { path: None, bytes, version: code.version, modules: code.side(), rows: None };
    match path {
        Some((path, picture)) => {
            files::create_new(path, &picture, Mode::Private).context("the picture was not written")?;
            drawn.path = Some(path.clone());
            output.print(&drawn)?;
        }
        None if output.is_json() => {
            let row = |y| (0..code.side()).map(|x| if code.is_dark(x, y) { '1' } else { '0' }).collect();
            drawn.rows = Some((0..code.side()).map(row).collect());
            output.print(&drawn)?;
        }
        None => {
            output.print_raw(sanad_qr::to_terminal(&code).as_bytes())?;
            note(format_args!(
                "{} bytes, version {}; if lines are broken the window is too narrow: make the letters smaller, or \
                 give --png",
                drawn.bytes, drawn.version
            ));
        }
    }
    Ok(Outcome::Yes)
}

/// Draws every receipt of a folder, on all cores.
fn draw_folder(folder: &Path, out: &Path, anchor: &TrustAnchor, output: &Output) -> anyhow::Result<Outcome> {
    let receipts = receipts_in(folder)?;
    if receipts.is_empty() {
        bail!("{} holds no receipts; they end with .receipt.json or .receipt", folder.display());
    }
    files::create_folder(out)?;
    let total = receipts.len();
    let bar = progress::bar(total, "drawing");
    let draw = |receipt: &PathBuf| {
        let name = qr_name(receipt).context("its name is not UTF-8")?;
        let (_, code) = code_of(receipt, anchor)?;
        files::place_unsynced(&out.join(name), &sanad_qr::to_png(&code)?, Mode::Private)
    };
    let drawn: Vec<anyhow::Result<()>> = receipts
        .par_iter()
        .map(|receipt| {
            let drawn = draw(receipt);
            bar.inc(1);
            drawn
        })
        .collect();
    bar.finish_and_clear();
    // For all pictures at once.
    files::sync_parent(&out.join("."))?;
    let failed: Vec<Failed> = receipts
        .into_iter()
        .zip(drawn)
        .filter_map(|(receipt, drawn)| Some(Failed { receipt, reason: describe(&drawn.err()?) }))
        .collect();
    let outcome = if failed.is_empty() { Outcome::Yes } else { Outcome::Error };
    output.print(&DrawnFolder { out: out.to_owned(), drawn: total - failed.len(), failed })?;
    Ok(outcome)
}

/// The receipts of a folder, sorted; of one document's receipts in both forms, the JSON.
fn receipts_in(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut receipts = Vec::new();
    for entry in folder.read_dir().with_context(|| format!("{} cannot be read", folder.display()))? {
        let path = entry?.path();
        if receipt_file::is_receipt(&path) && !is_qr(&path) && path.is_file() {
            receipts.push(path);
        }
    }
    // JSON comes last in order, so it is kept when names are compared from the end.
    receipts.sort();
    receipts.reverse();
    receipts.dedup_by_key(|path| qr_name(path));
    receipts.reverse();
    Ok(receipts)
}

/// The code of a receipt, and the length of the bytes in it.
fn code_of(path: &Path, anchor: &TrustAnchor) -> anyhow::Result<(usize, QrCode)> {
    let receipt = receipt_file::read(path, anchor)?.trimmed(anchor);
    let bytes = receipt_file::encode(&receipt, ReceiptForm::Binary, anchor)?;
    if bytes.len() > QR_BYTES_MAX {
        bail!(
            "the receipt has {} bytes in its binary form, but one QR code holds {QR_BYTES_MAX}; {}. Hand out the \
             file instead: `sanad receipt convert {} OUT.receipt`",
            bytes.len(),
            large_parts(&receipt),
            path.display()
        );
    }
    Ok((bytes.len(), QrCode::new(&bytes)?))
}

/// What most of a receipt's bytes are.
fn large_parts(receipt: &Receipt) -> String {
    let proof = &receipt.proof;
    let changes = proof.finality.validator_changes();
    let last = match &proof.finality {
        Finality::Certificate { certificate, .. } => Some(certificate),
        Finality::Sealed { .. } => None,
        Finality::History(newer) => Some(&newer.certificate),
    };
    let certificates = changes.iter().map(|change| &change.certificate).chain(last);
    let changes = changes.len();
    let signatures: usize = certificates.map(|certificate| certificate.signatures.len()).sum();
    let hashes = proof.log_path.len() + proof.status_path.len() + proof.issuer.path.len();
    format!(
        "{} of them are {signatures} signatures under {} blocks ({changes} changes of the validators on the way from \
         the genesis), {} are Merkle paths",
        signatures * size_of::<Signature>(),
        changes + 1,
        hashes * size_of::<Hash>()
    )
}

impl Report for Drawn {
    fn view(&self) -> View {
        let view = match &self.path {
            Some(path) => View::new().line(format!("{} written", path.display())),
            None => View::new(),
        };
        view.fact("receipt", format!("{} bytes", self.bytes))
            .fact("code", format!("version {}, {1} x {1} modules", self.version, self.modules))
    }
}

impl Report for DrawnFolder {
    fn view(&self) -> View {
        let mut view = View::new().line(format!("{} codes in {}", self.drawn, self.out.display()));
        if !self.failed.is_empty() {
            view = view.line(format!("{} receipts have none:", self.failed.len()));
        }
        for failed in &self.failed {
            view = view.line(format!("- {}: {}", failed.receipt.display(), failed.reason));
        }
        view
    }
}
