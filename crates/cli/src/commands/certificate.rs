//! `sanad certificate`: certificates to print, with credential and receipt inside.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Subcommand;
use rayon::prelude::*;
use sanad_certificate::{PART_BYTES_MAX, Site, Warning};
use sanad_core::document::DocumentKind;
use sanad_issuer::ENDORSEMENT_EXTENSION;
use serde::Serialize;
use serde_json::Value;

use crate::certificates::{MadeOne, Page, Printer};
use crate::files;
use crate::folder::documents_in;
use crate::institutions::Endorsement;
use crate::output::{Outcome, Output, Report, describe};
use crate::progress;
use crate::register::remember;
use crate::trust::TrustArgs;
use crate::view::View;

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Make the certificates of documents that were issued
    #[command(after_help = MAKE_EXAMPLES)]
    Make(MakeArgs),
    /// Tell before documents are issued whether their certificates can be printed
    #[command(after_help = CHECK_EXAMPLES)]
    Check(CheckArgs),
}

const MAKE_EXAMPLES: &str = "\
Examples:
  sanad certificate make ijazah.json --out ijazah.pdf --genesis genesis.json
  sanad certificate make ijazah.json --out ijazah.pdf --site https://sertifikat.univ.example --site-dir public/
  sanad certificate make awards/ --out certificates/ --zip --template certificate.svg \\
      --set signatory='Dr. Wulan Prameswari' --set signatory_title='Director'

Of a document a PDF is made, a PDF/A-3a and PDF/UA-1 with credential and receipt inside; of a
folder, or several documents, a folder for each: document, receipt and PDF. Those that are there
already are left as they are, and so are their boxes.
Endorsements beside a document (credential.endorsement.json, with its receipt) go into PDF, box,
folder and ZIP. Where some come later, the same command with --renew makes those certificates and
their boxes anew; a box that was deleted since stays deleted.
The offline code on it is a paper receipt. With --site there is a link code, too: it leads to a
box in --site-dir, which is the folder that the issuer's web server serves. Whoever deletes the
box erases what the link shows.
What a template may hold: docs/certificates.md.";

const CHECK_EXAMPLES: &str = "\
Examples:
  sanad certificate check awards/ --template certificate.svg

Every text has to have a glyph in the fonts of certificates, and to fit its place; no texts and
codes may overlap, or leave the page. With --fonts there are more fonts, with --site the link code
and its address are looked at, too. Receipts are not needed.";

/// The page.
#[derive(clap::Args, Debug)]
struct PageArgs {
    /// The template, an SVG [default: one in Indonesian and English]
    #[arg(long, value_name = "FILE")]
    template: Option<PathBuf>,
    /// A text for {{NAME}} in the template; may be given several times
    #[arg(long = "set", value_name = "NAME=TEXT", value_parser = parse_field)]
    fields: Vec<(String, String)>,
    /// A folder of fonts (.ttf, .otf, .ttc), for scripts that the program has none for
    #[arg(long, value_name = "DIR")]
    fonts: Option<PathBuf>,
}

#[derive(clap::Args, Debug)]
pub(crate) struct MakeArgs {
    /// The documents, or folders of documents
    #[arg(required = true, value_name = "DOCUMENT")]
    documents: Vec<PathBuf>,
    /// The receipt, of one document [default: what is beside it]
    #[arg(long, value_name = "FILE")]
    receipt: Option<PathBuf>,
    #[command(flatten)]
    page: PageArgs,
    /// Address of the issuer's web site, for the codes
    #[arg(long, value_name = "URL", env = "SANAD_SITE", requires = "site_dir")]
    site: Option<Site>,
    /// The folder that is served there: boxes are written into it
    #[arg(long, value_name = "DIR", requires = "site")]
    site_dir: Option<PathBuf>,
    /// The PDF, of one document; else the folder for all of them
    #[arg(long, value_name = "FILE.pdf|DIR")]
    out: PathBuf,
    /// The register beside which --site-dir is noted, so that `sanad register erase` finds the boxes; it is not opened
    #[arg(long, value_name = "FILE", env = "SANAD_REGISTER")]
    register: Option<PathBuf>,
    /// Also make a ZIP of each learner's folder
    #[arg(long)]
    zip: bool,
    /// Make those anew that are there already and would be others now: endorsements have come, or the receipt was renewed
    #[arg(long)]
    renew: bool,
    #[command(flatten)]
    trust: TrustArgs,
}

#[derive(clap::Args, Debug)]
pub(crate) struct CheckArgs {
    /// The documents, or folders of documents
    #[arg(required = true, value_name = "DOCUMENT")]
    documents: Vec<PathBuf>,
    #[command(flatten)]
    page: PageArgs,
    /// Address of the issuer's web site, if certificates will have it
    #[arg(long, value_name = "URL", env = "SANAD_SITE")]
    site: Option<Site>,
}

#[derive(Serialize)]
struct Made {
    made: Vec<MadeOne>,
    /// Certificates that were there.
    already: usize,
    failed: Vec<Failed>,
}

#[derive(Serialize)]
struct Failed {
    document: PathBuf,
    reason: String,
}

#[derive(Serialize)]
struct Checked {
    printable: usize,
    /// Ornaments that lie on texts, and facts that nobody could read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
    failed: Vec<Failed>,
}

pub(crate) fn run(command: Command, output: &Output) -> anyhow::Result<Outcome> {
    match command {
        Command::Make(args) => make(&args, output),
        Command::Check(args) => check(&args, output),
    }
}

/// Notes beside the register where boxes are published, before they are.
pub(crate) fn note_site(register: Option<&Path>, site_dir: Option<&Path>) -> anyhow::Result<()> {
    match (register, site_dir) {
        (Some(register), Some(site_dir)) if register.is_file() => remember(register, site_dir),
        (Some(register), Some(_)) => {
            bail!("{} does not exist; name the register, or none", register.display())
        }
        (None, Some(_)) | (_, None) => Ok(()),
    }
}

/// Reads `NAME=TEXT`.
pub(crate) fn parse_field(text: &str) -> Result<(String, String), String> {
    let (name, text) = text.split_once('=').ok_or("not NAME=TEXT")?;
    Ok((name.to_owned(), text.to_owned()))
}

impl PageArgs {
    fn page(&self, site: Option<&Site>) -> anyhow::Result<Page> {
        Page::new(self.template.as_deref(), &self.fields, self.fonts.as_deref(), site)
    }
}

/// All documents that are named, or lie in folders that are.
fn documents(named: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut documents = Vec::new();
    for path in named {
        match path.is_dir() {
            true => {
                let all = documents_in(path, &mut Vec::new())?.into_iter();
                // They go with the certificate of what they endorse.
                documents.extend(all.filter(|document| !is_endorsement(document)));
            }
            false => documents.push(path.clone()),
        }
    }
    if documents.is_empty() {
        bail!("there are no documents");
    }
    Ok(documents)
}

/// Whether a file is named as endorsements are, and is one.
fn is_endorsement(path: &Path) -> bool {
    let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
    name.contains(&format!(".{ENDORSEMENT_EXTENSION}."))
        && files::read(path, PART_BYTES_MAX).is_ok_and(|bytes| Endorsement::read(&bytes).is_some())
}

fn make(args: &MakeArgs, output: &Output) -> anyhow::Result<Outcome> {
    let trust = args.trust.read()?;
    let page = args.page.page(args.site.as_ref())?;
    let is_pdf = args.out.extension() == Some(OsStr::new("pdf"));
    let documents = documents(&args.documents)?;
    if (is_pdf || args.receipt.is_some()) && documents.len() != 1 {
        bail!("--out FILE.pdf and --receipt belong to one document, but {} are given", documents.len());
    }
    if is_pdf && args.renew {
        bail!("--renew needs a folder for --out");
    }
    if is_pdf && args.zip {
        bail!("--zip needs a folder for --out");
    }
    let site = args.site.as_ref().zip(args.site_dir.as_deref());
    let printer = Printer::new(&page, site, &trust, (!is_pdf).then_some(&args.out))?;
    note_site(args.register.as_deref(), args.site_dir.as_deref())?;
    let receipt = args.receipt.as_deref();
    let bar = progress::bar(documents.len(), "certificates");
    let results: Vec<anyhow::Result<Option<MadeOne>>> = documents
        .par_iter()
        .map(|document| {
            let made = match is_pdf {
                true => printer.file(document, receipt, &args.out).map(Some),
                false => printer.folder(document, receipt, &args.out, args.zip, args.renew),
            };
            bar.inc(1);
            made
        })
        .collect();
    bar.finish_and_clear();
    let mut report = Made { made: Vec::new(), already: 0, failed: Vec::new() };
    for (document, result) in documents.into_iter().zip(results) {
        match result {
            Ok(Some(made)) => report.made.push(made),
            Ok(None) => report.already += 1,
            Err(error) => report.failed.push(Failed { document, reason: describe(&error) }),
        }
    }
    let outcome = if report.failed.is_empty() { Outcome::Yes } else { Outcome::Error };
    output.print(&report)?;
    Ok(outcome)
}

fn check(args: &CheckArgs, output: &Output) -> anyhow::Result<Outcome> {
    let page = args.page.page(args.site.as_ref())?;
    let documents = documents(&args.documents)?;
    let mut is_readable = true;
    let mut checked = Checked { printable: 0, warnings: Vec::new(), failed: Vec::new() };
    for document in documents {
        match check_one(&document, &page) {
            Ok(warnings) => {
                checked.printable += 1;
                is_readable &= !warnings.iter().any(|warning| matches!(warning, Warning::Unreadable(_)));
                for warning in warnings.iter().map(ToString::to_string) {
                    if !checked.warnings.contains(&warning) {
                        checked.warnings.push(warning);
                    }
                }
            }
            Err(error) => checked.failed.push(Failed { document, reason: describe(&error) }),
        }
    }
    let outcome = if checked.failed.is_empty() && is_readable { Outcome::Yes } else { Outcome::No };
    output.print(&checked)?;
    Ok(outcome)
}

fn check_one(path: &Path, page: &Page) -> anyhow::Result<Vec<Warning>> {
    let bytes = files::read(path, PART_BYTES_MAX)?;
    if DocumentKind::detect(&bytes) != DocumentKind::Json {
        bail!("only of credentials in JSON it can be told what their certificates say");
    }
    let credential: Value = serde_json::from_slice(&bytes).context("not JSON")?;
    page.check(&credential, credential.clone())
}

impl Report for Made {
    fn view(&self) -> View {
        let mut view = View::new();
        if let [made] = &self.made[..] {
            view = view
                .line(format!("{} written", made.pdf.display()))
                .fact("bytes", made.bytes)
                .fact("offline code", format!("version {}", made.offline_version));
            view = made.link.iter().fold(view, |view, link| view.fact("link code", link));
            view = made.sealed.iter().fold(view, |view, sealed| view.fact("box", sealed.display()));
        } else {
            let already = match self.already {
                0 => String::new(),
                count => format!(", {count} there already"),
            };
            view = view.line(format!("{} certificates written{already}", self.made.len()));
        }
        let warnings: BTreeSet<&String> = self.made.iter().flat_map(|made| &made.warnings).collect();
        view = warnings.into_iter().fold(view, |view, warning| view.line(format!("warning: {warning}")));
        failures(view, &self.failed, "have none")
    }
}

impl Report for Checked {
    fn view(&self) -> View {
        let view = View::new().line(format!("{} certificates can be printed", self.printable));
        let view = self.warnings.iter().fold(view, |view, warning| view.line(format!("warning: {warning}")));
        failures(view, &self.failed, "cannot")
    }
}

fn failures(mut view: View, failed: &[Failed], what: &str) -> View {
    if !failed.is_empty() {
        view = view.line(format!("{} {what}:", failed.len()));
    }
    failed
        .iter()
        .fold(view, |view, failed| view.line(format!("- {}: {}", failed.document.display(), failed.reason)))
}
