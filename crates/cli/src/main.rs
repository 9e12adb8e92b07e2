//! `sanad`: the command line of the ledger, for operators, issuers and verifiers.
//!
//! Exit codes: 0 yes or done; 1 checked and not so; 2 an error, or it could not be checked. Results go to stdout,
//! everything else to stderr.

mod certificates;
mod cli;
mod commands;
mod exported;
mod files;
mod findings;
mod folder;
mod governance;
mod institutions;
mod issuer;
mod keys;
mod localnet;
mod observer;
mod output;
mod progress;
mod random;
mod receipt_file;
mod register;
mod remote;
mod signing;
mod source;
mod target;
mod time;
mod trust;
mod view;

use std::process::ExitCode;

use output::{Outcome, Output};

fn main() -> ExitCode {
    let cli = cli::Cli::read();
    let output = Output::new(cli.json, cli.language());
    // A write beyond the limit of file sizes (`ulimit -f`) fails then, as on a full disk; without a handler, SIGXFSZ ends the
    // process without a word. Without one this program works, too.
    #[cfg(unix)]
    let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, std::sync::Arc::default());
    match commands::run(cli.command, &output) {
        Ok(Outcome::Yes) => ExitCode::SUCCESS,
        Ok(Outcome::No) => ExitCode::from(1),
        Ok(Outcome::Error) => ExitCode::from(2),
        Err(error) => {
            output.end(&error);
            ExitCode::from(2)
        }
    }
}
