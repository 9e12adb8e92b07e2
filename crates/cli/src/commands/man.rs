//! `sanad man`: manual pages, one a command, for packages.

use std::path::PathBuf;

use anyhow::Context;
use clap::CommandFactory as _;

use crate::output::Outcome;

pub(crate) const EXAMPLES: &str = "\
Examples:
  mkdir man1 && sanad man man1 && man ./man1/sanad-verify.1";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The folder, which must exist
    dir: PathBuf,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<Outcome> {
    let written = clap_mangen::generate_to(crate::cli::Cli::command(), &args.dir);
    written.with_context(|| format!("{} cannot be written to", args.dir.display()))?;
    Ok(Outcome::Yes)
}
