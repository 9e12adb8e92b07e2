//! `sanad member list`.

use sanad_core::member::MemberState;
use serde::Serialize;

use crate::output::{Outcome, Output, Report};
use crate::remote::{self, Remote, SourceArgs};
use crate::view::View;

pub(crate) const EXAMPLES: &str = "\
Examples:
  sanad member list
  sanad member list --json | jq -r '.members[].record.id'

The list is the node's word; `sanad member show ID` checks one record's proof.";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    #[command(flatten)]
    source: SourceArgs,
}

#[derive(Serialize)]
struct Members {
    members: Vec<MemberState>,
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let members = remote::block_on(async {
        let remote = Remote::open(&args.source).await?;
        remote.told(remote.client().members().await)
    })??;
    output.print(&Members { members })?;
    Ok(Outcome::Yes)
}

impl Report for Members {
    fn view(&self) -> View {
        let row = |member: &MemberState| {
            let (record, rest) = (member.record(), member.rest());
            vec![
                record.id.to_string(),
                format!("{:?}", rest.role).to_lowercase(),
                record.standing.to_string(),
                rest.issuing.next_sequence.to_string(),
                rest.events.count.to_string(),
                record.name.clone(),
            ]
        };
        View::new().table(
            &["member", "role", "standing", "batches", "entries", "name"],
            self.members.iter().map(row).collect(),
        )
    }
}
