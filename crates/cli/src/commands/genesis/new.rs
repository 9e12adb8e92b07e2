//! `sanad genesis new`: members' public files become a genesis.

use std::path::{Path, PathBuf};

use anyhow::Context;
use sanad_core::genesis::{GENESIS_VERSION, Genesis, Parameters};
use sanad_core::hash::ChainId;
use sanad_core::json_form;
use sanad_core::member::{Member, Role};
use serde::Serialize;

use crate::files::{self, Mode};
use crate::output::{Outcome, Output, Report};
use crate::time;
use crate::view::View;

pub(crate) const EXAMPLES: &str = "\
Examples:
  sanad genesis new --name \"Konsorsium Uji\" --out genesis.json */member.json
  sanad genesis new --name \"Konsorsium Uji\" --out genesis.json --time-ms 1763759100000 a.json b.json

Members are sorted by id and checked. The chain id is the hash of the result: compare it
by voice or on paper with everyone who is to trust the chain, for the genesis is all that
a verifier trusts.";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// Name of the consortium
    #[arg(long)]
    name: String,
    /// The file to write; it must not exist
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// When the chain begins, in milliseconds since 1970-01-01 UTC [default: now]
    #[arg(long, value_name = "MS")]
    time_ms: Option<u64>,
    /// Most bytes of a block [default: core's]
    #[arg(long, value_name = "BYTES")]
    block_bytes_max: Option<u32>,
    /// Members' public files
    #[arg(required = true, value_name = "MEMBER.json")]
    members: Vec<PathBuf>,
}

#[derive(Serialize)]
struct Made {
    path: PathBuf,
    chain_id: ChainId,
    members: usize,
    validators: usize,
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let members = args.members.iter().map(|path| read_member(path)).collect::<anyhow::Result<_>>()?;
    let mut parameters = Parameters::default();
    if let Some(bytes) = args.block_bytes_max {
        parameters.block_bytes_max = bytes;
    }
    let genesis = assemble(&args.name, args.time_ms.unwrap_or_else(time::now_ms), parameters, members)?;
    files::create_new(&args.out, genesis.to_json().as_bytes(), Mode::Public)?;
    let validators = genesis.members.iter().filter(|member| member.role == Role::Validator).count();
    output.print(&Made {
        path: args.out.clone(),
        chain_id: genesis.chain_id(),
        members: genesis.members.len(),
        validators,
    })?;
    Ok(Outcome::Yes)
}

/// Sorts the members and checks that all fits together.
pub(crate) fn assemble(
    name: &str,
    time_ms: u64,
    parameters: Parameters,
    mut members: Vec<Member>,
) -> anyhow::Result<Genesis> {
    members.sort_by(|a, b| a.id.cmp(&b.id));
    let genesis = Genesis { version: GENESIS_VERSION, name: name.to_owned(), time_ms, parameters, members };
    genesis.check().context("these members make no genesis")?;
    Ok(genesis)
}

/// Reads and checks a member's public file.
pub(crate) fn read_member(path: &Path) -> anyhow::Result<Member> {
    let text = files::read(path, MEMBER_FILE_BYTES_MAX)?;
    let name = path.display();
    let member: Member = json_form::read(&text)
        .with_context(|| format!("{name} is no member file, as `sanad member new` writes them"))?;
    member.check().with_context(|| format!("{name} does not fit together"))?;
    Ok(member)
}

impl Report for Made {
    fn view(&self) -> View {
        View::new()
            .line(format!("{} written", self.path.display()))
            .fact("chain id", self.chain_id)
            .fact("members", format!("{}, of which {} validators", self.members, self.validators))
    }
}

/// Longest member file, in bytes.
const MEMBER_FILE_BYTES_MAX: usize = 64 << 10;
