//! `sanad member revoke`: with the governance keys, in place of the issuing key.

use std::path::PathBuf;

use sanad_core::batch::BatchChain;
use sanad_core::event::Event;
use sanad_core::ids::LogIndex;

use super::confirm::indices;
use crate::governance::SignerArgs;
use crate::output::{Outcome, Output};
use crate::remote;

pub(crate) const EXAMPLES: &str = "\
Examples:
  sanad member revoke 4711 4712 --member-dir merapi
  sanad member revoke --from forged.txt --yes --member-dir merapi
  sanad member revoke 815 --as-successor --member-dir semeru

For what a stolen issuing key entered, for more than a day's 256 revocations, and for a member that is retired. A named
successor revokes what the retired member issued with --as-successor. A revocation is final.";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// Log indices, ISSUER/COMMITMENT, receipts, or documents with their receipts beside them
    #[arg(required_unless_present = "from", value_name = "TARGET")]
    targets: Vec<String>,
    /// Text file with one target a line, lines that begin with # left out
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// The credentials are those of a retired member, whose successor this one is
    #[arg(long)]
    as_successor: bool,
    #[command(flatten)]
    signer: SignerArgs,
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let acted = remote::block_on(async {
        let session = args.signer.open().await?;
        let event = |target: LogIndex| match args.as_successor {
            true => Event::RevokeAsSuccessor { target },
            false => Event::RevokeByGovernance { target },
        };
        let targets = indices(&session, &args.targets, args.from.as_deref()).await?;
        let events = targets.into_iter().map(event).collect();
        args.signer.act(&session, BatchChain::Governance, events).await
    })??;
    acted.print(output)?;
    Ok(Outcome::Yes)
}
