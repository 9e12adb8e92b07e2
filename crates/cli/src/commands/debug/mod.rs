//! `sanad debug`: what others need to find out why a node is not well.

mod archive;
mod bundle;
mod collect;
mod secrets;

use clap::Subcommand;

use crate::output::{Outcome, Output};

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Put all that a helper would ask for into one file, without secrets
    #[command(after_help = bundle::EXAMPLES)]
    Bundle(bundle::Args),
}

pub(crate) fn run(command: Command, output: &Output) -> anyhow::Result<Outcome> {
    match command {
        Command::Bundle(args) => bundle::run(&args, output),
    }
}
