//! `sanad audit`: what a stopped node holds, checked, compared and attested.

mod compare;
mod exported;
mod found;
pub(super) mod ledger;
mod report;
mod run;
mod verify_report;

use clap::Subcommand;

use crate::commands::publish;
use crate::output::{Outcome, Output};

const LISTS_EXAMPLES: &str = "\
Examples:
  sanad audit lists www/ --register merapi/register.db --issuer univ-merapi.example

Does what sanad issuer publish --check does: each list below status/ is compared, entry by entry, with what a node
proves of the credentials that have a place in it. Which credential has which place only the issuer's register knows.
Nothing is written, and no key of the issuer is needed: its id will do, or its folder.
Exit codes: 0 all lists agree and are good; 1 a list is missing, differs or is not good; 2 an error.";

pub(crate) const EXAMPLES: &str = "\
Examples:
  sanad audit node/data --genesis genesis.json
  sanad audit node/data --genesis genesis.json --rebuild
  sanad audit /backup/ledger --genesis genesis.json --report audit.json --key keys/issuing.json
  sanad audit public --genesis genesis.json
  sanad audit https://log.university.example/ --genesis genesis.json
  sanad audit compare node/data /backup/ledger --genesis genesis.json
  sanad audit lists www/ --register merapi/register.db --issuer-dir merapi
  sanad audit verify-report audit.json --genesis genesis.json --member your.university.example

Audits the data directory of a stopped node, or a copy of it, which may be read-only; or a static export, in a folder
or at a URL. Every frame, batch signature, rule, root, certificate and validator set is checked from the genesis to the
head, and all that is derived from the blocks is compared with the result. Nothing is changed, unless --rebuild makes
anew what a node derives from its segments.

Of a backup (sanad-node backup create), which holds the log alone, that is audited.
Of a node: sound; torn (the log ends inside a block, which a node cuts and gets again); derived (the log is sound, what
is derived from it is not: --rebuild helps); damaged (a copy from another node helps).
Of an export: sound; derived (the log is sound, other files are not) or damaged: copy it again, or export to a new
folder. Of one at a URL each file is fetched once, into a temporary folder (TMPDIR).
Exit codes: 0 sound, and signed with --checkpoint-key if it is given; 1 not; 2 an error.";

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
    /// Compare the W3C status lists on an issuer's site with the ledger
    #[command(after_help = LISTS_EXAMPLES)]
    Lists(Box<publish::CheckArgs>),
    /// Check the signature of an audit report
    #[command(after_help = verify_report::EXAMPLES)]
    VerifyReport(verify_report::Args),
}

impl Args {
    /// What is to be audited, for people.
    pub(crate) fn target(&self) -> String {
        self.audit.dir.as_ref().map(|dir| dir.display().to_string()).unwrap_or_default()
    }
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    match &args.command {
        None => run::run(&args.audit, output),
        Some(Command::Compare(args)) => compare::run(args, output),
        Some(Command::Lists(args)) => publish::check(args, output),
        Some(Command::VerifyReport(args)) => verify_report::run(args, output),
    }
}
