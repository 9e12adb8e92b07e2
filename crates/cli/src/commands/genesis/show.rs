//! `sanad genesis show`.

use std::path::PathBuf;

use sanad_core::genesis::{Genesis, Parameters};
use sanad_core::hash::ChainId;
use sanad_core::ids::Height;
use sanad_core::member::Member;
use serde::Serialize;

use crate::output::{Outcome, Output, Report};
use crate::view::View;
use crate::{time, trust};

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
    name: String,
    time_ms: u64,
    parameters: Parameters,
    validators: usize,
    quorum: usize,
    members: Vec<Member>,
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let genesis = trust::read_genesis(&args.file)?;
    let set = genesis.registry().validators(Height::GENESIS.next())?;
    let (validators, quorum) = (set.validators().len(), set.quorum());
    let chain_id = genesis.chain_id();
    let Genesis { name, time_ms, parameters, members, .. } = genesis;
    output.print(&Shown { chain_id, name, time_ms, parameters, validators, quorum, members })?;
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
            .fact("begins", time::format_ms(self.time_ms))
            .fact("block limit", format!("{} bytes", self.parameters.block_bytes_max))
            .fact("a block needs", format!("{} of {} validators", self.quorum, self.validators))
            .table(&["member", "role", "name"], self.members.iter().map(row).collect())
    }
}
