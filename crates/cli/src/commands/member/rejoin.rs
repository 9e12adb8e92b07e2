//! `sanad member rejoin`: a validator that has lost its memory votes again with the same key.

use anyhow::bail;
use sanad_core::batch::BatchChain;
use sanad_core::event::Event;
use sanad_core::governance::RejoinStatement;
use sanad_core::ids::MemberId;

use crate::governance::SignerArgs;
use crate::output::{Outcome, Output};
use crate::remote::{self, ConnectionArgs, NodeArgs, Remote, parse_node_url};

pub(crate) const EXAMPLES: &str = "\
Examples:
  sanad member rejoin --member-dir merapi
  sanad member rejoin --of http://10.0.0.4:50051 --node https://node.semeru.example --member-dir merapi

For a validator whose disk was lost or set back, and which waits for other validators' word. It must run: what is signed names a
number that its process drew, and counts for that process alone. Make sure that the process which signed before is gone for
good: two that sign with one key end as evidence against the member. The node votes after the block that holds the statement.";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The node that has lost its memory [default: the one of --node, by which the statement is entered]
    #[arg(long, value_name = "URL", value_parser = parse_node_url)]
    of: Option<String>,
    #[command(flatten)]
    signer: SignerArgs,
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let signer = &args.signer;
    let acted = remote::block_on(async {
        let member = signer.member()?;
        let NodeArgs { node, connection } = signer.node();
        let statement = statement_of(args.of.as_deref().unwrap_or(node), connection, &member).await?;
        let session = signer.open().await?;
        let events = vec![Event::Rejoin(Box::new(statement))];
        signer.act(&session, BatchChain::Governance, events).await
    })??;
    acted.print(output)?;
    Ok(Outcome::Yes)
}

/// What the node asks to be signed. It proves nothing, and needs not: a wrong key is refused, and a wrong number frees nobody.
async fn statement_of(
    url: &str,
    connection: &ConnectionArgs,
    member: &MemberId,
) -> anyhow::Result<RejoinStatement> {
    let status = Remote::connect_to(url, connection).await?.node_status().await?;
    if status.member.as_ref() != Some(member) {
        bail!("{url} is not a node of {member}; give the one that has lost its memory with --of URL");
    }
    match status.rejoin {
        Some(statement) => Ok(statement),
        None => {
            bail!("{url} waits for no rejoin statement: it votes, or will by itself; see `sanad node why`")
        }
    }
}
