//! `sanad trust`: trust files, which let a verifier check receipts for decades without asking anyone.

use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Subcommand;
use sanad_core::genesis::fingerprint;
use sanad_core::hash::{BlockHash, ChainId};
use sanad_core::history::SEAL_HEADERS;
use sanad_core::ids::Height;
use sanad_core::trust::{TRUST_FILE_SUFFIX, TrustFile};
use serde::Serialize;

use crate::files::{self, Mode};
use crate::output::{Outcome, Output, Report};
use crate::remote::{self, Remote, SourceArgs};
use crate::time;
use crate::trust::{Trust, TrustArgs, read_trust_file};
use crate::view::View;

pub(crate) const FETCH_EXAMPLES: &str = "\
Examples:
  sanad trust fetch konsorsium.trust.json --genesis genesis.json
  sanad trust fetch konsorsium.trust --export public --genesis genesis.json

The file holds the genesis, every change of the validators, and one recent block. Whoever
reads it proves all of it from the genesis. With it a receipt needs to carry no changes of
validators, and what retired validators sign is refused. It vouches for new signatures for
a year after its block: renew it now and then. Its name decides the form: JSON where it
ends with .json, else binary.";

pub(crate) const SHOW_EXAMPLES: &str = "\
Examples:
  sanad trust show konsorsium.trust.json
  sanad trust show konsorsium.trust.json --json | jq -r .block

Compare fingerprint and block with somebody whom you trust.";

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Fetch a trust file from a node or an export
    #[command(after_help = FETCH_EXAMPLES)]
    Fetch(FetchArgs),
    /// Prove a trust file from its genesis and show what it says
    #[command(after_help = SHOW_EXAMPLES)]
    Show(ShowArgs),
}

#[derive(clap::Args, Debug)]
pub(crate) struct FetchArgs {
    /// The file to write; one that is there is replaced only by a newer one of the same chain
    #[arg(value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    source: SourceArgs,
}

#[derive(clap::Args, Debug)]
pub(crate) struct ShowArgs {
    /// The trust file
    #[arg(value_name = "FILE", env = "SANAD_TRUST")]
    file: PathBuf,
}

#[derive(Serialize)]
struct Shown {
    path: PathBuf,
    chain_id: ChainId,
    fingerprint: String,
    name: String,
    height: Height,
    block: BlockHash,
    time_ms: u64,
    age_seconds: i64,
    validator_changes: usize,
    validators: usize,
    /// Heights below this one have sealed proofs.
    sealed_below: Height,
}

pub(crate) fn run(command: Command, output: &Output) -> anyhow::Result<Outcome> {
    match command {
        Command::Fetch(args) => {
            let shown = remote::block_on(fetch(&args))??;
            output.print(&shown)?;
        }
        Command::Show(args) => output.print(&shown(&args.file, &read_trust_file(&args.file)?)?)?,
    }
    Ok(Outcome::Yes)
}

async fn fetch(args: &FetchArgs) -> anyhow::Result<Shown> {
    let remote = Remote::open(&args.source).await?;
    let trust = Trust::for_node(&args.trust, &remote).await?;
    let file = remote.told(remote.client().trust_file().await)?;
    if file.genesis.chain_id() != trust.anchor.chain_id {
        bail!("the {} {} gives a trust file of another chain", remote.kind(), remote.url());
    }
    let result = shown(&args.out, &file)?;
    if args.out.exists() {
        let old = read_trust_file(&args.out)?;
        let (before, after) = (&old.anchor.header, &file.anchor.header);
        if old.genesis.chain_id() != file.genesis.chain_id() || before.height > after.height {
            bail!(
                "{} is of another chain or of a newer block, {}; it stays as it is",
                args.out.display(),
                before.height
            );
        }
        if before.height == after.height && before.hash() != after.hash() {
            bail!(
                "FORK: {} holds another block at height {}; keep both files as evidence",
                args.out.display(),
                before.height
            );
        }
    }
    let name = args.out.as_os_str().as_encoded_bytes();
    let json = name.ends_with(TRUST_FILE_SUFFIX.as_bytes()) || name.ends_with(b".json");
    let bytes = if json { file.to_json().into_bytes() } else { file.to_binary() };
    files::replace(&args.out, &bytes, Mode::Public)?;
    Ok(result)
}

/// Proves a trust file, and says what it holds.
fn shown(path: &std::path::Path, file: &TrustFile) -> anyhow::Result<Shown> {
    let now_ms = time::now_ms();
    let anchor = file.verify(now_ms).context("the trust file does not hold; get it from somebody else")?;
    let header = &file.anchor.header;
    let validators = anchor.set_at(header.height.next()).map_or(0, |set| set.validators().len());
    Ok(Shown {
        path: path.to_owned(),
        chain_id: anchor.chain_id,
        fingerprint: fingerprint(&anchor.chain_id),
        name: file.genesis.name.clone(),
        height: header.height,
        block: header.hash(),
        time_ms: header.time_ms,
        age_seconds: time::age_seconds(header.time_ms, now_ms),
        validator_changes: file.validator_changes.len(),
        validators,
        sealed_below: Height(1 + file.seals.len() as u64 * SEAL_HEADERS),
    })
}

impl Report for Shown {
    fn view(&self) -> View {
        let age = time::format_age(self.age_seconds);
        View::new()
            .line(format!("{}: trust file of {}, proved from its genesis", self.path.display(), self.name))
            .fact("fingerprint", &self.fingerprint)
            .fact("chain id", self.chain_id)
            .fact("block", format!("{}, {} ({age})", self.height, time::format_ms(self.time_ms)))
            .fact("block hash", self.block)
            .fact("validators", format!("{}, after {} changes", self.validators, self.validator_changes))
    }
}
