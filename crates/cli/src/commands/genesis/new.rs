//! `sanad genesis new`: members' public files become a genesis that waits for its signatures.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, bail};
use sanad_core::genesis::{GENESIS_VERSION, Genesis, MemberSignatures, Parameters, fingerprint};
use sanad_core::hash::ChainId;
use sanad_core::member::{Invitation, MemberFile, Role};
use sanad_issuer::read_member;
use serde::Serialize;

use crate::files::{self, Mode};
use crate::output::{Outcome, Output, Report};
use crate::view::View;

pub(crate) const EXAMPLES: &str = "\
Examples:
  sanad genesis new --out draft.json */member.json
  sanad genesis new --out draft.json --heartbeat-ms 30000 a.json b.json c.json d.json

One institution runs this and sends the result to all others, who run `sanad genesis sign`.
Members are sorted by id and checked. No node starts with a genesis that a member has not
signed: `sanad genesis complete` puts the signatures in.";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The file to write; it must not exist
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Most bytes of a block
    #[arg(long, value_name = "BYTES", default_value_t = Parameters::default().block_bytes_max)]
    block_bytes_max: u32,
    /// Longest time between two blocks, which bounds how old a proved status can be
    #[arg(long, value_name = "MS", default_value_t = Parameters::default().heartbeat_ms)]
    heartbeat_ms: u32,
    /// Origin of the log's checkpoints, such as example.org/sanad [default: from the invitation's random number]
    #[arg(long, value_name = "NAME")]
    log_origin: Option<String>,
    /// Members' public files
    #[arg(required = true, value_name = "MEMBER.json")]
    members: Vec<PathBuf>,
}

#[derive(Serialize)]
struct Made {
    path: PathBuf,
    chain_id: ChainId,
    fingerprint: String,
    members: usize,
    validators: usize,
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let members = args.members.iter().map(|path| read_member(path)).collect::<Result<_, _>>()?;
    let parameters = Parameters {
        block_bytes_max: args.block_bytes_max,
        heartbeat_ms: args.heartbeat_ms,
        ..Parameters::default()
    };
    let genesis = assemble(parameters, args.log_origin.clone(), members)?;
    files::create_new(&args.out, genesis.to_json().as_bytes(), Mode::Public)?;
    let validators = genesis.members.iter().filter(|member| member.role == Role::Validator).count();
    let chain_id = genesis.chain_id();
    output.print(&Made {
        path: args.out.clone(),
        chain_id,
        fingerprint: fingerprint(&chain_id),
        members: genesis.members.len(),
        validators,
    })?;
    Ok(Outcome::Yes)
}

/// Makes a genesis of member files that answer one invitation. Nobody has agreed to it yet.
pub(crate) fn assemble(
    parameters: Parameters,
    log_origin: Option<String>,
    mut files: Vec<MemberFile>,
) -> anyhow::Result<Genesis> {
    files.sort_by(|a, b| a.member.id.cmp(&b.member.id));
    let Some(Invitation { name, nonce }) = files.first().map(|file| file.consortium.clone()) else {
        bail!("a genesis needs members");
    };
    if let Some(other) = files.iter().find(|file| file.consortium != files[0].consortium) {
        bail!(
            "{} answers another invitation than {}: all members need the same one",
            other.member.id,
            files[0].member.id
        );
    }
    let signatures = files.iter().map(|file| {
        let possession = file.signatures.clone();
        (file.member.id.clone(), MemberSignatures { possession, agreement: BTreeMap::new() })
    });
    let genesis = Genesis {
        version: GENESIS_VERSION,
        name,
        nonce,
        log_origin: log_origin.unwrap_or_else(|| format!("sanad/{}", hex::encode(&nonce.0[..8]))),
        predecessor: None,
        parameters,
        signatures: signatures.collect(),
        members: files.into_iter().map(|file| file.member).collect(),
    };
    genesis.check().context("these members do not make a genesis")?;
    Ok(genesis)
}

impl Report for Made {
    fn view(&self) -> View {
        View::new()
            .line(format!("{} written; every member has to sign it", self.path.display()))
            .fact("chain id", self.chain_id)
            .fact("fingerprint", &self.fingerprint)
            .fact("members", format!("{}, of which {} validators", self.members, self.validators))
            .line(format!(
                "Next, at each member: sanad genesis sign {} --member-dir DIR",
                self.path.display()
            ))
    }
}
