//! `sanad member affected`: which credentials a compromise put in doubt.

use std::time::Instant;

use sanad_core::ids::{Height, LogIndex, MemberId};
use sanad_core::member::IndexRange;
use sanad_core::status::CredentialStatus;
use serde::Serialize;

use super::entries::all_entries;
use crate::governance::ranges;
use crate::output::{Outcome, Output, Report};
use crate::remote::{self, Remote, SourceArgs};
use crate::time;
use crate::trust::TrustArgs;
use crate::view::View;

pub(crate) const EXAMPLES: &str = "\
Examples:
  sanad member affected univ-merapi.example --genesis genesis.json
  sanad member affected univ-merapi.example --json | jq '.disputed[]' > look-at-these.txt

Lists every credential that is disputed now, proved to be all of them. Those that the member confirmed or revoked since
are counted, not listed. `sanad member confirm --from look-at-these.txt` stands by what is left in the list.";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The member's id
    id: MemberId,
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    source: SourceArgs,
}

#[derive(Serialize)]
struct Affected {
    member: MemberId,
    as_of: Height,
    as_of_ms: u64,
    /// The ranges of the member's record.
    ranges: Vec<IndexRange>,
    disputed: Vec<LogIndex>,
    /// In the ranges, and confirmed since.
    confirmed: u64,
    /// In the ranges, and revoked.
    revoked: u64,
    /// All that the member ever issued.
    issued: u64,
    took_ms: u64,
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let started = Instant::now();
    let (_, complete) = remote::block_on(async {
        let remote = Remote::open(&args.source).await?;
        let trust = args.trust.for_node(&remote).await?;
        all_entries(&remote, &trust, &args.id, |_| false).await
    })??;
    let in_ranges = || complete.statuses.iter().filter(|(index, _)| complete.record.is_disputed(**index));
    let count = |wanted| in_ranges().filter(|(_, status)| **status == wanted).count() as u64;
    let disputed = in_ranges().filter(|(_, status)| **status == CredentialStatus::Disputed);
    output.print(&Affected {
        member: args.id.clone(),
        as_of: complete.height,
        as_of_ms: complete.time_ms,
        disputed: disputed.map(|(index, _)| *index).collect(),
        confirmed: count(CredentialStatus::Confirmed),
        revoked: count(CredentialStatus::Revoked),
        issued: complete.statuses.len() as u64,
        took_ms: started.elapsed().as_millis() as u64,
        ranges: complete.record.disputed.clone(),
    })?;
    Ok(Outcome::Yes)
}

impl Report for Affected {
    fn view(&self) -> View {
        let Self { member, as_of, as_of_ms, disputed, confirmed, revoked, issued, .. } = self;
        let mut view =
            View::new().line(format!("{member}: {} of {issued} credentials are disputed", disputed.len()));
        for range in &self.ranges {
            view =
                view.fact("range", format!("from log index {} up to, without, {}", range.from, range.until));
        }
        if !disputed.is_empty() {
            view = view.fact("log indices", ranges(disputed));
        }
        view.fact("confirmed", confirmed)
            .fact("revoked", revoked)
            .fact("as of", format!("block {as_of}, {}, proved to be all", time::format_ms(*as_of_ms)))
    }
}
