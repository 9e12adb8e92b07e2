//! `sanad tail`: new blocks as they become final.

use std::time::Duration;

use sanad_api::{BlockStream, FinalBlock};
use sanad_core::hash::BlockHash;
use sanad_core::ids::{Height, LogSize};
use serde::Serialize;

use super::block::ShownBatch;
use crate::output::{Outcome, Output, Report, note};
use crate::remote::{self, NodeArgs, Remote};
use crate::time;
use crate::view::View;

pub(crate) const EXAMPLES: &str = "\
Examples:
  sanad tail
  sanad tail --from 1 --count 10
  sanad tail --json | jq -c '{height, events: [.batches[].events] | add}'

Goes on after disconnects where it left off, and leaves out no block. --json prints one
line a block.";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// First height [default: the next block]
    #[arg(long, value_name = "HEIGHT", value_parser = height)]
    from: Option<Height>,
    /// Stop after so many blocks
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
    #[command(flatten)]
    node: NodeArgs,
}

#[derive(Serialize)]
struct Followed {
    height: Height,
    hash: BlockHash,
    time_ms: u64,
    log_size: LogSize,
    signatures: usize,
    batches: Vec<ShownBatch>,
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    remote::block_on(follow(args, output))?
}

async fn follow(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    // The first connection must stand: a wrong URL is no outage.
    let mut remote = Remote::connect(&args.node).await?;
    let mut next = match args.from {
        Some(height) => height,
        None => remote.node_status().await?.head.height.next(),
    };
    let mut left = args.count.unwrap_or(u64::MAX);
    loop {
        let failure = match remote.told(remote.client().subscribe(next).await) {
            Ok(stream) => match print(stream, output, &mut next, &mut left).await? {
                None => return Ok(Outcome::Yes),
                Some(failure) => remote.told(Err::<(), _>(failure)).err(),
            },
            Err(failure) => Some(failure),
        };
        if let Some(failure) = failure {
            note(format_args!("{failure:#}; going on from height {next} in {}", RECONNECT_TEXT));
        }
        tokio::time::sleep(RECONNECT_INTERVAL).await;
        if let Ok(fresh) = Remote::connect(&args.node).await {
            remote = fresh;
        }
    }
}

/// Prints blocks until there were enough, or the stream breaks off.
async fn print(
    mut stream: BlockStream,
    output: &Output,
    next: &mut Height,
    left: &mut u64,
) -> anyhow::Result<Option<sanad_api::ClientError>> {
    while *left > 0 {
        let FinalBlock { block, certificate } = match stream.next().await {
            Ok(block) => block,
            Err(error) => return Ok(Some(error)),
        };
        let reader = output.print_next(&Followed {
            height: block.header.height,
            hash: block.header.hash(),
            time_ms: block.header.time_ms,
            log_size: block.header.log_size,
            signatures: certificate.signatures.len(),
            batches: block.batches.iter().map(|batch| ShownBatch::of(batch)).collect(),
        })?;
        if reader.is_break() {
            return Ok(None);
        }
        *next = stream.next_height();
        *left -= 1;
    }
    Ok(None)
}

fn height(text: &str) -> Result<Height, String> {
    match text.parse() {
        Ok(Height(0)) => Err("heights count from 1".to_owned()),
        Ok(height) => Ok(height),
        Err(error) => Err(format!("{text:?} is not a height: {error}")),
    }
}

impl Report for Followed {
    fn view(&self) -> View {
        let issuers: Vec<String> =
            self.batches.iter().map(|batch| format!("{} +{}", batch.issuer, batch.events)).collect();
        let what = if issuers.is_empty() { "no batches".to_owned() } else { issuers.join(", ") };
        View::new().line(format!(
            "{}  {}  {} entries  {what}",
            self.height,
            time::format_ms(self.time_ms),
            self.log_size
        ))
    }
}

const RECONNECT_INTERVAL: Duration = Duration::from_secs(1);
const RECONNECT_TEXT: &str = "1 second";
