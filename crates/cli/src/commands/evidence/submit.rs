//! `sanad evidence submit`: records on the ledger what a file proves against single members.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::bail;
use sanad_core::batch::BatchChain;
use sanad_core::event::Event;
use sanad_core::evidence::{Accusation, Occasion};
use sanad_core::governance::EVIDENCE_PER_MEMBER_MAX;
use sanad_core::ids::MemberId;
use sanad_core::proof::Attribution;
use sanad_verify::explain;
use serde::Serialize;

use super::read::read;
use crate::governance::{Acted, SignerArgs};
use crate::output::{Outcome, Output, Report, note};
use crate::remote;
use crate::view::View;

pub(crate) const EXAMPLES: &str = "\
Examples:
  sanad evidence submit data/evidence.jsonl --member-dir merapi
  sanad evidence submit fork.evidence.json --as univ-merapi.example --prepare accusation.json

Any member may record what it holds, by its governance key. The two signed statements are entered, nothing else of the file:
every node checks them again. What is on record already is left out, and is no error. `sanad member history` and `sanad governance list` show
it. What a file does not attribute to single members cannot be recorded against any.

Exit codes: 0 all is on record now; 1 a member's record has no room left; 2 nothing can be recorded, or a line cannot be read.";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// Evidence
    file: PathBuf,
    #[command(flatten)]
    signer: SignerArgs,
}

/// What became of a file.
#[derive(Default, Serialize)]
struct Submitted {
    /// Contradictions that are on record against their members since before.
    already: usize,
    /// Those of members whose records are full.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    no_room: Vec<NoRoom>,
    /// What was recorded now, if there was anything left.
    #[serde(flatten)]
    acted: Option<Acted>,
}

#[derive(Serialize)]
struct NoRoom {
    member: MemberId,
    occasion: Occasion,
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let pieces = read(&args.file)?;
    let submitted = remote::block_on(async {
        let session = args.signer.open().await?;
        let mut accusations: Vec<Accusation> = Vec::new();
        for piece in &pieces {
            let evidence = match &piece.evidence {
                Ok(evidence) => evidence,
                Err(error) => {
                    note(format_args!("{} is no evidence, and left out: {error}", piece.name));
                    continue;
                }
            };
            match evidence.verify(session.trust.anchor()) {
                Ok(proven) => match proven.attribution {
                    Attribution::Members { accused } => accusations.extend(accused),
                    Attribution::DifferentRounds { .. }
                    | Attribution::DifferentHeights
                    | Attribution::NoCertificate => {
                        note(format_args!("{} is no proof against a single member", piece.name));
                    }
                },
                Err(fault) => note(format_args!("{} proves nothing: {}", piece.name, explain(&fault))),
            }
        }
        let mut places: BTreeMap<MemberId, BTreeSet<Occasion>> = BTreeMap::new();
        let mut submitted = Submitted::default();
        let mut events = Vec::new();
        for accusation in accusations {
            let (member, occasion) = (accusation.member.clone(), accusation.equivocation.occasion());
            let recorded = session.governance.evidence(&member);
            let new = places.entry(member.clone()).or_default();
            if recorded.contains(&occasion) {
                submitted.already += 1;
            } else if new.contains(&occasion) {
                // A file may hold it twice.
            } else if recorded.len() + new.len() >= EVIDENCE_PER_MEMBER_MAX {
                submitted.no_room.push(NoRoom { member, occasion });
            } else {
                new.insert(occasion);
                events.push(Event::RecordEvidence(Box::new(accusation)));
            }
        }
        if events.is_empty() && submitted.already == 0 && submitted.no_room.is_empty() {
            bail!("{} holds nothing that is to be recorded against a member", args.file.display());
        }
        if !events.is_empty() {
            submitted.acted = Some(args.signer.act(&session, BatchChain::Governance, events).await?);
        }
        Ok::<_, anyhow::Error>(submitted)
    })??;
    output.print(&submitted).inspect_err(|_| submitted.acted.iter().for_each(Acted::note_entered))?;
    let all_read = pieces.iter().all(|piece| piece.evidence.is_ok());
    Ok(match (all_read, submitted.no_room.is_empty()) {
        (false, _) => Outcome::Error,
        (true, false) => Outcome::No,
        (true, true) => Outcome::Yes,
    })
}

impl Report for Submitted {
    fn view(&self) -> View {
        let mut view = self.acted.as_ref().map_or_else(View::default, Report::view);
        if self.already > 0 {
            view = view.line(format!("on record already: {} of the contradictions", self.already));
        }
        for NoRoom { member, occasion } in &self.no_room {
            view = view.line(format!(
                "not recorded: {occasion} of {member}, which has {EVIDENCE_PER_MEMBER_MAX} records, the most that are kept; \
                 keep the file"
            ));
        }
        view
    }
}
