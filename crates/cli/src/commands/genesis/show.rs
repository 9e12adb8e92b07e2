//! `sanad genesis show`.

use std::path::PathBuf;

use sanad_core::genesis::{Genesis, Parameters, fingerprint};
use sanad_core::hash::ChainId;
use sanad_core::member::Member;
use serde::Serialize;

use crate::output::{Outcome, Output, Report};
use crate::trust;
use crate::view::View;

pub(crate) const EXAMPLES: &str = "\
Examples:
  sanad genesis show genesis.json
  sanad genesis show genesis.json --json | jq -r .chain_id";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The genesis file
    #[arg(env = "SANAD_GENESIS")]
    file: PathBuf,
}

#[derive(Serialize)]
struct Shown {
    chain_id: ChainId,
    fingerprint: String,
    name: String,
    log_origin: String,
    /// Whether upgrades are rehearsed on it.
    test_network: bool,
    /// Whether every member signed it: nodes start with no other.
    complete: bool,
    parameters: Parameters,
    validators: usize,
    quorum: usize,
    members: Vec<Member>,
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let genesis = trust::read_genesis(&args.file)?;
    let set = genesis.validators()?;
    let (validators, quorum) = (set.validators().len(), set.quorum());
    let chain_id = genesis.chain_id();
    let test_network = genesis.is_test_network();
    let complete = genesis.check_signatures().is_ok();
    let Genesis { name, log_origin, parameters, members, .. } = genesis;
    output.print(&Shown {
        chain_id,
        fingerprint: fingerprint(&chain_id),
        name,
        log_origin,
        test_network,
        complete,
        parameters,
        validators,
        quorum,
        members,
    })?;
    Ok(Outcome::Yes)
}

impl Report for Shown {
    fn view(&self) -> View {
        let row = |member: &Member| {
            let role = format!("{:?}", member.role).to_lowercase();
            vec![member.id.to_string(), role, member.name.clone()]
        };
        View::new()
            .line(&self.name)
            .fact("chain id", self.chain_id)
            .fact("fingerprint", &self.fingerprint)
            .fact("signed", if self.complete { "by every member" } else { "not by every member yet" })
            .fact("log origin", &self.log_origin)
            .fact("kind", if self.test_network { "a test network" } else { "a consortium" })
            .fact("block limit", format!("{} bytes", self.parameters.block_bytes_max))
            .fact("heartbeat", format!("{} ms", self.parameters.heartbeat_ms))
            .fact("a block needs", format!("{} of {} validators", self.quorum, self.validators))
            .table(&["member", "role", "name"], self.members.iter().map(row).collect())
    }
}
