//! `sanad key show`.

use std::path::PathBuf;

use anyhow::Context;
use sanad_core::keyfile::{self, KEY_FILE_BYTES_MAX};
use sanad_core::signature::PublicKey;
use serde::Serialize;

use crate::files;
use crate::output::{Outcome, Output, Report};
use crate::view::View;

pub(crate) const EXAMPLES: &str = "\
Examples:
  sanad key show keys/issuing.json
  sanad key show keys/issuing.json --json | jq -r .public_key

What is shown is what the file claims; only opening it with its passphrase proves it.";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The key file
    file: PathBuf,
}

#[derive(Serialize)]
struct Shown {
    path: PathBuf,
    purpose: String,
    public_key: PublicKey,
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let text = files::read_text(&args.file, KEY_FILE_BYTES_MAX)?;
    let summary =
        keyfile::peek(&text).with_context(|| format!("{} is not a key file", args.file.display()))?;
    let public_key = PublicKey(summary.public);
    output.print(&Shown { path: args.file.clone(), purpose: summary.purpose, public_key })?;
    Ok(Outcome::Yes)
}

impl Report for Shown {
    fn view(&self) -> View {
        View::new()
            .line(self.path.display().to_string())
            .fact("purpose", &self.purpose)
            .fact("public key", self.public_key)
    }
}
