//! `sanad snapshot info DIR`.

use std::path::PathBuf;

use sanad_core::hash::{BlockHash, ChainId};
use sanad_core::ids::{Height, LogSize};
use sanad_storage::{SnapshotError, SnapshotFolder, SnapshotTrust};
use serde::Serialize;

use crate::output::{Outcome, Output, Report};
use crate::time;
use crate::trust::TrustArgs;
use crate::view::View;

pub(crate) const EXAMPLES: &str = "\
Examples:
  sanad snapshot info snapshot/ --genesis genesis.json
  sanad snapshot info snapshot/ --trust konsorsium.trust.json --json | jq -r .block

Proves the last header from the genesis and compares every chunk with its hash. The rest is
checked when it is restored: `sanad-node snapshot create` and `restore`. Exit code 1 where the
snapshot does not hold.";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// Folder of the snapshot
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    #[command(flatten)]
    trust: TrustArgs,
}

/// What a snapshot is of.
#[derive(Serialize)]
struct Shown {
    path: PathBuf,
    sound: bool,
    /// Why it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    chain_id: ChainId,
    height: Height,
    block: BlockHash,
    time_ms: u64,
    log_size: LogSize,
    chunks: usize,
    bytes: u64,
}

pub(super) fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let given = args.trust.read()?;
    let folder = SnapshotFolder::open(&args.dir);
    let manifest = folder.manifest()?;
    let now_ms = time::now_ms();
    let trust = SnapshotTrust { genesis: given.genesis(), anchor: Some(given.anchor()), now_ms };
    let checked = trust
        .prove(&manifest)
        .and_then(|_| manifest.chunks().try_for_each(|chunk| folder.chunk(chunk).map(drop)));
    let header = manifest.header();
    let shown = Shown {
        path: args.dir.clone(),
        sound: checked.is_ok(),
        reason: checked.err().map(because),
        chain_id: header.chain_id,
        height: header.height,
        block: header.hash(),
        time_ms: header.time_ms,
        log_size: header.log_size,
        chunks: manifest.chunks().count(),
        bytes: manifest.chunks().map(|chunk| u64::from(chunk.bytes)).sum(),
    };
    output.print(&shown)?;
    Ok(if shown.sound { Outcome::Yes } else { Outcome::No })
}

/// The error with its causes.
fn because(error: SnapshotError) -> String {
    let error = anyhow::Error::from(error);
    error.chain().map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

impl Report for Shown {
    fn view(&self) -> View {
        let path = self.path.display();
        let view = match &self.reason {
            None => View::new().line(format!("{path}: snapshot, its last header proved, all chunks there")),
            Some(reason) => View::new().line(format!("{path}: does not hold")).fact("because", reason),
        };
        view.fact("chain id", self.chain_id)
            .fact("block", format!("{}, {}", self.height, time::format_ms(self.time_ms)))
            .fact("block hash", self.block)
            .fact("entries", self.log_size)
            .fact("chunks", format!("{}, {} bytes", self.chunks, self.bytes))
    }
}
