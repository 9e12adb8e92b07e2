//! `sanad audit`: what a stopped node holds, checked, compared and attested.

mod compare;
mod exported;
mod found;
pub(super) mod ledger;
mod report;
mod run;
mod verify_report;

use clap::Subcommand;

use crate::output::{Outcome, Output};

pub(crate) const EXAMPLES: &str = "\
Examples:
  sanad audit node/data --genesis genesis.json
  sanad audit node/data --genesis genesis.json --rebuild
  sanad audit /backup/ledger --genesis genesis.json --report audit.json --key keys/issuing.json
  sanad audit public --genesis genesis.json
  sanad audit https://log.university.example/ --genesis genesis.json
  sanad audit compare node/data /backup/ledger --genesis genesis.json
  sanad audit verify-report audit.json --genesis genesis.json --member your.university.example

Stop the node first, or audit a copy, which may be read-only, or a static export, which may be at a distance. Every frame, batch signature, rule, root, certificate and
validator set is checked from the genesis to the head, and columns, tiles, indexes and checkpoint are compared with the
result. Nothing is changed, unless --rebuild makes anew what is derived from the segments, which it never changes.
Verdicts: sound; torn (all whole blocks are sound, the log ends inside one, which a node cuts and gets again);
derived (the log is sound, what is derived from it is not: --rebuild helps); damaged (a copy from another node helps).
Exit codes: 0 sound, 1 not, 2 an error.";

#[derive(clap::Args, Debug)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    audit: run::Args,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Compare the logs of two stopped nodes, or copies of them
    #[command(after_help = compare::EXAMPLES)]
    Compare(compare::Args),
    /// Check the signature of an audit report
    #[command(after_help = verify_report::EXAMPLES)]
    VerifyReport(verify_report::Args),
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    match &args.command {
        None => run::run(&args.audit, output),
        Some(Command::Compare(args)) => compare::run(args, output),
        Some(Command::VerifyReport(args)) => verify_report::run(args, output),
    }
}
