//! `sanad credential present`: an SD-JWT with what its holder chooses to show, and its receipt with the summary closed.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use sanad_core::commitment::Opening;
use sanad_core::receipt::{Receipt, ReceiptForm};
use sanad_core::sd_jwt::{SD_JWT_BYTES_MAX, SdJwt};
use sanad_issuer::path_beside;
use serde::Serialize;

use crate::files::{self, Mode};
use crate::output::{Outcome, Output, Report, note};
use crate::receipt_file;
use crate::trust::TrustArgs;
use crate::view::View;

pub(crate) const EXAMPLES: &str = "\
Examples:
  sanad credential present credential.sd-jwt
  sanad credential present credential.sd-jwt --show name,result
  sanad credential present credential.sd-jwt --show name --out for-employer.sd-jwt

Without --show it says what can be shown, and writes nothing. With --show a new file shows those claims and
nothing else of the learner's own, with --show '' none of them; what every verifier sees is named, too. Of a
file that is a presentation itself it says that claims may have been withheld before. The issuer's signature and the
entry in the ledger hold for it as for the whole.
The receipt beside the credential opens the summary (holder, title ...), and with it all that the summary says.
So a receipt is written beside the presentation in which the summary stays closed: give that one away.
Verifiers that compare notes can tell that presentations are of the same credential.";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The credential, an SD-JWT
    file: PathBuf,
    /// The claims to show, separated by commas
    #[arg(long, value_name = "CLAIMS", value_delimiter = ',')]
    show: Option<Vec<String>>,
    /// The receipt [default: what is beside it]
    #[arg(long, value_name = "FILE")]
    receipt: Option<PathBuf>,
    /// The presentation [default: the credential's name with .presentation.sd-jwt]
    #[arg(long, value_name = "FILE", requires = "show")]
    out: Option<PathBuf>,
    #[command(flatten)]
    trust: TrustArgs,
}

#[derive(Serialize)]
struct Presented {
    /// None where nothing was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    presentation: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt: Option<PathBuf>,
    /// The claims that every verifier sees.
    always_shown: Vec<String>,
    /// Of those that can be withheld.
    shown: Vec<String>,
    hidden: Vec<String>,
    /// Digests in the file that was given whose claims it does not have: withheld before, or standing for nothing.
    not_in_file: usize,
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let in_file = || args.file.display().to_string();
    let whole = SdJwt::parse(&files::read(&args.file, SD_JWT_BYTES_MAX)?).with_context(in_file)?;
    let paths = |sd_jwt: &SdJwt| -> anyhow::Result<Vec<String>> {
        Ok(sd_jwt.disclosures()?.into_iter().map(|claim| claim.path).collect())
    };
    let (always_shown, all) = (whole.always_shown()?, paths(&whole)?);
    let not_in_file = whole.undisclosed();
    let Some(show) = &args.show else {
        output.print(&Presented {
            presentation: None,
            receipt: None,
            always_shown,
            shown: Vec::new(),
            hidden: all,
            not_in_file,
        })?;
        return Ok(Outcome::Yes);
    };
    let wanted: Vec<&str> = show.iter().map(|name| name.trim()).filter(|name| !name.is_empty()).collect();
    if let Some(name) = wanted.iter().find(|name| always_shown.iter().any(|always| always == *name)) {
        bail!(
            "{name} is always shown, so that it cannot be chosen; what can be shown or withheld: {}",
            all.join(", ")
        );
    }
    let text = whole.select(&wanted).with_context(in_file)?;
    let shown = paths(&SdJwt::parse(text.as_bytes())?)?;
    let closed = closed_receipt(args, text.as_bytes())?;
    let presentation = args.out.clone().unwrap_or_else(|| args.file.with_extension("presentation.sd-jwt"));
    let receipt = closed.as_ref().map(|_| path_beside(&presentation, ReceiptForm::Json));
    let taken = [Some(&presentation), receipt.as_ref()].into_iter().flatten().find(|path| path.exists());
    if let Some(taken) = taken {
        bail!("{} is there already; move it away, or give --out another name", taken.display());
    }
    files::place_new(&presentation, text.as_bytes(), Mode::Private)?;
    if let (Some(closed), Some(path)) = (closed, &receipt) {
        files::place_new(path, closed.to_json().as_bytes(), Mode::Private)?;
    }
    let hidden = all.into_iter().filter(|path| !shown.contains(path)).collect();
    let presentation = Some(presentation);
    output.print(&Presented { presentation, receipt, always_shown, shown, hidden, not_in_file })?;
    Ok(Outcome::Yes)
}

/// The receipt of a presentation: it opens the content alone. `None` if the credential has none beside it.
fn closed_receipt(args: &Args, presentation: &[u8]) -> anyhow::Result<Option<Receipt>> {
    let path = args.receipt.clone().unwrap_or_else(|| receipt_file::find_beside(&args.file));
    if args.receipt.is_none() && !path.is_file() {
        note(format_args!(
            "{} has no receipt beside it, so none was written for the presentation; the ledger proves nothing without one",
            args.file.display()
        ));
        return Ok(None);
    }
    let mut receipt = read(args, &path)?;
    receipt.opening = match receipt.opening.to_closed_summary() {
        Some(closed) => closed,
        None if matches!(receipt.opening, Opening::ClosedSummary { .. }) => receipt.opening,
        None => bail!(
            "{} is a paper receipt, which proves no document; give the one that was written when the credential was issued",
            path.display()
        ),
    };
    receipt
        .verify_document(Some(presentation))
        .with_context(|| format!("{} is not the receipt of {}", path.display(), args.file.display()))?;
    Ok(Some(receipt))
}

fn read(args: &Args, path: &Path) -> anyhow::Result<Receipt> {
    let bytes = receipt_file::read_bytes(path)?;
    let is_receipt = || format!("{} is not a receipt", path.display());
    match ReceiptForm::detect(&bytes) {
        ReceiptForm::Json => Receipt::from_json(&bytes).with_context(is_receipt),
        ReceiptForm::Binary => {
            let trust = args.trust.given()?;
            let trust = trust.context("a binary receipt is read by the genesis; give --genesis FILE")?;
            Receipt::from_bytes(&bytes, trust.anchor()).with_context(is_receipt)
        }
    }
}

impl Report for Presented {
    fn view(&self) -> View {
        let Self { presentation, receipt, always_shown, shown, hidden, not_in_file } = self;
        let names = |names: &[String]| match names {
            [] => "nothing".to_owned(),
            names => names.join(", "),
        };
        let missing = |view: View| match not_in_file {
            0 => view,
            count => view.fact(
                "not in this file",
                format!("what {count} digests stand for: claims that were withheld before, or nothing"),
            ),
        };
        let view = View::new();
        let Some(presentation) = presentation else {
            let view = view.fact("always shown", names(always_shown)).fact("to choose from", names(hidden));
            return missing(view);
        };
        let view = view.line(format!("{} written", presentation.display()));
        let view = receipt.iter().fold(view, |view, receipt| view.fact("receipt", receipt.display()));
        let view = view.fact("always shown", names(always_shown)).fact("shown", names(shown));
        missing(view.fact("hidden", names(hidden)))
    }
}
