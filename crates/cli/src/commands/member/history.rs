//! `sanad member history`: everything that changed a member, in order.

use std::collections::BTreeMap;

use anyhow::bail;
use sanad_core::batch::BatchChain;
use sanad_core::block::BlockHeader;
use sanad_core::event::Event;
use sanad_core::hash::ProposalId;
use sanad_core::ids::{Height, LogIndex, MemberId};
use sanad_core::member::{Member, MemberRecord};
use serde::Serialize;

use super::entries::all_entries;
use crate::governance::{Known, Session, in_words, role};
use crate::output::{Outcome, Output, Report};
use crate::remote::{self, Remote, SourceArgs};
use crate::time;
use crate::trust::TrustArgs;
use crate::view::View;

pub(crate) const EXAMPLES: &str = "\
Examples:
  sanad member history univ-merapi.example --genesis genesis.json
  sanad member history univ-merapi.example --records
  sanad member history univ-merapi.example --export archive --json | jq '.events[] | select(.kind == \"rotate-key\")'

What the member said of itself, and every proposal about it with its votes: proved to be all that the log has, and each
block proved by the last one. What it issued is in `sanad proof completeness`.";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The member's id
    id: MemberId,
    /// With each event, the record after its block, proved by the node
    #[arg(long)]
    records: bool,
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    source: SourceArgs,
}

#[derive(Serialize)]
struct History {
    /// As the genesis has it, if it is one of the first members.
    #[serde(skip_serializing_if = "Option::is_none")]
    genesis: Option<Member>,
    events: Vec<Happened>,
    /// The record now.
    record: MemberRecord,
    as_of: Height,
    as_of_ms: u64,
}

#[derive(Serialize)]
struct Happened {
    height: Height,
    time_ms: u64,
    index: LogIndex,
    /// The member that said it.
    by: MemberId,
    /// In plain words.
    summary: String,
    /// The record after the block.
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<MemberRecord>,
    #[serde(flatten)]
    event: Event,
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    output.print(&remote::block_on(ask(args))??)?;
    Ok(Outcome::Yes)
}

async fn ask(args: &Args) -> anyhow::Result<History> {
    let session = Session::open(Remote::open(&args.source).await?, &args.trust).await?;
    let (remote, trust) = (&session.remote, &session.trust);
    let (entries, complete) =
        all_entries(remote, trust, &args.id, |entry| entry.event.chain() != BatchChain::Issuing).await?;
    let mut events: Vec<Happened> = Vec::new();
    let (mut block, mut record) = (None, None);
    let mut proposals = BTreeMap::new();
    for (index, entry) in entries {
        // Entries are in order: most share the block of the one before.
        let header = match block.take() {
            Some((size, header)) if index.0 < size => Some(header),
            _ => session.first_height(|header| header.log_size.0 > index.0).await?,
        };
        let Some(header) = header else { break };
        let mut summary = in_words(std::slice::from_ref(&entry.event), Known::default()).concat();
        match &entry.event {
            Event::Propose(proposal) => {
                let id = proposal_id(&session, &header, index, &entry.issuer).await?;
                summary.push_str(&format!(" (proposal {id})"));
                proposals.insert(id, proposal.change.to_string());
            }
            Event::Approve { proposal } | Event::Withdraw { proposal } => {
                let open = session.governance.proposal(proposal).map(|open| open.proposal.change.to_string());
                if let Some(change) = proposals.get(proposal).cloned().or(open) {
                    summary.push_str(&format!(": {change}"));
                }
            }
            _ => {}
        }
        if args.records && events.last().is_none_or(|last| last.height != header.height) {
            record = session.find_member_as_of(&args.id, header.height).await?;
        }
        events.push(Happened {
            height: header.height,
            time_ms: header.time_ms,
            index,
            by: entry.issuer,
            summary,
            record: record.clone(),
            event: entry.event,
        });
        block = Some((header.log_size.0, header));
    }
    Ok(History {
        genesis: trust.genesis().members.iter().find(|member| member.id == args.id).cloned(),
        events,
        record: complete.record,
        as_of: complete.height,
        as_of_ms: complete.time_ms,
    })
}

/// The id of the proposal that is entered at an index: it follows from the place in the proposer's batch.
async fn proposal_id(
    session: &Session,
    header: &BlockHeader,
    index: LogIndex,
    proposer: &MemberId,
) -> anyhow::Result<ProposalId> {
    let block = session.remote.told(session.remote.client().block(header.height).await)?.block;
    let entries: u64 = block.batches.iter().map(|batch| batch.batch().events.len() as u64).sum();
    let mut first = header.log_size.0.saturating_sub(entries);
    for batch in block.batches.iter().map(|signed| signed.batch()) {
        let position = index.0.checked_sub(first).filter(|position| *position < batch.events.len() as u64);
        if let Some(position) = position
            && let Some(Event::Propose(proposal)) = batch.events.get(position as usize)
            && batch.issuer == *proposer
        {
            return Ok(proposal.id(&batch.chain_id, proposer, batch.sequence, position as u32));
        }
        first += batch.events.len() as u64;
    }
    bail!("{} has another block {} than it proves", session.remote.url(), header.height)
}

impl Report for History {
    fn view(&self) -> View {
        let Self { record, as_of, as_of_ms, .. } = self;
        let mut view = View::new().line(format!("{} ({})", record.name, record.id));
        if let Some(member) = &self.genesis {
            view = view.line(format!("in the genesis: {}, {}", member.name, role(member.role)));
        }
        let with_records = self.events.iter().any(|happened| happened.record.is_some());
        let row = |happened: &Happened| {
            let Happened { height, time_ms, index, by, summary, record, .. } = happened;
            let after = record.as_ref().map_or_else(String::new, |record| {
                format!("{} since block {}, {}", record.standing, record.since, record.name)
            });
            let mut cells = vec![
                height.to_string(),
                time::format_ms(*time_ms),
                index.to_string(),
                by.to_string(),
                summary.clone(),
            ];
            cells.extend(with_records.then_some(after));
            cells
        };
        if !self.events.is_empty() {
            let rows = self.events.iter().map(row).collect();
            let columns = ["block", "time", "index", "by", "what", "after the block"];
            view = view.table(&columns[..5 + usize::from(with_records)], rows);
        }
        view.line(format!("now: {} since block {}", record.standing, record.since))
            .line(format!("as of block {as_of}, {}, proved to be all", time::format_ms(*as_of_ms)))
    }
}
