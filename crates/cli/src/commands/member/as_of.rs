//! `sanad member as-of`: the register at any date, by a proof of a node that keeps it, or by execution of every block up to
//! it.

use anyhow::{Context, bail};
use jiff::Timestamp;
use sanad_api::{BlockStream, Client, ClientError, ErrorCode, FinalBlock, ProofForm};
use sanad_chain::{BlockSource, Chain, Fault, IndexSecret};
use sanad_core::block::Block;
use sanad_core::hash::BlockHash;
use sanad_core::ids::{Height, LogSize};
use sanad_core::member::MemberState;
use sanad_core::validators::CommitCertificate;
use serde::Serialize;
use tokio::runtime::Runtime;

use crate::governance::{Session, role};
use crate::output::{Outcome, Output, Report, note};
use crate::remote::{self, Remote, SourceArgs};
use crate::time::{self, parse_time};
use crate::trust::TrustArgs;
use crate::view::View;
use sanad_verify::explain;

pub(crate) const EXAMPLES: &str = "\
Examples:
  sanad member as-of 2026-11-20T00:00:00Z --genesis genesis.json
  sanad member as-of --height 4711 --export archive --json | jq '.members[].record.standing'

A node proves the register of any block that it has executed: all members together, under the header of the block, which is
in the history of the last one. Where there is no such proof (an export has none, nor has a node for blocks before
the snapshot that it was made from), or with --execute, every block up to that date is fetched and executed from the genesis
on, signatures and all. That takes as long as the log is. Nobody is believed in either case.";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The register as it was after the last block at or before this time
    #[arg(value_name = "TIME", value_parser = parse_time, required_unless_present = "height")]
    time: Option<Timestamp>,
    /// The register as it was after the block of this height
    #[arg(long, conflicts_with = "time")]
    height: Option<Height>,
    /// Execute every block up to there, in place of asking for a proof
    #[arg(long)]
    execute: bool,
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    source: SourceArgs,
}

#[derive(Serialize)]
struct Register {
    as_of: Height,
    as_of_ms: u64,
    block: BlockHash,
    log_size: LogSize,
    proved_by: ProvedBy,
    members: Vec<MemberState>,
}

/// What shows that these were the members.
#[derive(Serialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
enum ProvedBy {
    /// A proof of all members under the header of the block.
    Proof,
    /// Execution of every block up to it.
    Execution,
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let runtime = remote::runtime()?;
    let (session, wanted) = runtime.block_on(async {
        let session = Session::open(Remote::open(&args.source).await?, &args.trust).await?;
        let wanted = wanted(&session, args).await?;
        anyhow::Ok((session, wanted))
    })?;
    if !args.execute {
        if let Some(proved) = runtime.block_on(proved(&session, &wanted))? {
            output.print(&proved)?;
            return Ok(Outcome::Yes);
        }
        note("no proof of the register as of that block; every block up to it is executed");
    }
    let mut chain = Chain::new(session.trust.genesis(), IndexSecret::random()?)?;
    let stream = runtime.block_on(session.remote.client().subscribe(Height::GENESIS.next()));
    let stream = session.remote.told(stream)?;
    let client = session.remote.client();
    let mut blocks = Blocks { runtime: &runtime, client, stream, last: wanted.height };
    let fault = session.remote.told(chain.run(&mut blocks, |_, _| Ok(())))?;
    if let Some((height, fault)) = fault {
        return Err(anyhow::Error::new(fault)
            .context(format!("block {height} of {} is not sound", session.remote.url())));
    }
    let head = chain.state.head();
    if head.hash != wanted.hash {
        bail!("block {} is another one than the history of the last block has", wanted.height);
    }
    output.print(&Register {
        as_of: wanted.height,
        as_of_ms: wanted.time_ms,
        block: wanted.hash,
        log_size: chain.state.log_size(),
        proved_by: ProvedBy::Execution,
        members: chain.state.registry().members().cloned().collect(),
    })?;
    Ok(Outcome::Yes)
}

/// The register as the node proves it; `None` where it keeps none of that height.
async fn proved(session: &Session, wanted: &Wanted) -> anyhow::Result<Option<Register>> {
    let remote = &session.remote;
    let form = ProofForm::SelfContained;
    let asked = remote.ask(|| remote.client().members_as_of(wanted.height, form)).await;
    let kept_nowhere = |error: &ClientError| {
        matches!(error.code(), Some(ErrorCode::Unsupported | ErrorCode::RegisterNotKept))
    };
    if asked.as_ref().is_err_and(kept_nowhere) {
        return Ok(None);
    }
    let proof = remote.told(asked)?;
    if let Err(fault) = proof.verify(session.trust.anchor()) {
        bail!(
            "{} does not prove the members as of block {}: {}",
            remote.url(),
            wanted.height,
            explain(&fault)
        );
    }
    if proof.header.hash() != wanted.hash {
        bail!("block {} is another one than the history of the last block has", wanted.height);
    }
    Ok(Some(Register {
        as_of: wanted.height,
        as_of_ms: wanted.time_ms,
        block: wanted.hash,
        log_size: proof.header.log_size,
        proved_by: ProvedBy::Proof,
        members: proof.members,
    }))
}

/// The block that is asked for, as the last one proves it.
struct Wanted {
    height: Height,
    time_ms: u64,
    hash: BlockHash,
}

async fn wanted(session: &Session, args: &Args) -> anyhow::Result<Wanted> {
    let head = &session.proof.header;
    let height = match (args.height, args.time) {
        (Some(height), _) => height,
        (None, Some(time)) => {
            let time_ms = u64::try_from(time.as_millisecond()).context("a time since 1970")?;
            match session.first_height(|header| header.time_ms > time_ms).await? {
                Some(later) => Height(later.height.0 - 1),
                None if time_ms > head.time_ms => bail!(
                    "the last block is {}, of {}; nothing is known of a later time",
                    head.height,
                    time::format_ms(head.time_ms)
                ),
                None => head.height,
            }
        }
        (None, None) => bail!("as of when? give a time or --height"),
    };
    if height == Height::GENESIS {
        bail!("there was no block yet; `sanad genesis show` has the first members");
    }
    if height > head.height {
        bail!("the last block is {}", head.height);
    }
    let header = session.header(height).await?;
    Ok(Wanted { height, time_ms: header.time_ms, hash: header.hash() })
}

/// The blocks of a node or an export, from the first on.
struct Blocks<'a> {
    runtime: &'a Runtime,
    client: &'a Client,
    stream: BlockStream,
    last: Height,
}

impl BlockSource for Blocks<'_> {
    type Raw = FinalBlock;
    type Error = ClientError;

    fn window(&mut self) -> Result<Vec<FinalBlock>, ClientError> {
        let (mut window, mut bytes) = (Vec::new(), 0);
        while self.stream.next_height() <= self.last && bytes < WINDOW_BYTES {
            let next = match self.runtime.block_on(self.stream.next()) {
                Ok(next) => next,
                Err(error) if window.is_empty() => return Err(error),
                // The stream has ended: it says so again when it is asked for the next window.
                Err(_) => break,
            };
            bytes += next.block.batches.iter().map(|batch| batch.bytes().len()).sum::<usize>() + BLOCK_BYTES;
            window.push(next);
        }
        Ok(window)
    }

    fn again(&mut self, height: Height) -> Result<FinalBlock, ClientError> {
        self.runtime.block_on(self.client.block(height))
    }

    fn decode(raw: &FinalBlock) -> Result<(Block, CommitCertificate), Fault> {
        Ok((raw.block.clone(), raw.certificate.clone()))
    }
}

impl Report for Register {
    fn view(&self) -> View {
        let row = |member: &MemberState| {
            let (record, rest) = (member.record(), member.rest());
            vec![
                record.id.to_string(),
                role(rest.role).to_owned(),
                format!("{} since block {}", record.standing, record.since),
                record.name.clone(),
            ]
        };
        let rows = self.members.iter().map(row).collect();
        View::new().table(&["member", "role", "standing", "name"], rows).line(format!(
            "as of block {}, {}, which the last block has in its history",
            self.as_of,
            time::format_ms(self.as_of_ms)
        ))
    }
}

/// Bytes of blocks that are checked together (4 MiB).
const WINDOW_BYTES: usize = 4 << 20;
/// Bytes that a block without batches is counted as.
const BLOCK_BYTES: usize = 1024;
