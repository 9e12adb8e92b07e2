//! `sanad receipt`: receipts as files, in their forms.

mod convert;
mod qr;
mod renew;
mod show;

pub(crate) use convert::Form;

use clap::Subcommand;

use crate::output::{Outcome, Output};

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Show what a receipt claims; `sanad verify` checks it
    #[command(after_help = show::EXAMPLES)]
    Show(show::Args),
    /// Write a receipt in another form: JSON or binary, for paper, with less in it
    #[command(after_help = convert::EXAMPLES)]
    Convert(convert::Args),
    /// Have a newer block vouch for an old receipt
    #[command(after_help = renew::EXAMPLES)]
    Renew(renew::Args),
    /// Draw a receipt as a QR code: in the terminal, as PNG or SVG
    #[command(after_help = qr::EXAMPLES)]
    Qr(qr::Args),
}

pub(crate) fn run(command: Command, output: &Output) -> anyhow::Result<Outcome> {
    match command {
        Command::Show(args) => show::run(&args, output),
        Command::Convert(args) => convert::run(&args, output),
        Command::Renew(args) => renew::run(&args, output),
        Command::Qr(args) => qr::run(&args, output),
    }
}
