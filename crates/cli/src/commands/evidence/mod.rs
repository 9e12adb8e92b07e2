//! `sanad evidence`: proof that validators contradicted themselves.

mod read;
mod submit;
mod verify;

use clap::Subcommand;

use crate::output::{Outcome, Output};

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Say what a file proves, and against whom, without a network
    #[command(after_help = verify::EXAMPLES)]
    Verify(verify::Args),
    /// Record it on the ledger against the members that it names
    #[command(after_help = submit::EXAMPLES)]
    Submit(Box<submit::Args>),
}

pub(crate) fn run(command: Command, output: &Output) -> anyhow::Result<Outcome> {
    match command {
        Command::Verify(args) => verify::run(&args, output),
        Command::Submit(args) => submit::run(&args, output),
    }
}
