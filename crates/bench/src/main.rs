//! Measures Sanad: parts of it in this process, and a network of real nodes on this machine.

mod catch_up;
mod consortium;
mod latency;
mod localnet;
mod machine;
mod network;
mod parts;
mod reads;
mod snapshot;
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
    /// A snapshot of a ledger, made and restored in this process
    Snapshot {
        /// Entries of the ledger, in blocks of 1,000
        #[arg(long, default_value_t = 1_000_000)]
        events: u64,
    },
    /// A running localnet, of which nodes may be stopped: throughput, latency, disk, memory, CPU
    Network {
        /// The localnet, made with enough issuers: `sanad localnet create DIR --issuers 16`
        localnet: PathBuf,
        /// Events of a batch; each with each number of submitters
        #[arg(long, value_delimiter = ',', default_value = "1,100,1000")]
        batch: Vec<usize>,
        /// Submitters at once, each an issuer of its own
        #[arg(long, value_delimiter = ',', default_value = "1,4,16")]
        submitters: Vec<usize>,
        /// Batches of each submitter that wait for their block at once
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
        in_flight: u16,
        /// Seconds for each row
        #[arg(long, default_value_t = 5)]
        seconds: u64,
        /// Instead of seconds: events to commit in each row
        #[arg(long)]
        events: Option<u64>,
    },
    /// Statuses with proofs that a node of a running localnet gives in a second
    Reads {
        /// The localnet, made with an issuer: `sanad localnet create DIR --issuers 1`
        localnet: PathBuf,
        /// Connections at once, each asking again when it has its answer
        #[arg(long, default_value_t = 64)]
        connections: usize,
        /// Seconds for each row
        #[arg(long, default_value_t = 5)]
        seconds: u64,
    },
    /// How fast a node of a localnet that was just started again gets to where the others are
    CatchUp {
        /// The localnet
        localnet: PathBuf,
        /// The node's number
        #[arg(long)]
        node: usize,
    },
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    machine::describe(&mut out)?;
    match Arguments::parse().command {
        Command::Parts { blocks } => parts::run(blocks, &mut out),
        Command::Snapshot { events } => snapshot::run(events, &mut out),
        Command::Network { localnet, batch, submitters, in_flight, seconds, events } => {
            let net = localnet::Localnet::open(&localnet)?;
            let mut table = network::table();
            for batch in &batch {
                for submitters in &submitters {
                    let load = network::Load {
                        batch: *batch,
                        submitters: *submitters,
                        in_flight: usize::from(in_flight),
                        time: Duration::from_secs(seconds),
                        events,
                    };
                    table.row(network::measure(&net, &load).await?);
                }
            }
            table.print(&mut out)
        }
        Command::Reads { localnet, connections, seconds } => {
            let net = localnet::Localnet::open(&localnet)?;
            reads::run(&net, connections, Duration::from_secs(seconds), &mut out).await
        }
        Command::CatchUp { localnet, node } => {
            catch_up::run(&localnet::Localnet::open(&localnet)?, node, &mut out).await
        }
    }
}
