//! `sanad status`: a credential's status as of a node's last block, proved.

use std::time::Duration;

use anyhow::bail;
use sanad_api::CredentialKey;

use crate::finding::Finding;
use crate::output::{Outcome, Output};
use crate::remote::{self, NodeArgs, Remote, is_missing};
use crate::target::Target;
use crate::time;
use crate::trust::{GenesisArgs, Trust};

pub(crate) const EXAMPLES: &str = "\
Examples:
  sanad status 42 --genesis genesis.json
  sanad status ijazah.json --max-age 1h
  sanad status 3f0c...e1 --json | jq -r .verdict

Exit code 0: active. 1: suspended, revoked, stale, unknown to the node, or not proven. 2:
no answer.";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// A log index, a commitment, a receipt, or a document with its receipt beside it
    target: String,
    /// Oldest block to take, such as 15m or 24h; an older one is "stale"
    #[arg(long, value_name = "DURATION", value_parser = time::parse_duration)]
    max_age: Option<Duration>,
    #[command(flatten)]
    genesis: GenesisArgs,
    #[command(flatten)]
    node: NodeArgs,
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let finding = remote::block_on(ask(args))??;
    output.print(&finding)?;
    Ok(finding.verdict.outcome())
}

async fn ask(args: &Args) -> anyhow::Result<Finding> {
    let remote = Remote::connect(&args.node).await?;
    let trust = Trust::for_node(&args.genesis, &remote).await?;
    let target = Target::read(&args.target, &trust.anchor)?;
    let key = match (&target, target.commitment()) {
        (Target::Index(index), _) => CredentialKey::Index(*index),
        // By commitment, not by the receipt's index: that is what the document gives.
        (_, Some(commitment)) => CredentialKey::Commitment(commitment),
        (_, None) => bail!("{} is a receipt of no issuance", args.target),
    };
    let mut finding = match remote.client().status(&key).await {
        Ok(proof) => Finding::of_proof(args.target.clone(), &proof, &trust, time::now_ms()),
        Err(error) if is_missing(&error) => {
            return Ok(Finding::unknown(args.target.clone(), format!("the node says: {error}")).close());
        }
        Err(error) => return remote.told(Err(error)),
    };
    if let Some(age_max) = args.max_age {
        finding.check_age(age_max);
    }
    Ok(finding.close())
}
