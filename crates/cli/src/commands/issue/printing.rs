//! The certificates that `sanad issue roster` makes of what it issued.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use sanad_certificate::Site;
use serde::Serialize;

use crate::certificates::{Page, Printer, check_site_dir};
use crate::commands::certificate::parse_field;
use crate::output::describe;
use crate::progress;

/// The certificates that are made of what is issued.
#[derive(clap::Args, Debug)]
pub(super) struct CertificateArgs {
    /// Also make certificates: a folder for each learner in this one
    #[arg(long, value_name = "DIR")]
    pub(super) certificates: Option<PathBuf>,
    /// Also make a ZIP of each learner's folder
    #[arg(long, requires = "certificates")]
    pub(super) zip: bool,
    /// Address of the issuer's web site, for the codes
    #[arg(long, value_name = "URL", requires_all = ["certificates", "site_dir"])]
    pub(super) site: Option<Site>,
    /// The folder that is served there: boxes are written into it
    #[arg(long, value_name = "DIR", requires = "site")]
    pub(super) site_dir: Option<PathBuf>,
    /// The page, an SVG [default: one in Indonesian and English]
    #[arg(long, value_name = "FILE", requires = "certificates")]
    certificate_template: Option<PathBuf>,
    /// A text for {{NAME}} on the page; may be given several times
    #[arg(long = "set", value_name = "NAME=TEXT", value_parser = parse_field, requires = "certificates")]
    fields: Vec<(String, String)>,
    /// A folder of fonts for the page, for scripts that the program has none for
    #[arg(long, value_name = "DIR", requires = "certificates")]
    fonts: Option<PathBuf>,
}

/// The certificates of a roster.
#[derive(Serialize)]
pub(super) struct Certificates {
    pub(super) folder: PathBuf,
    pub(super) made: usize,
    /// Certificates that were there.
    pub(super) already: usize,
    /// Credentials that the register has as revoked or suspended.
    pub(super) left_out: usize,
    /// What is odd about those that were made, as `sanad certificate make` says it.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub(super) warnings: BTreeSet<String>,
}

impl CertificateArgs {
    pub(super) fn page(&self) -> anyhow::Result<Option<Page>> {
        self.site_dir.as_deref().map_or(Ok(()), check_site_dir)?;
        let page = || {
            let (template, fonts) = (self.certificate_template.as_deref(), self.fonts.as_deref());
            Page::new(template, &self.fields, fonts, self.site.as_ref())
        };
        self.certificates.as_ref().map(|_| page()).transpose()
    }
}

/// Makes the certificates that are not there yet. One that cannot be made holds none of the others back.
pub(super) fn print(
    printer: &Printer<'_>,
    documents: &[PathBuf],
    folder: &Path,
    zip: bool,
    errors: &mut Vec<String>,
) -> Certificates {
    let bar = progress::bar(documents.len(), "certificates");
    let results: Vec<_> = documents
        .par_iter()
        .map(|document| {
            let made = printer.folder(document, None, folder, zip, false);
            bar.inc(1);
            made
        })
        .collect();
    bar.finish_and_clear();
    let mut counted = Certificates {
        folder: folder.to_owned(),
        made: 0,
        already: 0,
        left_out: 0,
        warnings: BTreeSet::new(),
    };
    for (document, result) in documents.iter().zip(results) {
        match result {
            Ok(Some(made)) => {
                counted.made += 1;
                counted.warnings.extend(made.warnings);
            }
            Ok(None) => counted.already += 1,
            Err(error) => {
                errors.push(format!("{}: no certificate: {}", document.display(), describe(&error)));
            }
        }
    }
    counted
}
