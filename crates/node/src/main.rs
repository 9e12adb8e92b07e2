//! The daemon `sanad-node`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::{Parser, Subcommand};
use sanad_core::ids::Height;
use sanad_node::config::{Config, Overrides};
use sanad_node::{Repaired, logging, recovery, setup};

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
    /// Read every block of a stopped node, and fetch damaged ones again from peers
    Repair,
    /// After a disk was lost, replaced or set back: make what is missing, and have the node vote only when that is safe
    #[command(
        long_about = "Prepares the data directory of a node that has run before, after its disk was lost, replaced or \
        set back to an earlier state. What is missing is made; where the consensus key may have signed more than this \
        directory knows, the node follows without voting until enough validators have shown how far they are. \
        docs/operations.md says why each step is safe."
    )]
    Recover {
        /// Last height at which the key may have signed, if you know it for certain: do not wait for peers
        #[arg(long, value_name = "HEIGHT")]
        signed_through: Option<u64>,
    },
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
        Command::Repair => {
            let Repaired { blocks, repaired, left } = sanad_node::repair(&config).await?;
            say(format_args!("{blocks} blocks read, {repaired} put right, {} still damaged", left.len()))?;
            if let Some(height) = left.first() {
                bail!(
                    "no peer has a copy of the block of height {height} that fits; run it again when other peers run"
                );
            }
        }
        Command::Recover { signed_through } => {
            say(format_args!("{}", recovery::recover(&config, signed_through.map(Height))?))?;
        }
        Command::Run => sanad_node::run(config, sanad_node::stop_signal()?).await?,
    }
    Ok(())
}

/// Writes a line to standard output, which may be closed.
fn say(line: std::fmt::Arguments<'_>) -> anyhow::Result<()> {
    use std::io::Write as _;
    writeln!(std::io::stdout(), "{line}").context("standard output is closed")
}
