//! `sanad member`: the institutions of the consortium.

mod list;
pub(crate) mod new;
mod show;

use clap::Subcommand;

use crate::output::{Outcome, Output};

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Make a member's keys and its public file
    #[command(after_help = new::EXAMPLES)]
    New(new::Args),
    /// List the members as a node has them
    #[command(after_help = list::EXAMPLES)]
    List(list::Args),
    /// Show one member's record as a node has it
    #[command(after_help = show::EXAMPLES)]
    Show(show::Args),
}

pub(crate) fn run(command: Command, output: &Output) -> anyhow::Result<Outcome> {
    match command {
        Command::New(args) => new::run(&args, output),
        Command::List(args) => list::run(&args, output),
        Command::Show(args) => show::run(&args, output),
    }
}
