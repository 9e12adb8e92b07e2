//! `sanad genesis complete`: the members' signatures go into the genesis.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use sanad_core::genesis::{Genesis, fingerprint};
use sanad_core::hash::ChainId;
use sanad_core::json_form;
use serde::Serialize;

use super::sign::Agreement;
use crate::files::{self, Mode};
use crate::output::{Outcome, Output, Report};
use crate::trust;
use crate::view::View;

pub(crate) const EXAMPLES: &str = "\
Examples:
  sanad genesis complete draft.json --out genesis.json */genesis-signature.json

The chain id stays the same. The result is what nodes start with, and what verifiers trust.";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The genesis that the members signed
    #[arg(value_name = "DRAFT.json")]
    draft: PathBuf,
    /// The file to write; it must not exist
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// The members' signatures, as `sanad genesis sign` writes them
    #[arg(required = true, value_name = "SIGNATURE.json")]
    signatures: Vec<PathBuf>,
}

#[derive(Serialize)]
struct Completed {
    path: PathBuf,
    chain_id: ChainId,
    fingerprint: String,
    members: usize,
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let mut genesis = trust::read_genesis(&args.draft)?;
    for path in &args.signatures {
        add(&mut genesis, read(path)?).with_context(|| format!("{} does not fit", path.display()))?;
    }
    genesis.check_signatures().context("the genesis is not complete; nothing was written")?;
    files::create_new(&args.out, genesis.to_json().as_bytes(), Mode::Public)?;
    let chain_id = genesis.chain_id();
    output.print(&Completed {
        path: args.out.clone(),
        chain_id,
        fingerprint: fingerprint(&chain_id),
        members: genesis.members.len(),
    })?;
    Ok(Outcome::Yes)
}

/// Puts one member's signatures in.
pub(crate) fn add(genesis: &mut Genesis, agreement: Agreement) -> anyhow::Result<()> {
    let chain_id = genesis.chain_id();
    if agreement.chain_id != chain_id {
        bail!("{} signed the chain {}, not {chain_id}", agreement.member, agreement.chain_id);
    }
    let Some(signed) = genesis.signatures.get_mut(&agreement.member) else {
        bail!("{} is not a member of this genesis", agreement.member);
    };
    signed.agreement.extend(agreement.signatures);
    Ok(())
}

fn read(path: &Path) -> anyhow::Result<Agreement> {
    let text = files::read(path, AGREEMENT_BYTES_MAX)?;
    json_form::read(&text).with_context(|| {
        format!("{} is not a signature, as `sanad genesis sign` writes them", path.display())
    })
}

/// Longest agreement, in bytes.
const AGREEMENT_BYTES_MAX: usize = 8 << 10;

impl Report for Completed {
    fn view(&self) -> View {
        View::new()
            .line(format!("{} written: all {} members signed it", self.path.display(), self.members))
            .fact("fingerprint", &self.fingerprint)
            .fact("chain id", self.chain_id)
    }
}
