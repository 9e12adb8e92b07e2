//! The commands, one file each.

pub(crate) mod audit;
pub(crate) mod block;
pub(crate) mod certificate;
pub(crate) mod change;
pub(crate) mod completions;
pub(crate) mod credential;
pub(crate) mod debug;
pub(crate) mod endorse;
pub(crate) mod entry;
pub(crate) mod evidence;
pub(crate) mod export;
pub(crate) mod genesis;
pub(crate) mod governance;
pub(crate) mod issue;
pub(crate) mod key;
pub(crate) mod localnet;
pub(crate) mod man;
pub(crate) mod member;
pub(crate) mod node;
mod page;
pub(crate) mod peer;
pub(crate) mod proof;
mod publish;
pub(crate) mod receipt;
pub(crate) mod register;
pub(crate) mod reissue;
pub(crate) mod site;
pub(crate) mod snapshot;
pub(crate) mod status;
pub(crate) mod tail;
pub(crate) mod tlog_proof;
pub(crate) mod top;
pub(crate) mod trust;
pub(crate) mod verify;

use crate::cli::Command;
use crate::output::{Outcome, Output};

/// Runs a command.
pub(crate) fn run(command: Command, output: &Output) -> anyhow::Result<Outcome> {
    match command {
        Command::Verify(args) => verify::run(&args, output),
        Command::Status(args) => {
            status::run(&args, output).or_else(|error| output.failed(&args.target.to_string_lossy(), error))
        }
        Command::Issue(args) => issue::run(&args, output),
        Command::Reissue(args) => reissue::run(&args, output),
        Command::Endorse(args) => endorse::run(&args, output),
        Command::Register(command) => register::run(*command, output),
        Command::Revoke(args) => change::revoke(&args, output),
        Command::Suspend(args) => change::suspend(&args, output),
        Command::Reinstate(args) => change::reinstate(&args, output),
        Command::Certificate(command) => certificate::run(command, output),
        Command::Trust(command) => trust::run(command, output),
        Command::Receipt(command) => receipt::run(command, output),
        Command::Proof(command) => proof::run(command, output),
        Command::Credential(command) => credential::run(command, output),
        Command::Issuer(command) => site::run(command, output),
        Command::Key(command) => key::run(command, output),
        Command::Member(command) => member::run(command, output),
        Command::Governance(command) => governance::run(command, output),
        Command::Evidence(command) => evidence::run(command, output),
        Command::Genesis(command) => genesis::run(command, output),
        Command::Block(command) => block::run(command, output),
        Command::Export(args) => export::run(&args, output),
        Command::Audit(args) => {
            audit::run(&args, output).or_else(|error| output.failed(&args.target(), error))
        }
        Command::Snapshot(command) => snapshot::run(command, output),
        Command::Entry(command) => entry::run(command, output),
        Command::Tail(args) => tail::run(&args, output),
        Command::TlogProof(args) => tlog_proof::run(&args, output),
        Command::Node(command) => node::run(command, output),
        Command::Peer(command) => peer::run(command, output),
        Command::Localnet(command) => localnet::run(command, output),
        Command::Debug(command) => debug::run(command, output),
        Command::Top(args) => top::run(&args, output),
        Command::Man(args) => man::run(&args),
        Command::Completions(args) => completions::run(&args, output),
    }
}
