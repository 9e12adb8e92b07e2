//! `sanad snapshot`: a ledger as of one block, in a folder that nobody has to trust.

mod info;

use clap::Subcommand;

use crate::output::{Outcome, Output};

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Check a snapshot, and show what it is of
    #[command(after_help = info::EXAMPLES)]
    Info(info::Args),
}

pub(crate) fn run(command: Command, output: &Output) -> anyhow::Result<Outcome> {
    match command {
        Command::Info(args) => info::run(&args, output),
    }
}
