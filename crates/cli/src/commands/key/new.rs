//! `sanad key new`.

use std::path::PathBuf;

use anyhow::bail;
use clap::ValueEnum;
use sanad_core::signature::PublicKey;
use serde::Serialize;

use crate::keys::{NewKey, PassphraseArgs, Purpose};
use crate::output::{Outcome, Output, Report};
use crate::view::View;

pub(crate) const EXAMPLES: &str = "\
Examples:
  sanad key new --purpose issuing --out keys/issuing.json
  sanad key new --purpose consensus --out keys/consensus.json --passphrase-file /run/secrets/sanad

The file is made readable by its owner alone and never overwrites another. Without the
passphrase the key is lost: keep both, apart from each other. A passphrase has at least 12
characters; a passphrase file is its owner's alone, too (chmod 600).";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// What the key is to sign
    #[arg(long, value_enum)]
    purpose: PurposeName,
    /// The file to write; it must not exist
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    passphrase: PassphraseArgs,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum PurposeName {
    /// The member's decisions about itself and the consortium, and its agreement to the genesis.
    Governance,
    /// Batches of issuances and revocations.
    Issuing,
    /// Votes on blocks.
    Consensus,
    /// The node's connections to its peers.
    Network,
    /// Checkpoints of static exports, for witnesses and monitors.
    Checkpoint,
}

impl From<PurposeName> for Purpose {
    fn from(name: PurposeName) -> Self {
        match name {
            PurposeName::Governance => Self::Governance,
            PurposeName::Issuing => Self::Issuing,
            PurposeName::Consensus => Self::Consensus,
            PurposeName::Network => Self::Network,
            PurposeName::Checkpoint => Self::Checkpoint,
        }
    }
}

#[derive(Serialize)]
struct Made {
    purpose: Purpose,
    public_key: PublicKey,
    path: PathBuf,
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    if args.out.exists() {
        bail!("{} exists already and is never overwritten; choose another --out", args.out.display());
    }
    let purpose = args.purpose.into();
    let key = NewKey::generate(purpose, &args.passphrase.fresh()?)?;
    key.write(&args.out)?;
    output.print(&Made { purpose, public_key: key.public(), path: args.out.clone() })?;
    Ok(Outcome::Yes)
}

impl Report for Made {
    fn view(&self) -> View {
        View::new()
            .line(format!("{} written", self.path.display()))
            .fact("purpose", self.purpose.as_str())
            .fact("public key", self.public_key)
    }
}
