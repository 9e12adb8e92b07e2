//! `sanad member show`: one record, with what proves it.

use sanad_api::{MemberDetails, ProofForm};
use sanad_core::hash::Root;
use sanad_core::ids::{Height, MemberId};
use sanad_core::member::{KeyPurpose, MemberRecord, MemberRest};
use serde::Serialize;

use crate::output::{Outcome, Output, Report};
use crate::remote::{self, Remote, SourceArgs};
use crate::time;
use crate::trust::TrustArgs;
use crate::view::View;
use sanad_verify::explain;

pub(crate) const EXAMPLES: &str = "\
Examples:
  sanad member show univ-merapi.example --genesis genesis.json
  sanad member show univ-merapi.example --as-of 4711
  sanad member show univ-merapi.example --json | jq .rest.issuing

Exit code 1 where the node's proof of the record does not hold.";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The member's id
    id: MemberId,
    /// The record as it was after the block of this height
    #[arg(long, value_name = "HEIGHT")]
    as_of: Option<Height>,
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    source: SourceArgs,
}

#[derive(Serialize)]
struct Shown {
    proven: bool,
    /// Why it is not proven.
    reason: Option<String>,
    record: MemberRecord,
    /// What stands under the record's rest hash.
    rest: MemberRest,
    height: Height,
    time_ms: u64,
    state_root: Root,
    /// Place of the record among all, from 0.
    index: u64,
    count: u64,
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let shown = remote::block_on(ask(args))??;
    output.print(&shown)?;
    Ok(if shown.proven { Outcome::Yes } else { Outcome::No })
}

async fn ask(args: &Args) -> anyhow::Result<Shown> {
    let remote = Remote::open(&args.source).await?;
    let trust = args.trust.for_node(&remote).await?;
    let asked = remote.ask(|| async {
        let (client, form) = (remote.client(), ProofForm::SelfContained);
        match args.as_of {
            None => client.member(&args.id, form).await,
            Some(height) => client.member_as_of(&args.id, height, form).await,
        }
    });
    let details = remote.told(asked.await)?;
    let mut reason = details.proof.verify(trust.anchor()).err().map(|fault| explain(&fault));
    let MemberDetails { proof, rest } = details;
    if rest.hash() != proof.member.record.rest {
        reason.get_or_insert_with(|| "the keys are not those that the record names".to_owned());
    }
    Ok(Shown {
        proven: reason.is_none(),
        reason,
        record: proof.member.record,
        rest,
        height: proof.header.height,
        time_ms: proof.header.time_ms,
        state_root: proof.header.state_root,
        index: proof.member.index,
        count: proof.member.count,
    })
}

impl Report for Shown {
    fn view(&self) -> View {
        let Self { record, rest, .. } = self;
        let proof = match &self.reason {
            None => format!("holds: record {} of {}", self.index + 1, self.count),
            Some(reason) => format!("DOES NOT HOLD: {reason}"),
        };
        let mut view = View::new()
            .line(format!("{} ({})", record.name, record.id))
            .fact("role", format!("{:?}", rest.role).to_lowercase())
            .fact("standing", format!("{} since block {}", record.standing, record.since));
        for term in &record.issuer_ids {
            let until = term.until.map_or_else(String::new, |until| format!(" to {until}"));
            view = view.fact("issuer id", format!("{}, from log index {}{until}", term.id, term.from));
        }
        for range in &record.disputed {
            view = view.fact("disputed", format!("log indices {} to {}", range.from, range.until));
        }
        let governance_keys = rest.current_keys(KeyPurpose::Governance).count();
        view = view.fact(
            "threshold",
            format!("{} of {governance_keys} governance keys sign", rest.governance_threshold),
        );
        for term in rest.keys.iter().filter(|term| term.until.is_none()) {
            view = view.fact(format!("{:?} key", term.purpose).to_lowercase(), term.key);
        }
        for address in &rest.addresses {
            view = view.fact("address", address);
        }
        for fact in &rest.facts {
            view = view.fact(fact.name.clone(), &fact.value);
        }
        view.fact("batches", format!("{}, with {} entries", rest.issuing.next_sequence, rest.events.count))
            .fact("last batch", rest.issuing.last_batch)
            .fact("as of", format!("block {}, {}", self.height, time::format_ms(self.time_ms)))
            .fact("state root", self.state_root)
            .fact("proof", proof)
    }
}
