//! `sanad governance propose`: a validator proposes a change, and approves it.

use sanad_core::batch::BatchChain;
use sanad_core::event::Event;
use sanad_core::governance::Proposal;
use sanad_core::ids::Height;

use super::change::Command;
use crate::governance::{SignerArgs, When};
use crate::output::{Outcome, Output};
use crate::remote;

pub(crate) const EXAMPLES: &str = "\
Examples:
  sanad governance propose admit capung/member.json --expires 14d --member-dir merapi
  sanad governance propose set-role institut-capung.example validator --member-dir merapi
  sanad governance propose amend univ-bromo.example --name \"Universitas Bromo Raya\" --member-dir merapi
  sanad governance propose suspend univ-bromo.example --member-dir merapi
  sanad governance propose lift univ-bromo.example --member-dir merapi
  sanad governance propose retire univ-bromo.example --effective 30d --member-dir merapi
  sanad governance propose name-successor univ-bromo.example univ-semeru.example --member-dir merapi
  sanad governance propose replace-governance-keys bromo.offer.json --member-dir merapi
  sanad governance propose add-issuer-id univ-bromo.example did:web:bromo.example --member-dir merapi
  sanad governance propose set-validators A B C D E --member-dir merapi
  sanad governance propose set-parameters --heartbeat-ms 5000 --member-dir merapi
  sanad governance propose activate-protocol --layout 1 --rules 2 --height 90000 --member-dir merapi

The proposer approves with this. More than 2/3 of the validators have to approve until the proposal expires. --expires
and --effective take a height, or a time from now that is turned into one by how fast blocks came of late.";

/// How a change is proposed.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct Proposing {
    /// Until when it can be approved
    #[arg(long, default_value = "7d", value_name = "HEIGHT|DURATION")]
    expires: When,
    /// The earliest that it comes into force [default: as soon as the votes suffice]
    #[arg(long, value_name = "HEIGHT|DURATION")]
    effective: Option<When>,
    #[command(flatten)]
    signer: SignerArgs,
}

pub(crate) fn run(command: Command, output: &Output) -> anyhow::Result<Outcome> {
    let Proposing { expires, effective, signer } = command.proposing().clone();
    let acted = remote::block_on(async {
        let session = signer.open().await?;
        let change = command.change(&session)?;
        let (head, interval) = (session.proof.header.height, session.block_interval_ms().await?);
        let expires = expires.height(head, interval);
        let effective = effective.map_or(Height::GENESIS, |when| when.height(head, interval));
        let events = vec![Event::Propose(Box::new(Proposal { change, expires, effective }))];
        signer.act(&session, BatchChain::Governance, events).await
    })??;
    acted.print(output)?;
    Ok(Outcome::Yes)
}
