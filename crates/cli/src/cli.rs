//! The arguments: every command, and the module that runs it.

use clap::{Arg, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use sanad_verify::Language;

use crate::commands::{
    audit, block, certificate, change, completions, credential, debug, endorse, entry, evidence, export,
    genesis, governance, issue, key, localnet, man, member, node, peer, proof, receipt, register, reissue,
    site, snapshot, status, tail, tlog_proof, top, trust, verify,
};
use crate::output;

/// Sanad: a ledger of micro-credentials, kept together by a consortium of universities.
#[derive(Parser, Debug)]
#[command(name = "sanad", version, disable_help_subcommand = true)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Cli {
    /// Print results as JSON
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Language of findings: en or id [default: that of LC_ALL, LC_MESSAGES or LANG, else en]
    #[arg(long, global = true, value_name = "LANGUAGE")]
    lang: Option<Language>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Cli {
    /// Reads the arguments. A variable of the environment that is set to nothing counts as not set.
    ///
    /// Arguments that are refused end the program; with `--json` programs get an object that says why.
    pub(crate) fn read() -> Self {
        let refused = match without_empty(Self::command()).try_get_matches() {
            Ok(matches) => match Self::from_arg_matches(&matches) {
                Ok(cli) => return cli,
                Err(refused) => refused,
            },
            Err(refused) => refused,
        };
        if refused.use_stderr() && std::env::args_os().any(|argument| argument == "--json") {
            let said = refused.to_string();
            let said = said.lines().next().unwrap_or_default();
            // What cannot be printed is on stderr all the same.
            let _ = output::print_refusal(said.strip_prefix("error: ").unwrap_or(said));
        }
        refused.exit()
    }

    /// The language that was asked for, or else that of the locale.
    pub(crate) fn language(&self) -> Language {
        let of_locale = || {
            // The first that is set decides, as POSIX has it.
            let set =
                ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().filter_map(|name| std::env::var(name).ok());
            let locale = set.into_iter().find(|locale| !locale.is_empty());
            locale.and_then(|locale| locale.parse().ok()).unwrap_or_default()
        };
        self.lang.unwrap_or_else(of_locale)
    }
}

/// Takes the variables away that are set to nothing, which would be refused as values.
fn without_empty(command: clap::Command) -> clap::Command {
    let is_empty = |argument: &Arg| {
        argument.get_env().is_some_and(|name| std::env::var_os(name).is_some_and(|value| value.is_empty()))
    };
    command
        .mut_args(|argument| if is_empty(&argument) { argument.env(None::<&'static str>) } else { argument })
        .mut_subcommands(without_empty)
}

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Check documents against their receipts, offline
    #[command(after_help = verify::EXAMPLES)]
    Verify(verify::Args),
    /// Ask a node for a credential's status, and check its proof
    #[command(after_help = status::EXAMPLES)]
    Status(status::Args),
    /// Enter documents into the ledger and write their receipts
    #[command(after_help = issue::EXAMPLES)]
    Issue(issue::Args),
    /// What an issuer publishes
    #[command(subcommand)]
    Issuer(site::Command),
    /// Issue a credential anew, and void the one that it replaces, in one batch
    #[command(after_help = reissue::EXAMPLES)]
    Reissue(reissue::Args),
    /// Say what an institution holds of another's achievement or award
    #[command(after_help = endorse::EXAMPLES)]
    Endorse(endorse::Args),
    /// What was issued to whom, in one encrypted file
    #[command(subcommand)]
    Register(Box<register::Command>),
    /// Void credentials for ever
    #[command(after_help = change::REVOKE_EXAMPLES)]
    Revoke(change::RevokeArgs),
    /// Void credentials for now
    #[command(after_help = change::SUSPEND_EXAMPLES)]
    Suspend(change::Args),
    /// Lift suspensions
    #[command(after_help = change::REINSTATE_EXAMPLES)]
    Reinstate(change::Args),
    /// Certificates to print
    #[command(subcommand)]
    Certificate(certificate::Command),
    /// Trust files: the genesis and one recent block
    #[command(subcommand)]
    Trust(trust::Command),
    /// Receipts
    #[command(subcommand)]
    Receipt(receipt::Command),
    /// Proofs of the log: that it only grew, and that a list of an issuer's events is complete
    #[command(subcommand)]
    Proof(proof::Command),
    /// Credentials by themselves, without the ledger
    #[command(subcommand)]
    Credential(credential::Command),
    /// Key files
    #[command(subcommand)]
    Key(key::Command),
    /// Member institutions
    #[command(subcommand)]
    Member(member::Command),
    /// What the validators decide by vote: members, validators, parameters
    #[command(subcommand)]
    Governance(governance::Command),
    /// Proof that validators contradicted themselves
    #[command(subcommand)]
    Evidence(evidence::Command),
    /// The genesis, on which all verification rests
    #[command(subcommand)]
    Genesis(genesis::Command),
    /// Blocks
    #[command(subcommand)]
    Block(block::Command),
    /// Entries of the log
    #[command(subcommand)]
    Entry(entry::Command),
    /// Write the ledger into a folder that any web server can serve
    #[command(after_help = export::EXAMPLES)]
    Export(export::Args),
    /// Check a stopped node's ledger from the genesis to the head, or rebuild its indexes
    #[command(after_help = audit::EXAMPLES)]
    Audit(audit::Args),
    /// A ledger as of one block, from which a node begins
    #[command(subcommand)]
    Snapshot(snapshot::Command),
    /// Prove an entry to the tools of transparency logs (C2SP tlog-proof)
    #[command(after_help = tlog_proof::EXAMPLES)]
    TlogProof(tlog_proof::Args),
    /// Follow new blocks
    #[command(after_help = tail::EXAMPLES)]
    Tail(tail::Args),
    /// Nodes
    #[command(subcommand)]
    Node(node::Command),
    /// A node and its chain on one screen
    #[command(after_help = top::EXAMPLES)]
    Top(top::Args),
    /// What others need to find out why a node is not well
    #[command(subcommand)]
    Debug(debug::Command),
    /// Peers of a node
    #[command(subcommand)]
    Peer(peer::Command),
    /// A whole network on this machine, to try things out
    #[command(subcommand)]
    Localnet(localnet::Command),
    /// Completions for a shell
    #[command(after_help = completions::EXAMPLES)]
    Completions(completions::Args),
    /// Write manual pages into a folder
    #[command(hide = true, after_help = man::EXAMPLES)]
    Man(man::Args),
}

const EXAMPLES: &str = "\
Examples:
  sanad verify ijazah.json --genesis genesis.json   is this credential good? offline
  sanad localnet create net && sanad localnet start net
  sanad issue awards/ --issuer-dir net/node-1 --passphrase-file net/passphrase

Exit codes: 0 yes or done; 1 checked and not so; 2 an error, or it could not be checked.
Environment: SANAD_NODE, SANAD_GENESIS, SANAD_TRUST, SANAD_ISSUER_DIR, SANAD_PASSPHRASE,
SANAD_PASSPHRASE_FILE, SANAD_REGISTER, SANAD_REGISTER_PASSPHRASE, SANAD_REGISTER_PASSPHRASE_FILE,
SANAD_MAX_AGE.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_has_examples() {
        fn check(command: &clap::Command, path: &str) {
            let mut leaf = true;
            for child in command.get_subcommands() {
                leaf = false;
                check(child, &format!("{path} {}", child.get_name()));
            }
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(!leaf || help.contains(path), "{path} shows no example of itself");
        }
        check(&Cli::command(), "sanad");
    }
}
