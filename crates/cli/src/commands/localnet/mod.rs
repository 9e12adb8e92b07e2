//! `sanad localnet`: a whole network on this machine.

mod create;
mod start;
mod status;
mod stop;

use clap::Subcommand;

use crate::output::{Outcome, Output};

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Make keys, genesis and configurations for a few nodes
    #[command(after_help = create::EXAMPLES)]
    Create(create::Args),
    /// Start the nodes that do not run
    #[command(after_help = start::EXAMPLES)]
    Start(start::Args),
    /// Stop the nodes that run
    #[command(after_help = stop::EXAMPLES)]
    Stop(stop::Args),
    /// Show which nodes run, and how far they are
    #[command(after_help = status::EXAMPLES)]
    Status(status::Args),
}

pub(crate) fn run(command: Command, output: &Output) -> anyhow::Result<Outcome> {
    match command {
        Command::Create(args) => create::run(&args, output),
        Command::Start(args) => start::run(&args, output),
        Command::Stop(args) => stop::run(&args, output),
        Command::Status(args) => status::run(&args, output),
    }
}
