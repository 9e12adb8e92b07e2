//! `sanad genesis`: what a consortium agrees on before its first block.

pub(crate) mod new;
mod show;

use clap::Subcommand;

use crate::output::{Outcome, Output};

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Make a genesis from members' public files
    #[command(after_help = new::EXAMPLES)]
    New(new::Args),
    /// Check a genesis and show it
    #[command(after_help = show::EXAMPLES)]
    Show(show::Args),
}

pub(crate) fn run(command: Command, output: &Output) -> anyhow::Result<Outcome> {
    match command {
        Command::New(args) => new::run(&args, output),
        Command::Show(args) => show::run(&args, output),
    }
}
