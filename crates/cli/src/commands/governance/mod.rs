//! `sanad governance`: what the validators decide by vote.

mod change;
mod list;
mod proposal;
mod propose;
mod show;
mod sign;
mod submit;
mod vote;
mod watch;

use clap::Subcommand;

use crate::output::{Outcome, Output};

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Propose a change, and approve it
    #[command(subcommand)]
    Propose(change::Command),
    /// List proposals, successors, freezes, keys on their way and the parameters, proved
    #[command(after_help = list::EXAMPLES)]
    List(list::Args),
    /// Show a proposal: who has approved it, what is missing, what will change and when
    #[command(after_help = show::EXAMPLES)]
    Show(show::Args),
    /// Approve a proposal
    #[command(after_help = vote::APPROVE_EXAMPLES)]
    Approve(vote::Args),
    /// Take an approval back
    #[command(after_help = vote::WITHDRAW_EXAMPLES)]
    Withdraw(vote::Args),
    /// Wait until a proposal is decided
    #[command(after_help = watch::EXAMPLES)]
    Watch(watch::Args),
    /// Sign a request, without a network
    #[command(after_help = sign::EXAMPLES)]
    Sign(sign::Args),
    /// Submit a request that was signed
    #[command(after_help = submit::EXAMPLES)]
    Submit(submit::Args),
}

pub(crate) fn run(command: Command, output: &Output) -> anyhow::Result<Outcome> {
    match command {
        Command::Propose(command) => propose::run(command, output),
        Command::List(args) => list::run(&args, output),
        Command::Show(args) => show::run(&args, output),
        Command::Approve(args) => vote::approve(&args, output),
        Command::Withdraw(args) => vote::withdraw(&args, output),
        Command::Watch(args) => watch::run(&args, output),
        Command::Sign(args) => sign::run(&args, output),
        Command::Submit(args) => submit::run(&args, output),
    }
}
