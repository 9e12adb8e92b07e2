//! `sanad receipt qr`: a receipt as a picture that a camera reads.

use std::path::PathBuf;

use anyhow::{Context, bail};
use sanad_core::merkle::Hash;
use sanad_core::proof::Finality;
use sanad_core::receipt::{Receipt, ReceiptForm};
use sanad_core::signature::Signature;
use serde::Serialize;

use crate::files::{self, Mode};
use crate::output::{Outcome, Output, Report, note};
use crate::qr::{self, QR_BYTES_MAX, QrCode};
use crate::receipt_file;
use crate::trust::TrustArgs;
use crate::view::View;

pub(super) const EXAMPLES: &str = "\
Examples:
  sanad receipt qr ijazah.pdf.receipt.json --genesis genesis.json
  sanad receipt qr ijazah.pdf.receipt --png ijazah.pdf.receipt.png --genesis genesis.json
  sanad verify ijazah.pdf --receipt ijazah.pdf.receipt.png --genesis genesis.json

The code holds the bytes of the binary receipt, up to 2953. Who has it and the document
has the secret, too: show it to those who may check the credential. In the terminal it is
up to 185 columns wide and 93 lines high; make the letters small, or write a PNG.";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The receipt: JSON, binary, or a PNG with its QR code; - is standard input
    receipt: PathBuf,
    /// Write a PNG, 4 pixels a module
    #[arg(long, value_name = "FILE", conflicts_with = "svg")]
    png: Option<PathBuf>,
    /// Write an SVG
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
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
    /// Where there is no file: the rows of modules, 1 for a dark one.
    #[serde(skip_serializing_if = "Option::is_none")]
    rows: Option<Vec<String>>,
}

pub(super) fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let trust = args.trust.read()?;
    let anchor = trust.anchor();
    let receipt = receipt_file::read(&args.receipt, anchor)?.trimmed(anchor);
    let bytes = receipt_file::encode(&receipt, ReceiptForm::Binary, anchor)?;
    if bytes.len() > QR_BYTES_MAX {
        bail!(
            "the receipt has {} bytes in its binary form, but one QR code holds {QR_BYTES_MAX}; {}. Hand out the \
             file instead: `sanad receipt convert {} OUT.receipt`",
            bytes.len(),
            large_parts(&receipt),
            args.receipt.display()
        );
    }
    let code = QrCode::new(&bytes)?;
    let path = match (&args.png, &args.svg) {
        (Some(path), _) => Some((path, qr::to_png(&code)?)),
        (None, Some(path)) => Some((path, qr::to_svg(&code).into_bytes())),
        (None, None) => None,
    };
    let mut drawn =
        Drawn { path: None, bytes: bytes.len(), version: code.version, modules: code.side(), rows: None };
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
            output.print_raw(qr::to_terminal(&code).as_bytes())?;
            note(format_args!(
                "{} bytes, version {}; if lines are broken the window is too narrow: make the letters smaller, or \
                 give --png",
                drawn.bytes, drawn.version
            ));
        }
    }
    Ok(Outcome::Yes)
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
