//! `sanad register`: what was issued to whom, in one encrypted file.

mod care;
mod create;
mod erase;
mod export;
mod import;
mod list;
mod receipt;

use clap::Subcommand;

use crate::output::{Outcome, Output};

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Make a register
    #[command(after_help = create::EXAMPLES)]
    Create(create::Args),
    /// List what was issued
    #[command(after_help = list::LIST_EXAMPLES)]
    List(list::ListArgs),
    /// Find credentials by name, e-mail address, student number, title, batch or file
    #[command(after_help = list::SEARCH_EXAMPLES)]
    Search(list::SearchArgs),
    /// Write documents and receipts into a folder
    #[command(after_help = export::EXAMPLES)]
    Export(export::Args),
    /// Write the receipt of a credential; make a lost one again
    #[command(after_help = receipt::EXAMPLES)]
    Receipt(receipt::Args),
    /// Take documents into the register that were issued before, with their receipts
    #[command(after_help = import::EXAMPLES)]
    Import(import::Args),
    /// Destroy all that the register has of credentials, and keep a signed record of it
    #[command(after_help = erase::EXAMPLES)]
    Erase(erase::Args),
    /// Read the register from end to end, and name what is damaged
    #[command(after_help = care::CHECK_EXAMPLES)]
    Check(care::CheckArgs),
    /// Copy the register, while others may use it
    #[command(after_help = care::BACKUP_EXAMPLES)]
    Backup(care::BackupArgs),
    /// Put the register under another passphrase
    #[command(after_help = care::PASSPHRASE_EXAMPLES)]
    Passphrase(care::PassphraseArgs),
    /// Write the file anew, without traces of what was deleted
    #[command(after_help = care::COMPACT_EXAMPLES)]
    Compact(care::CompactArgs),
}

pub(crate) fn run(command: Command, output: &Output) -> anyhow::Result<Outcome> {
    match command {
        Command::Create(args) => create::run(&args, output),
        Command::List(args) => list::list(&args, output),
        Command::Search(args) => list::search(&args, output),
        Command::Export(args) => export::run(&args, output),
        Command::Receipt(args) => receipt::run(&args, output),
        Command::Import(args) => import::run(&args, output),
        Command::Erase(args) => erase::run(&args, output),
        Command::Check(args) => care::check(&args, output),
        Command::Backup(args) => care::backup(&args, output),
        Command::Passphrase(args) => care::passphrase(&args, output),
        Command::Compact(args) => care::compact(&args, output),
    }
}
