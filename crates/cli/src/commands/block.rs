//! `sanad block`: blocks, as a node has them.

use anyhow::Context;
use clap::Subcommand;
use sanad_api::{BlockSummary, FinalBlock, ProofForm};
use sanad_core::batch::SignedBatch;
use sanad_core::block::BlockHeader;
use sanad_core::hash::{BatchId, BlockHash};
use sanad_core::ids::{Height, MemberId, Sequence};
use sanad_core::proof::{Finality, ValidatorChange};
use sanad_core::validators::CommitCertificate;
use serde::Serialize;

use crate::output::{Outcome, Output, Report};
use crate::remote::{self, Remote, SourceArgs};
use crate::time;
use crate::trust::TrustArgs;
use crate::view::View;
use sanad_verify::Trust;
use sanad_verify::explain;

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// List blocks
    #[command(after_help = LIST_EXAMPLES)]
    List(ListArgs),
    /// Show one block
    #[command(after_help = SHOW_EXAMPLES)]
    Show(ShowArgs),
}

const LIST_EXAMPLES: &str = "\
Examples:
  sanad block list
  sanad block list --from 1 --count 100 --json";

const SHOW_EXAMPLES: &str = "\
Examples:
  sanad block show 12 --genesis genesis.json
  sanad block show 12 --json | jq .header.log_root";

#[derive(clap::Args, Debug)]
pub(crate) struct ListArgs {
    /// First height [default: the last blocks]
    #[arg(long, value_name = "HEIGHT")]
    from: Option<Height>,
    /// How many
    #[arg(long, default_value_t = 20, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=500))]
    count: u32,
    #[command(flatten)]
    source: SourceArgs,
}

#[derive(clap::Args, Debug)]
pub(crate) struct ShowArgs {
    /// The height, from 1
    height: Height,
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    source: SourceArgs,
}

#[derive(Serialize)]
struct Blocks {
    blocks: Vec<Listed>,
}

#[derive(Serialize)]
struct Listed {
    hash: BlockHash,
    header: BlockHeader,
    batches: u32,
    entries: u64,
    bytes: u64,
}

#[derive(Serialize)]
struct Shown {
    hash: BlockHash,
    header: BlockHeader,
    certificate: CommitCertificate,
    /// Whether the validators to whom the genesis leads signed it.
    certificate_holds: bool,
    certificate_detail: String,
    batches: Vec<ShownBatch>,
}

/// A batch, without its events.
#[derive(Serialize)]
pub(crate) struct ShownBatch {
    pub(crate) batch_id: BatchId,
    pub(crate) issuer: MemberId,
    pub(crate) sequence: Sequence,
    pub(crate) events: usize,
}

pub(crate) fn run(command: Command, output: &Output) -> anyhow::Result<Outcome> {
    match command {
        Command::List(args) => {
            let blocks = remote::block_on(list(&args))??;
            output.print(&Blocks { blocks })?;
            Ok(Outcome::Yes)
        }
        Command::Show(args) => {
            let shown = remote::block_on(show(&args))??;
            output.print(&shown)?;
            Ok(if shown.certificate_holds { Outcome::Yes } else { Outcome::No })
        }
    }
}

async fn list(args: &ListArgs) -> anyhow::Result<Vec<Listed>> {
    let remote = Remote::open(&args.source).await?;
    let from = match args.from {
        Some(height) => height,
        None => {
            let Height(head) = remote.node_status().await?.head.height;
            Height((head + 1).saturating_sub(u64::from(args.count)).max(1))
        }
    };
    let blocks = remote.told(remote.client().blocks(from, args.count).await)?;
    let listed = |BlockSummary { header, batches, entries, bytes }| Listed {
        hash: BlockHeader::hash(&header),
        header,
        batches,
        entries,
        bytes,
    };
    Ok(blocks.into_iter().map(listed).collect())
}

async fn show(args: &ShowArgs) -> anyhow::Result<Shown> {
    let remote = Remote::open(&args.source).await?;
    let trust = args.trust.for_node(&remote).await?;
    let FinalBlock { block, certificate } = remote.told(remote.client().block(args.height).await)?;
    // Proofs of members carry the changes of the validators up to the node's last block.
    let any = trust.genesis().members.first().context("the genesis names no members")?;
    let member =
        remote.told(remote.ask(|| remote.client().member(&any.id, ProofForm::SelfContained)).await)?;
    let changes = member.proof.finality.validator_changes();
    let (certificate_holds, certificate_detail) = check(&block.header, &certificate, changes, &trust);
    Ok(Shown {
        hash: block.header.hash(),
        certificate_holds,
        certificate_detail,
        batches: block.batches.iter().map(|batch| ShownBatch::of(batch)).collect(),
        header: block.header,
        certificate,
    })
}

/// Whether the validators to whom the genesis leads signed a header, and who did.
///
/// The way there is the node's word, like the certificate, and proved with it.
fn check(
    header: &BlockHeader,
    certificate: &CommitCertificate,
    changes: &[ValidatorChange],
    trust: &Trust,
) -> (bool, String) {
    let before = changes.iter().take_while(|change| change.header.height < header.height).count();
    let finality = Finality::certificate(certificate.clone(), changes[..before].to_vec());
    match trust.anchor().verify_header(header, &finality) {
        Ok(proven) => {
            let names: Vec<&str> = proven.signers.iter().map(MemberId::as_str).collect();
            (true, format!("{} of {}: {}", names.len(), proven.validators, names.join(", ")))
        }
        Err(fault) => (false, format!("DOES NOT HOLD: {}", explain(&fault))),
    }
}

impl ShownBatch {
    pub(crate) fn of(signed: &SignedBatch) -> Self {
        let batch = signed.batch();
        Self {
            batch_id: signed.id(),
            issuer: batch.issuer.clone(),
            sequence: batch.sequence,
            events: batch.events.len(),
        }
    }
}

impl Report for Blocks {
    fn view(&self) -> View {
        let row = |block: &Listed| {
            vec![
                block.header.height.to_string(),
                time::format_ms(block.header.time_ms),
                block.batches.to_string(),
                block.entries.to_string(),
                block.header.log_size.to_string(),
                block.hash.to_string()[..16].to_owned(),
            ]
        };
        View::new().table(
            &["height", "time", "batches", "entries", "log", "hash"],
            self.blocks.iter().map(row).collect(),
        )
    }
}

impl Report for Shown {
    fn view(&self) -> View {
        let header = &self.header;
        let row = |batch: &ShownBatch| {
            let ShownBatch { batch_id, issuer, sequence, events } = batch;
            vec![issuer.to_string(), sequence.to_string(), events.to_string(), batch_id.to_string()]
        };
        let view = View::new()
            .line(format!("block {}", header.height))
            .fact("hash", self.hash)
            .fact("time", time::format_ms(header.time_ms))
            .fact("first proposed in round", header.round)
            .fact("log", format!("{} entries, root {}", header.log_size, header.log_root))
            .fact("state root", header.state_root)
            .fact("past", header.past)
            .fact("decided in round", self.certificate.round)
            .fact("signed by", &self.certificate_detail);
        if self.batches.is_empty() {
            return view.line("no batches");
        }
        view.table(&["issuer", "sequence", "events", "batch"], self.batches.iter().map(row).collect())
    }
}
