//! Measures Sanad: parts of it in this process, and a network of real nodes on this machine.

mod consortium;
mod latency;
mod localnet;
mod machine;
mod network;
mod parts;
mod table;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand};

/// Prints tables of what Sanad does in a second on this machine. `scripts/bench.sh` runs all of it.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Parts in this process: hashing, execution, storage, verification
    Parts {
        /// Blocks of 1,000 events for each figure
        #[arg(long, default_value_t = 500)]
        blocks: u64,
    },
    /// A running localnet: throughput, latency, disk, memory, CPU
    Network {
        /// The localnet, made with enough issuers: `sanad localnet create DIR --issuers 16`
        localnet: PathBuf,
        /// Events of a batch; each with each number of submitters
        #[arg(long, value_delimiter = ',', default_value = "1,100,1000")]
        batch: Vec<usize>,
        /// Submitters at once, each an issuer of its own
        #[arg(long, value_delimiter = ',', default_value = "1,4,16")]
        submitters: Vec<usize>,
        /// Seconds for each row
        #[arg(long, default_value_t = 5)]
        seconds: u64,
        /// Instead of seconds: events to commit in each row
        #[arg(long)]
        events: Option<u64>,
    },
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    machine::describe(&mut out)?;
    match Arguments::parse().command {
        Command::Parts { blocks } => parts::run(blocks, &mut out),
        Command::Network { localnet, batch, submitters, seconds, events } => {
            let net = localnet::Localnet::open(&localnet)?;
            let mut table = network::table();
            for batch in &batch {
                for submitters in &submitters {
                    let load = network::Load {
                        batch: *batch,
                        submitters: *submitters,
                        time: Duration::from_secs(seconds),
                        events,
                    };
                    table.row(network::measure(&net, &load).await?);
                }
            }
            table.print(&mut out)
        }
    }
}
