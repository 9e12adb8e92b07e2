//! `sanad proof completeness`: all events of one issuer, and none left out.

use std::path::PathBuf;

use anyhow::bail;
use sanad_api::{CompletenessStream, ProofForm};
use sanad_core::event::Event;
use sanad_core::hash::Commitment;
use sanad_core::ids::{Height, LogIndex, LogSize, MemberId};
use sanad_core::member::MemberRecord;
use sanad_core::proof::{COMPLETENESS_SUFFIX, Complete, CompletenessFault, CompletenessVerifier, EntryRun};
use sanad_core::status::CredentialStatus;
use serde::Serialize;

use crate::files::{Mode, Staged};
use crate::finding::{Fault, Part};
use crate::output::{Outcome, Output, Report};
use crate::progress;
use crate::remote::{self, Remote, SourceArgs};
use crate::time;
use crate::trust::{Trust, TrustArgs};
use crate::verdict::Verdict;
use crate::view::View;

pub(crate) const EXAMPLES: &str = "\
Examples:
  sanad proof completeness univ-merapi.example --genesis genesis.json
  sanad proof completeness univ-merapi.example --out merapi.completeness.jsonl
  sanad proof completeness univ-merapi.example --list --json | jq '.credentials[] | select(.status == \"revoked\")'

Only the issuer can change the status of what it issued, so the statuses of all its credentials follow from all its
events, as of one block. `sanad proof verify` checks the file, without a node. It has some 70 bytes an event.

Exit code 1 where the node's list is not proved to be complete; 2 where a (newer) trust file or program is needed.";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The issuer's id
    issuer: MemberId,
    /// Write the proof to a new file [default: ISSUER.completeness.jsonl]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// List every credential with its status
    #[arg(long)]
    list: bool,
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    source: SourceArgs,
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let completeness = remote::block_on(ask(args))??;
    output.print(&completeness)?;
    Ok(completeness.outcome())
}

async fn ask(args: &Args) -> anyhow::Result<Completeness> {
    let remote = Remote::open(&args.source).await?;
    let trust = Trust::for_node(&args.trust, &remote).await?;
    let out = args.out.clone().unwrap_or_else(|| format!("{}{COMPLETENESS_SUFFIX}", args.issuer).into());
    if out.exists() {
        bail!("{} exists already and is left as it is; choose another place with --out", out.display());
    }
    let stream = remote
        .told(remote.ask(|| remote.client().completeness(&args.issuer, ProofForm::SelfContained)).await)?;
    let CompletenessStream { head, mut runs } = stream;
    let head = head.completeness().trimmed(&trust.anchor);
    let mut list = Listing::new(args.issuer.to_string(), args.list);
    let mut file = Staged::new(&out, Mode::Public)?;
    file.write(head.to_json().as_bytes())?;
    let mut verifier = match CompletenessVerifier::new(head, &trust.anchor) {
        Ok(verifier) => verifier,
        Err(fault) => return Ok(list.refused(&fault)),
    };
    let bar = progress::bar(verifier.remaining() as usize, "entries");
    while let Some(run) = remote.told(runs.next().await)? {
        file.write(run.to_json().as_bytes())?;
        if let Err(fault) = list.add(&mut verifier, &run) {
            return Ok(list.refused(&fault));
        }
        bar.inc(run.entries.len() as u64);
    }
    bar.finish_and_clear();
    let mut completeness = list.finish(verifier);
    if completeness.verdict == Verdict::Proved {
        file.place_new()?;
        completeness.written = Some(out);
    }
    Ok(completeness)
}

/// A list while it is checked.
pub(super) struct Listing {
    target: String,
    wanted: bool,
    entries: u64,
    issued: Vec<(LogIndex, Commitment)>,
}

impl Listing {
    pub(super) fn new(target: String, wanted: bool) -> Self {
        Self { target, wanted, entries: 0, issued: Vec::new() }
    }

    /// Checks a run of entries, and notes what it issues.
    pub(super) fn add(
        &mut self,
        verifier: &mut CompletenessVerifier,
        next: &EntryRun,
    ) -> Result<(), CompletenessFault> {
        let entries = verifier.add(next)?;
        self.entries += entries.len() as u64;
        let issued = (next.first_index.0..).zip(&entries).filter_map(|(index, entry)| match entry.event {
            Event::Issue { commitment } => Some((LogIndex(index), commitment)),
            _ => None,
        });
        self.issued.extend(issued.filter(|_| self.wanted));
        Ok(())
    }

    /// Checks that nothing is missing.
    pub(super) fn finish(self, verifier: CompletenessVerifier) -> Completeness {
        match verifier.finish() {
            Ok(complete) => self.complete(complete),
            Err(fault) => self.refused(&fault),
        }
    }

    /// Why the list proves nothing.
    pub(super) fn refused(self, fault: &CompletenessFault) -> Completeness {
        let fault = Fault::from(fault);
        self.failed(fault.verdict, fault.reason())
    }

    fn failed(self, verdict: Verdict, reason: String) -> Completeness {
        Completeness {
            target: self.target,
            verdict,
            reason: Some(reason),
            issuer: None,
            entries: self.entries,
            active: 0,
            confirmed: 0,
            suspended: 0,
            disputed: 0,
            revoked: 0,
            as_of: None,
            signers: Vec::new(),
            validators: 0,
            credentials: None,
            written: None,
        }
    }

    /// A line that is not one of a completeness proof.
    pub(super) fn unreadable(self, detail: String) -> Completeness {
        self.failed(Verdict::Tampered, format!("{}: {detail}", Part::Encoding))
    }

    fn complete(self, complete: Complete) -> Completeness {
        let credential = |(index, commitment)| Credential {
            index,
            commitment,
            status: *complete
                .statuses
                .get(&index)
                .expect("invariant: the verifier noted every issuance, too"),
        };
        Completeness {
            target: self.target,
            verdict: Verdict::Proved,
            reason: None,
            entries: self.entries,
            active: complete.count(CredentialStatus::Active),
            confirmed: complete.count(CredentialStatus::Confirmed),
            suspended: complete.count(CredentialStatus::Suspended),
            disputed: complete.count(CredentialStatus::Disputed),
            revoked: complete.count(CredentialStatus::Revoked),
            as_of: Some(AsOf {
                height: complete.height,
                time_ms: complete.time_ms,
                log_size: complete.log_size,
            }),
            credentials: self.wanted.then(|| self.issued.into_iter().map(credential).collect()),
            issuer: Some(complete.record),
            signers: complete.basis.signers,
            validators: complete.basis.validators,
            written: None,
        }
    }
}

/// The result of checking a completeness proof.
#[derive(Serialize)]
pub(super) struct Completeness {
    target: String,
    /// [`Verdict::Proved`] where the list is all there is of the issuer.
    verdict: Verdict,
    /// Why it is not proved to be.
    reason: Option<String>,
    /// The issuer's record, where it is proved.
    issuer: Option<MemberRecord>,
    entries: u64,
    active: u64,
    confirmed: u64,
    suspended: u64,
    disputed: u64,
    revoked: u64,
    as_of: Option<AsOf>,
    signers: Vec<MemberId>,
    validators: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    credentials: Option<Vec<Credential>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    written: Option<PathBuf>,
}

#[derive(Serialize)]
struct AsOf {
    height: Height,
    time_ms: u64,
    log_size: LogSize,
}

#[derive(Serialize)]
struct Credential {
    index: LogIndex,
    status: CredentialStatus,
    commitment: Commitment,
}

impl Completeness {
    pub(super) fn outcome(&self) -> Outcome {
        self.verdict.outcome()
    }
}

impl Report for Completeness {
    fn view(&self) -> View {
        let mut view = View::new();
        if let Some(credentials) = &self.credentials {
            let row = |credential: &Credential| {
                let Credential { index, status, commitment } = credential;
                vec![index.to_string(), status.to_string(), commitment.to_string()]
            };
            view = view.table(&["index", "status", "commitment"], credentials.iter().map(row).collect());
        }
        let (Some(issuer), Some(as_of)) = (&self.issuer, &self.as_of) else {
            let reason = self.reason.as_deref().unwrap_or_default();
            return view.line(format!("{}: {}: {reason}", self.target, self.verdict));
        };
        view = view
            .line(format!("{}: proved: these are all events of the issuer", self.target))
            .fact("issuer", format!("{} ({})", issuer.name, issuer.id))
            .fact("events", self.entries)
            .fact(
                "credentials",
                format!(
                    "{} active, {} confirmed, {} suspended, {} disputed, {} revoked",
                    self.active, self.confirmed, self.suspended, self.disputed, self.revoked
                ),
            )
            .fact(
                "as of",
                format!(
                    "block {}, {}, a log of {} entries",
                    as_of.height,
                    time::format_ms(as_of.time_ms),
                    as_of.log_size
                ),
            )
            .fact("signed by", format!("{} of {} validators", self.signers.len(), self.validators));
        match &self.written {
            Some(path) => view.fact("written to", path.display()),
            None => view,
        }
    }
}
