//! `sanad trust`: trust files, which let a verifier check receipts for decades without asking anyone.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Subcommand;
use sanad_api::{HeaderProof, ProofForm};
use sanad_core::ids::Height;
use sanad_core::proof::{Finality, ValidatorChange};
use sanad_core::trust::{TrustAnchor, TrustFile, TrustedChange};
use sanad_verify::TrustFinding;
use serde::Serialize;

use crate::files::{self, Mode};
use crate::output::{Outcome, Output, Report};
use crate::remote::{self, Remote, SourceArgs};
use crate::time;
use crate::trust::{TrustArgs, read_trust_file};
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

Compare fingerprint and block with somebody whom you trust. Exit code 1 where the file does not
hold.";

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

/// A trust file that was read, and what it proves.
#[derive(Serialize)]
struct Shown {
    path: PathBuf,
    #[serde(flatten)]
    finding: TrustFinding,
}

pub(crate) fn run(command: Command, output: &Output) -> anyhow::Result<Outcome> {
    let shown = match command {
        Command::Fetch(args) => remote::block_on(fetch(&args))??,
        Command::Show(args) => shown(&args.file, &read_trust_file(&args.file)?, time::now_ms()),
    };
    output.print(&shown)?;
    Ok(shown.finding.verdict.answer().into())
}

async fn fetch(args: &FetchArgs) -> anyhow::Result<Shown> {
    let remote = Remote::open(&args.source).await?;
    let trust = args.trust.for_node(&remote).await?;
    let file = remote.told(remote.ask(|| remote.client().trust_file()).await)?;
    if file.genesis.chain_id() != trust.anchor().chain_id {
        bail!("the {} {} gives a trust file of another chain", remote.kind(), remote.url());
    }
    let now_ms = time::now_ms();
    let new = file.verify(now_ms);
    let new = new.with_context(|| {
        format!("the trust file of the {} {} does not hold; ask another", remote.kind(), remote.url())
    })?;
    if args.out.exists() {
        let old = read_trust_file(&args.out)?;
        check_follows(&old, &file, &new, &remote, now_ms)
            .await
            .with_context(|| format!("{} stays as it is", args.out.display()))?;
    }
    let name = args.out.as_os_str().as_encoded_bytes();
    let json = name.ends_with(b".json");
    let bytes = if json { file.to_json().into_bytes() } else { file.to_binary() };
    files::replace(&args.out, &bytes, Mode::Public)?;
    Ok(shown(&args.out, &file, now_ms))
}

/// Checks that a new file may take the place of an old one, which somebody may have compared: see
/// `docs/formats/trust-file.md`, "Keeping a trust file".
async fn check_follows(
    old: &TrustFile,
    new: &TrustFile,
    new_anchor: &TrustAnchor,
    remote: &Remote,
    now_ms: u64,
) -> anyhow::Result<()> {
    let old_anchor = old.verify(now_ms).context("it does not hold; move it away")?;
    let (before, after) = (&old.anchor.header, &new.anchor.header);
    if old_anchor.chain_id != new_anchor.chain_id {
        bail!("it is of another chain, {}", old_anchor.chain_id);
    }
    if before.height > after.height {
        bail!("it is of block {}, newer than block {} of the {}", before.height, after.height, remote.kind());
    }
    let fork =
        || anyhow::anyhow!("FORK: block {} is another there; keep both files as evidence", before.height);
    if before.height == after.height {
        return if before.hash() == after.hash() { Ok(()) } else { Err(fork()) };
    }
    let changes = new.validator_changes.iter().map(|TrustedChange { header, certificate, next, .. }| {
        ValidatorChange { header: header.clone(), certificate: certificate.clone(), next: next.clone() }
    });
    let changes = changes.filter(|change| change.header.height < after.height).collect();
    let finality = Finality::certificate(new.anchor.certificate.clone(), changes);
    old_anchor.verify_header(after, &finality).context(
        "it does not vouch for the newer block; if it is too old, move it away, fetch anew, and compare the block \
         with somebody whom you trust",
    )?;
    for _ in 0..HISTORY_TRIES {
        let older = history_proof(remote, before.height).await?;
        if older.header.hash() != before.hash() {
            return Err(fork());
        }
        let unproved = || format!("block {} is not proved to be in the newer history", before.height);
        older.verify(new_anchor).with_context(unproved)?;
        // However many signed it, a header by itself is in no history.
        let Finality::History(proof) = &older.finality else { bail!(unproved()) };
        let newest = proof.header.hash();
        if newest == after.hash() {
            return Ok(());
        }
        // The chain went on: both blocks have to be in the history of the same header.
        let newer = history_proof(remote, after.height).await?;
        newer.verify(new_anchor).with_context(unproved)?;
        match &newer.finality {
            Finality::History(proof) if proof.header.hash() == newest => {
                return if newer.header.hash() == after.hash() { Ok(()) } else { Err(fork()) };
            }
            _ => {}
        }
    }
    bail!(
        "the {} {} proves blocks {} and {} from different blocks; fetch again",
        remote.kind(),
        remote.url(),
        before.height,
        after.height
    )
}

async fn history_proof(remote: &Remote, height: Height) -> anyhow::Result<HeaderProof> {
    remote.told(remote.client().history_proof(height, ProofForm::SelfContained).await)
}

fn shown(path: &Path, file: &TrustFile, now_ms: u64) -> Shown {
    Shown { path: path.to_owned(), finding: TrustFinding::of(file, now_ms) }
}

impl Report for Shown {
    fn view(&self) -> View {
        let (path, found) = (self.path.display(), &self.finding);
        let view = match &found.reason {
            None => {
                View::new().line(format!("{path}: trust file of {}, proved from its genesis", found.name))
            }
            Some(reason) => View::new().line(format!("{path}: {}", found.verdict)).fact("because", reason),
        };
        let view = view.fact("fingerprint", &found.fingerprint).fact("chain id", found.chain_id);
        let Some(proved) = &found.proved else { return view };
        let age = time::format_age(proved.age_seconds);
        view.fact("block", format!("{}, {} ({age})", proved.height, time::format_ms(proved.time_ms)))
            .fact("block hash", proved.block)
            .fact("validators", format!("{}, after {} changes", proved.validators, proved.validator_changes))
    }
}

/// Times that two proofs are asked for until both are of the same block.
const HISTORY_TRIES: usize = 10;
