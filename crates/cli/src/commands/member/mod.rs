//! `sanad member`: the institutions of the consortium.

mod affected;
mod as_of;
mod confirm;
mod declare_compromise;
mod entries;
mod history;
mod list;
pub(crate) mod new;
mod offer_keys;
mod own;
mod rejoin;
mod revoke;
mod rotate_key;
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
    /// Everything that changed a member since the genesis, proved to be complete
    #[command(after_help = history::EXAMPLES)]
    History(history::Args),
    /// The register of members at any date, proved
    #[command(after_help = as_of::EXAMPLES)]
    AsOf(as_of::Args),
    /// List a member's disputed credentials, proved to be all
    #[command(after_help = affected::EXAMPLES)]
    Affected(affected::Args),
    /// Replace an issuing, consensus or network key
    #[command(after_help = rotate_key::EXAMPLES)]
    RotateKey(rotate_key::Args),
    /// Say that somebody else may have held an issuing key
    #[command(after_help = declare_compromise::EXAMPLES)]
    DeclareCompromise(declare_compromise::Args),
    /// Stand by disputed credentials
    #[command(after_help = confirm::EXAMPLES)]
    Confirm(confirm::Args),
    /// Revoke with the governance keys: without a daily limit, and those of a retired member too
    #[command(after_help = revoke::EXAMPLES)]
    Revoke(revoke::Args),
    /// Freeze the member with one governance key, until a vote brings new ones
    #[command(after_help = own::FREEZE_EXAMPLES)]
    Freeze(own::FreezeArgs),
    /// Say where the member's node is reached
    #[command(after_help = own::ADDRESS_EXAMPLES)]
    SetAddress(own::AddressArgs),
    /// No longer issue under a name
    #[command(after_help = own::DROP_EXAMPLES)]
    DropIssuerId(own::DropArgs),
    /// Let a validator vote again that has lost its memory
    #[command(after_help = rejoin::EXAMPLES)]
    Rejoin(rejoin::Args),
    /// Offer governance keys, for a vote to replace the present ones
    #[command(after_help = offer_keys::EXAMPLES)]
    OfferKeys(offer_keys::Args),
}

pub(crate) fn run(command: Command, output: &Output) -> anyhow::Result<Outcome> {
    match command {
        Command::New(args) => new::run(&args, output),
        Command::List(args) => list::run(&args, output),
        Command::Show(args) => show::run(&args, output),
        Command::History(args) => history::run(&args, output),
        Command::AsOf(args) => as_of::run(&args, output),
        Command::Affected(args) => affected::run(&args, output),
        Command::RotateKey(args) => rotate_key::run(&args, output),
        Command::DeclareCompromise(args) => declare_compromise::run(&args, output),
        Command::Confirm(args) => confirm::run(&args, output),
        Command::Revoke(args) => revoke::run(&args, output),
        Command::Freeze(args) => own::freeze(&args, output),
        Command::SetAddress(args) => own::set_address(args, output),
        Command::DropIssuerId(args) => own::drop_issuer_id(args, output),
        Command::Rejoin(args) => rejoin::run(&args, output),
        Command::OfferKeys(args) => offer_keys::run(&args, output),
    }
}
