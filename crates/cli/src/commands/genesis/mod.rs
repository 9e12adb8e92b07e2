//! `sanad genesis`: what a consortium agrees on before its first block.

pub(crate) mod complete;
pub(crate) mod invite;
pub(crate) mod new;
mod show;
pub(crate) mod sign;

use clap::Subcommand;

use crate::output::{Outcome, Output};

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Invite institutions to a new consortium
    #[command(after_help = invite::EXAMPLES)]
    Invite(invite::Args),
    /// Make a genesis from members' public files, for all of them to sign
    #[command(after_help = new::EXAMPLES)]
    New(new::Args),
    /// Say whether a genesis holds your own member file unchanged
    #[command(after_help = sign::CHECK_EXAMPLES)]
    Check(sign::CheckArgs),
    /// Check a genesis and agree to it
    #[command(after_help = sign::SIGN_EXAMPLES)]
    Sign(sign::SignArgs),
    /// Put the members' signatures into a genesis
    #[command(after_help = complete::EXAMPLES)]
    Complete(complete::Args),
    /// Check a genesis and show it
    #[command(after_help = show::EXAMPLES)]
    Show(show::Args),
}

pub(crate) fn run(command: Command, output: &Output) -> anyhow::Result<Outcome> {
    match command {
        Command::Invite(args) => invite::run(&args, output),
        Command::New(args) => new::run(&args, output),
        Command::Check(args) => sign::check(&args, output),
        Command::Sign(args) => sign::sign(&args, output),
        Command::Complete(args) => complete::run(&args, output),
        Command::Show(args) => show::run(&args, output),
    }
}
