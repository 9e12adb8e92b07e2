//! `sanad completions`.

use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::output::{Outcome, Output};

pub(crate) const EXAMPLES: &str = "\
Examples:
  sanad completions bash > ~/.local/share/bash-completion/completions/sanad
  sanad completions zsh > \"${fpath[1]}/_sanad\"
  sanad completions fish > ~/.config/fish/completions/sanad.fish";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The shell
    shell: Shell,
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    // Into memory first: the generator gives up loudly on a closed pipe.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut crate::cli::Cli::command(), "sanad", &mut script);
    output.print_raw(&script)?;
    Ok(Outcome::Yes)
}
