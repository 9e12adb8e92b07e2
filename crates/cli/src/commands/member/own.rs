//! `sanad member freeze`, `set-address` and `drop-issuer-id`: what takes one event and nothing else.

use sanad_core::batch::BatchChain;
use sanad_core::event::Event;
use sanad_core::member::IssuerId;

use crate::governance::SignerArgs;
use crate::output::{Outcome, Output};
use crate::remote;

pub(crate) const FREEZE_EXAMPLES: &str = "\
Examples:
  sanad member freeze --member-dir merapi
  sanad member freeze --as univ-merapi.example --key rector.json --yes

For the hour in which a governance key may be in wrong hands. One key is enough, whatever the threshold. From the next
block on the member issues nothing and changes nothing by itself; its votes still count. It thaws when the consortium
replaces its governance keys by new ones: sanad member offer-keys, sanad governance propose replace-governance-keys.";

pub(crate) const ADDRESS_EXAMPLES: &str = "\
Examples:
  sanad member set-address consensus://node.univ-merapi.example:4001 gossip://node.univ-merapi.example:4002 \\
      --member-dir merapi
  sanad member set-address --none --member-dir merapi

All addresses are given; the former ones no longer count.";

pub(crate) const DROP_EXAMPLES: &str = "\
Examples:
  sanad member drop-issuer-id https://univ-merapi.example --member-dir merapi

What was issued under the name before stays good. A vote can bring it back: sanad governance propose add-issuer-id.";

#[derive(clap::Args, Debug)]
pub(crate) struct FreezeArgs {
    #[command(flatten)]
    signer: SignerArgs,
}

#[derive(clap::Args, Debug)]
pub(crate) struct AddressArgs {
    /// Where the node is reached, consensus://HOST:PORT and gossip://HOST:PORT; other nodes look for these two forms
    #[arg(value_name = "ADDRESS", required_unless_present = "none")]
    addresses: Vec<String>,
    /// Nowhere
    #[arg(long, conflicts_with = "addresses")]
    none: bool,
    #[command(flatten)]
    signer: SignerArgs,
}

#[derive(clap::Args, Debug)]
pub(crate) struct DropArgs {
    /// The name, a DID or an https URL
    issuer_id: IssuerId,
    #[command(flatten)]
    signer: SignerArgs,
}

pub(crate) fn freeze(args: &FreezeArgs, output: &Output) -> anyhow::Result<Outcome> {
    act(&args.signer, BatchChain::Freeze, Event::Freeze, output)
}

pub(crate) fn set_address(args: AddressArgs, output: &Output) -> anyhow::Result<Outcome> {
    let event = Event::SetAddresses { addresses: args.addresses };
    act(&args.signer, BatchChain::Governance, event, output)
}

pub(crate) fn drop_issuer_id(args: DropArgs, output: &Output) -> anyhow::Result<Outcome> {
    let event = Event::DropIssuerId { issuer_id: args.issuer_id };
    act(&args.signer, BatchChain::Governance, event, output)
}

fn act(signer: &SignerArgs, chain: BatchChain, event: Event, output: &Output) -> anyhow::Result<Outcome> {
    let acted = remote::block_on(async {
        let session = signer.open().await?;
        signer.act(&session, chain, vec![event]).await
    })??;
    acted.print(output)?;
    Ok(Outcome::Yes)
}
