//! `sanad node`: how nodes are, and why.

mod explanation;
pub(super) mod status;
pub(super) mod why;

use clap::Subcommand;
use sanad_api::{Client, ClientError, Diagnosis, ErrorCode};

use crate::output::{Outcome, Output};

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Ask nodes how they are
    #[command(after_help = status::EXAMPLES)]
    Status(status::Args),
    /// Ask a node why the chain goes on or stands, who is missing, and what to do
    #[command(after_help = why::EXAMPLES)]
    Why(why::Args),
}

pub(crate) fn run(command: Command, output: &Output) -> anyhow::Result<Outcome> {
    match command {
        Command::Status(args) => status::run(&args, output),
        Command::Why(args) => why::run(&args, output),
    }
}

pub(crate) use explanation::state_in_words;

/// What a node finds; `None` if no consensus runs there, or it has not looked yet.
pub(crate) async fn diagnosis(client: &Client) -> Result<Option<Diagnosis>, ClientError> {
    match client.diagnosis().await {
        Err(error) if error.code() == Some(ErrorCode::Unsupported) => Ok(None),
        answer => answer.map(Some),
    }
}
