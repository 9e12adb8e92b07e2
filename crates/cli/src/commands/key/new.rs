//! `sanad key new`.

use std::path::PathBuf;

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
passphrase the key is lost: keep both, apart from each other.";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// What the key is to sign
    #[arg(long, value_enum)]
    purpose: Purpose,
    /// The file to write; it must not exist
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    passphrase: PassphraseArgs,
}

#[derive(Serialize)]
struct Made {
    purpose: Purpose,
    public_key: PublicKey,
    path: PathBuf,
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let key = NewKey::generate(args.purpose, &args.passphrase.fresh()?)?;
    key.write(&args.out)?;
    output.print(&Made { purpose: args.purpose, public_key: key.public, path: args.out.clone() })?;
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
