//! `sanad governance submit`: hands in a request that was signed.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::bail;

use super::sign::{Proved, read};
use crate::governance::{Acted, Session, in_words, submit};
use crate::output::{Outcome, Output};
use crate::remote::{self, NodeArgs, Remote};
use crate::time;
use crate::trust::TrustArgs;

pub(crate) const EXAMPLES: &str = "\
Examples:
  sanad governance submit vote.json

The request has all signatures it needs; nobody's key is used. Submitting it twice does no harm. If another batch of the
member came first, the request has to be prepared and signed anew.";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The signed request
    #[arg(value_name = "REQUEST.json")]
    file: PathBuf,
    /// How long to wait until it is final
    #[arg(long, default_value = "2m", value_name = "DURATION", value_parser = time::parse_duration)]
    wait: Duration,
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    node: NodeArgs,
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let request = read(&args.file)?;
    let acted = remote::block_on(async {
        let session = Session::open(Remote::connect(&args.node).await?, &args.trust).await?;
        if request.chain_id != session.trust.anchor().chain_id {
            bail!("{} is for another consortium", args.file.display());
        }
        // By then the proposal may be closed, and no longer among what the node proves.
        let proved = Proved::of(&args.file, &request, &session.trust)?;
        let entered = submit(&session, &request, args.wait).await?;
        anyhow::Ok(Acted {
            member: request.member.clone(),
            events: in_words(&request.events, proved.known()),
            warnings: Vec::new(),
            proposal: None,
            prepared: None,
            new_key: None,
            batches: vec![entered],
        })
    })??;
    acted.print(output)?;
    Ok(Outcome::Yes)
}
