//! `sanad key`: key files.

mod new;
mod show;

use clap::Subcommand;

use crate::output::{Outcome, Output};

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Make a key pair, encrypted under a passphrase
    #[command(after_help = new::EXAMPLES)]
    New(new::Args),
    /// Show what a key file is, without its passphrase
    #[command(after_help = show::EXAMPLES)]
    Show(show::Args),
}

pub(crate) fn run(command: Command, output: &Output) -> anyhow::Result<Outcome> {
    match command {
        Command::New(args) => new::run(&args, output),
        Command::Show(args) => show::run(&args, output),
    }
}
