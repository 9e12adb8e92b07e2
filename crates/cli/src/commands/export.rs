//! `sanad export`: the ledger as a folder of files.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, bail};
use indicatif::ProgressBar;
use sanad_api::FinalBlock;
use sanad_core::block::Block;
use sanad_core::genesis::BLOCK_BYTES_LIMIT;
use sanad_core::hash::{BlockHash, ChainId};
use sanad_core::ids::{Height, LogSize};
use sanad_export::{CheckpointSigner, Exporter, Source};
use sanad_storage::{Options, Store};
use serde::Serialize;

use crate::keys::{self, PassphraseArgs, Purpose};
use crate::output::{Outcome, Output, Report};
use crate::progress;
use crate::remote::{self, NodeArgs, Remote};
use crate::trust::TrustArgs;
use crate::view::View;
use sanad_verify::Trust;

pub(crate) const EXAMPLES: &str = "\
Examples:
  sanad key new --purpose checkpoint --out checkpoint.json
  sanad export public --genesis genesis.json --key checkpoint.json
  sanad export public --genesis genesis.json --key checkpoint.json --data node/data
  sanad status ijazah.json --export public --genesis genesis.json
  sanad status ijazah.json --export https://log.university.example/ --genesis genesis.json

Asks a running node for its blocks, or with --data reads the ledger of a stopped one or of a
copy. Every block is executed and its certificate checked. Done again, it adds what is new;
cut off, it goes on. Serve the folder with any web server, or hand it out: status, verify,
entry, block, member and proof answer from it with --export DIR or --export https://....

The log is in the C2SP tlog-tiles layout; its checkpoint, under the origin that the
genesis names, and a manifest of all files are signed with the key for
witnesses and monitors, who are given the verifier key that is printed.";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The folder: new, empty, or an export to go on with
    dir: PathBuf,
    #[command(flatten)]
    trust: TrustArgs,
    /// The key that signs the checkpoint
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    #[command(flatten)]
    passphrase: PassphraseArgs,
    /// Data directory of a stopped node or of a copy, in place of a running node
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    #[command(flatten)]
    node: NodeArgs,
}

#[derive(Serialize)]
struct Exported {
    dir: PathBuf,
    chain_id: ChainId,
    height: Height,
    head_hash: BlockHash,
    log_size: LogSize,
    blocks_added: u64,
    entries_added: u64,
    files_written: u64,
    bytes_written: u64,
    verifier_key: String,
    seconds: f64,
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let trust = args.trust.read()?;
    if Source::is_url(&args.dir) {
        bail!(
            "an export is written into a folder, which a web server then serves; {} is a URL",
            args.dir.display()
        );
    }
    let chain_id = trust.anchor().chain_id;
    let key = keys::open(&args.key, Purpose::Checkpoint, &args.passphrase)?;
    let signer = CheckpointSigner::new(trust.genesis(), key)?;
    let verifier_key = signer.verifier_key();
    let started = Instant::now();
    let mut exporter = Exporter::open(&args.dir, trust.genesis(), signer)
        .with_context(|| format!("{} cannot be exported to", args.dir.display()))?;
    let bar = progress::bar(0, "exporting blocks");
    // What came before a failure is checked and complete: it is kept, so that nothing has to be done twice.
    let filled = match &args.data {
        Some(data) => from_store(&mut exporter, data, &trust, &bar),
        None => remote::block_on(from_node(&mut exporter, &args.node, &trust, &bar)).flatten(),
    };
    bar.finish_and_clear();
    if let Err(error) = filled {
        let Height(next) = exporter.next_height();
        return Err(match exporter.finish() {
            Ok(written) if written.blocks > 0 => error.context(format!(
                "the export was broken off before height {next}; what came before is exported, try again"
            )),
            _ => error,
        });
    }
    let written = exporter.finish().with_context(|| format!("{}", args.dir.display()))?;
    output.print(&Exported {
        dir: args.dir.clone(),
        chain_id,
        height: written.height,
        head_hash: written.block,
        log_size: written.log_size,
        blocks_added: written.blocks,
        entries_added: written.entries,
        files_written: written.files,
        bytes_written: written.bytes,
        verifier_key,
        seconds: started.elapsed().as_secs_f64(),
    })?;
    Ok(Outcome::Yes)
}

/// Adds the blocks of a ledger on this disk.
fn from_store(exporter: &mut Exporter, data: &Path, trust: &Trust, bar: &ProgressBar) -> anyhow::Result<()> {
    let ledger = super::audit::ledger::find(data)?;
    let told = || format!("{} cannot be read; stop the node, or export a copy", ledger.display());
    let (store, _) = Store::open(&ledger, trust.genesis(), Options::default()).with_context(told)?;
    let (Height(first), last) = (exporter.next_height(), store.height());
    let exported = Height(first - 1);
    if let Some(header) = store.header(exported.min(last))? {
        exporter.check_source(last, header.hash())?;
    } else if exported > Height::GENESIS {
        bail!("{} has no block, but the export has {exported}; is it the right one?", ledger.display());
    }
    bar.set_length((last.0 + 1).saturating_sub(first));
    for height in (first..=last.0).map(Height) {
        let Some((certificate, payload)) = store.block(height)? else { break };
        let block = Block::decode(&payload, BLOCK_BYTES_LIMIT as usize)
            .with_context(|| format!("the block of height {height} does not read"))?;
        exporter.add(&block, &certificate)?;
        bar.inc(1);
    }
    store.close()?;
    Ok(())
}

/// Adds the blocks that a node has now.
async fn from_node(
    exporter: &mut Exporter,
    node: &NodeArgs,
    trust: &Trust,
    bar: &ProgressBar,
) -> anyhow::Result<()> {
    let remote = Remote::connect(node).await?;
    let status = remote.status_with_block().await?;
    if status.chain_id != trust.anchor().chain_id {
        let (served, own) = (status.chain_id, trust.anchor().chain_id);
        bail!("{} serves the chain {served}, the genesis is of {own}; ask another node", remote.url());
    }
    let (Height(first), last) = (exporter.next_height(), status.head.height);
    let exported = Height(first - 1);
    if exported > Height::GENESIS {
        let block = match exported.min(last) {
            Height::GENESIS => status.head.hash,
            height => remote.told(remote.client().header(height).await)?.header.hash(),
        };
        exporter.check_source(last, block)?;
    }
    if exported >= last {
        return Ok(());
    }
    bar.set_length(last.0 - exported.0);
    let mut blocks = remote.told(remote.client().subscribe(Height(first)).await)?;
    while exporter.next_height() <= last {
        let FinalBlock { block, certificate } = remote.told(blocks.next().await)?;
        exporter.add(&block, &certificate)?;
        bar.inc(1);
    }
    Ok(())
}

impl Report for Exported {
    fn view(&self) -> View {
        let Self { dir, height, log_size, .. } = self;
        let view = match self.blocks_added {
            0 => View::new().line(format!("{}: nothing is new since block {height}", dir.display())),
            blocks => View::new().line(format!("{}: {blocks} blocks more, up to {height}", dir.display())),
        };
        view.fact("head", self.head_hash)
            .fact("entries", format!("{log_size}, {} of them new", self.entries_added))
            .fact("wrote", format!("{} files, {} bytes", self.files_written, self.bytes_written))
            .fact("took", format!("{:.1} s", self.seconds))
            .fact("verifier key", &self.verifier_key)
    }
}
