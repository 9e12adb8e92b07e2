//! `sanad proof`: what a log proves of itself, kept in files that anyone can check.

mod completeness;
mod consistency;
mod verify;

use clap::Subcommand;

use crate::output::{Outcome, Output};

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Prove that the log at one size begins the log at a larger one
    #[command(after_help = consistency::EXAMPLES)]
    Consistency(consistency::Args),
    /// Prove a list of all events of one issuer, and the status of all it issued
    #[command(after_help = completeness::EXAMPLES)]
    Completeness(completeness::Args),
    /// Check consistency and completeness proofs, offline
    #[command(after_help = verify::EXAMPLES)]
    Verify(verify::Args),
}

pub(crate) fn run(command: Command, output: &Output) -> anyhow::Result<Outcome> {
    match command {
        Command::Consistency(args) => consistency::run(&args, output),
        Command::Completeness(args) => completeness::run(&args, output),
        Command::Verify(args) => verify::run(&args, output),
    }
}
