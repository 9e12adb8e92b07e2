//! `sanad register create`: a new register of an issuer.

use std::path::PathBuf;

use sanad_register::{Owner, Register};
use serde::Serialize;

use crate::issuer::IssuerArgs;
use crate::output::{Outcome, Output, Report};
use crate::register::OpeningArgs;
use crate::time;
use crate::trust::TrustArgs;
use crate::view::View;

pub(super) const EXAMPLES: &str = "\
Examples:
  sanad register create merapi/register.db --issuer-dir merapi --genesis genesis.json

The passphrase is not that of the key. Without it nobody can read the register: keep it, and backups,
where another person finds them. The file must be on a local disk.";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The new file
    file: PathBuf,
    #[command(flatten)]
    opening: OpeningArgs,
    #[command(flatten)]
    issuer: IssuerArgs,
    #[command(flatten)]
    trust: TrustArgs,
}

#[derive(Serialize)]
struct Created {
    register: PathBuf,
    #[serde(flatten)]
    owner: Owner,
}

pub(super) fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let owner = Owner { chain_id: args.trust.read()?.anchor().chain_id, issuer: args.issuer.id()? };
    let passphrase = args.opening.fresh()?;
    Register::create(&args.file, &passphrase, owner.clone(), args.opening.options(), time::now_ms())?;
    output.print(&Created { register: args.file.clone(), owner })?;
    Ok(Outcome::Yes)
}

impl Report for Created {
    fn view(&self) -> View {
        View::new()
            .line(format!("{} made", self.register.display()))
            .fact("issuer", &self.owner.issuer)
            .fact("chain", self.owner.chain_id)
    }
}
