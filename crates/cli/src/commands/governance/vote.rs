//! `sanad governance approve` and `sanad governance withdraw`.

use anyhow::bail;
use sanad_core::batch::BatchChain;
use sanad_core::event::Event;
use sanad_core::hash::ProposalId;

use crate::governance::SignerArgs;
use crate::output::{Outcome, Output};
use crate::remote;

pub(crate) const APPROVE_EXAMPLES: &str = "\
Examples:
  sanad governance approve 3f9a21 --member-dir bromo
  sanad governance approve 3f9a21 --as univ-bromo.example --prepare vote.json

The proposal is named by its id or the beginning of it. What it would change is shown, as the node proves it, before
anything is signed.";

pub(crate) const WITHDRAW_EXAMPLES: &str = "\
Examples:
  sanad governance withdraw 3f9a21 --member-dir bromo

A change that is in force already is not undone by it.";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The proposal's id, or the beginning of it
    #[arg(value_name = "PROPOSAL")]
    proposal: String,
    #[command(flatten)]
    signer: SignerArgs,
}

pub(crate) fn approve(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    run(args, |proposal| Event::Approve { proposal }, output)
}

pub(crate) fn withdraw(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    run(args, |proposal| Event::Withdraw { proposal }, output)
}

fn run(args: &Args, event: impl Fn(ProposalId) -> Event, output: &Output) -> anyhow::Result<Outcome> {
    let acted = remote::block_on(async {
        let session = args.signer.open().await?;
        let id = session.find(&args.proposal)?;
        if session.governance.proposal(&id).is_none() {
            bail!("proposal {id} is closed; `sanad governance show {id}` says how");
        }
        args.signer.act(&session, BatchChain::Governance, vec![event(id)]).await
    })??;
    acted.print(output)?;
    Ok(Outcome::Yes)
}
