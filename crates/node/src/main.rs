//! The daemon `sanad-node`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use sanad_node::config::{Config, Overrides};
use sanad_node::{logging, setup};

/// One university's node of a Sanad ledger.
#[derive(Parser)]
#[command(
    version,
    after_help = "Examples:\n  sanad-node init --config node.toml\n  sanad-node run --config node.toml\n\n\
                  Exit codes: 0 done, or stopped when asked to; 1 failed, and said why; 2 wrong arguments; 70 hung, and\n\
                  ended itself to be started again"
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// Configuration file; configs/node.toml documents every field
    #[arg(long, global = true, env = "SANAD_CONFIG", default_value = "node.toml")]
    config: PathBuf,
    #[command(flatten)]
    overrides: Overrides,
}

#[derive(Subcommand)]
enum Command {
    /// Make the data directory of a node that never ran: empty ledger, signing guard
    Init,
    /// Check configuration, genesis and keys without starting anything
    Check,
    /// Run the node until SIGTERM or SIGINT
    Run,
}

#[tokio::main]
async fn main() -> ExitCode {
    let Err(error) = run().await else { return ExitCode::SUCCESS };
    let mut said = error.to_string();
    // Most errors tell their cause themselves.
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !said.contains(&cause) {
            said = format!("{said}: {cause}");
        }
    }
    eprintln!("error: {said}");
    ExitCode::FAILURE
}

async fn run() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let config = Config::load(&arguments.config, &arguments.overrides)?;
    logging::start(&config.log).context("log.filter is not understood")?;
    match arguments.command {
        Command::Init => setup::init(&config).map(|_| ())?,
        Command::Check => setup::Setup::load(&config).map(|_| ())?,
        Command::Run => sanad_node::run(config, sanad_node::stop_signal()?).await?,
    }
    Ok(())
}
