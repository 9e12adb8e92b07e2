//! Signing a batch of governance and submitting it, or writing it down for a machine without a network.

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use sanad_api::FinalBatch;
use sanad_core::batch::{BATCH_EVENTS_MAX, BatchChain};
use sanad_core::event::Event;
use sanad_core::execution::chain_head;
use sanad_core::genesis::fingerprint;
use sanad_core::governance::{Change, SIGNING_REQUEST_FORMAT, SigningRequest};
use sanad_core::hash::{BatchId, ProposalId};
use sanad_core::ids::{Height, LogIndex, MemberId};
use sanad_core::member::KeyPurpose;
use sanad_core::signature::PublicKey;
use sanad_issuer::{SubmissionError, member_path, read_member};
use serde::Serialize;

use super::{Known, Session, dry_run, in_words, look_alikes};
use crate::files::{self, Mode};
use crate::keys::{self, PassphraseArgs, Purpose};
use crate::output::{Output, Report, note};
use crate::remote::{NodeArgs, Remote};
use crate::time;
use crate::trust::TrustArgs;
use crate::view::View;

/// Which member acts, with which keys, and through which node.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct SignerArgs {
    /// The folder of the member that acts, as `sanad member new` makes it
    #[arg(long, value_name = "DIR", env = "SANAD_ISSUER_DIR")]
    pub(crate) member_dir: Option<PathBuf>,
    /// The member that acts, in place of its folder
    #[arg(id = "as", long = "as", value_name = "ID")]
    member: Option<MemberId>,
    /// A governance key; repeated where several have to sign [default: DIR/keys/governance.json]
    #[arg(long = "key", value_name = "FILE")]
    keys: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) passphrase: PassphraseArgs,
    /// Write what is to be signed into a new file, and sign nothing: `sanad governance sign` does, on any machine
    #[arg(long, value_name = "FILE", conflicts_with = "keys")]
    pub(crate) prepare: Option<PathBuf>,
    /// Do not ask: sign and submit
    #[arg(long)]
    yes: bool,
    /// How long to wait until it is final
    #[arg(long, default_value = "2m", value_name = "DURATION", value_parser = time::parse_duration)]
    wait: Duration,
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    node: NodeArgs,
}

/// What was done.
#[derive(Serialize)]
pub(crate) struct Acted {
    pub(crate) member: MemberId,
    /// In plain words.
    pub(crate) events: Vec<String>,
    /// What is to be looked at twice.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) warnings: Vec<String>,
    /// The id of what was proposed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) proposal: Option<ProposalId>,
    /// The signing request that was written, if nothing was signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) prepared: Option<PathBuf>,
    /// Where the new key is, if one was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) new_key: Option<PathBuf>,
    /// Batches that are final.
    pub(crate) batches: Vec<Entered>,
}

/// A batch that is final.
#[derive(Serialize)]
pub(crate) struct Entered {
    pub(crate) batch_id: BatchId,
    pub(crate) height: Height,
    pub(crate) first_index: LogIndex,
    pub(crate) entries: u32,
}

impl SignerArgs {
    /// Connects, and has everything proved that governance holds.
    pub(crate) async fn open(&self) -> anyhow::Result<Session> {
        if let Some(path) = self.prepare.as_ref().filter(|path| path.exists()) {
            bail!("{} exists already and is never overwritten; choose another --prepare", path.display());
        }
        if self.prepare.is_none() && !self.yes && !std::io::stdin().is_terminal() {
            bail!("there is no terminal to ask on; give --yes to sign without a question, or --prepare FILE");
        }
        Session::open(Remote::connect(&self.node).await?, &self.trust).await
    }

    /// The node by which batches are submitted.
    pub(crate) fn node(&self) -> &NodeArgs {
        &self.node
    }

    /// The member that acts.
    pub(crate) fn member(&self) -> anyhow::Result<MemberId> {
        match (&self.member, &self.member_dir) {
            (Some(id), _) => Ok(id.clone()),
            (None, Some(folder)) => Ok(read_member(&member_path(folder))?.member.id),
            (None, None) => bail!("which member acts? give --member-dir DIR, or --as ID and --key FILE"),
        }
    }

    /// Signs the events as the member's next batch and submits it, once they were shown and the answer was yes; or
    /// writes them down. More events than a batch holds are several batches.
    pub(crate) async fn act(
        &self,
        session: &Session,
        chain: BatchChain,
        events: Vec<Event>,
    ) -> anyhow::Result<Acted> {
        let id = self.member()?;
        let mut request = self.request(session, &id, chain, events.clone()).await?;
        let known = Known { governance: Some(&session.governance), validators: Some(&session.validators) };
        let shown = in_words(&events, known);
        let mut acted = Acted {
            proposal: proposed(&request),
            member: id.clone(),
            events: shown,
            warnings: look_alikes::warnings(session, changes_of(&events, session)).await?,
            prepared: None,
            new_key: None,
            batches: Vec::new(),
        };
        for warning in &acted.warnings {
            note(format_args!("warning: {warning}"));
        }
        if let Some(path) = &self.prepare {
            write_request(path, &request)?;
            acted.prepared = Some(path.clone());
            return Ok(acted);
        }
        if !self.yes {
            show_request(&request, &acted.events);
            if !ask("Sign and submit?")? {
                bail!("the answer was not yes; nothing was signed");
            }
        }
        let paths = match (&self.keys[..], &self.member_dir) {
            ([], Some(folder)) => vec![Purpose::Governance.path_in(folder)],
            (paths, _) => paths.to_vec(),
        };
        if paths.is_empty() {
            bail!("no governance key is named; give --key FILE");
        }
        let open = |path: &PathBuf| keys::open(path, Purpose::Governance, &self.passphrase);
        let secrets = paths.iter().map(open).collect::<anyhow::Result<Vec<_>>>()?;
        for (number, part) in events.chunks(BATCH_EVENTS_MAX).enumerate() {
            if number > 0 {
                request = self.request(session, &id, chain, part.to_vec()).await?;
            }
            request.events = part.to_vec();
            for secret in &secrets {
                request.sign(secret)?;
            }
            let entered = submit(session, &request, self.wait).await;
            acted.batches.push(entered.inspect_err(|_| acted.note_entered())?);
        }
        Ok(acted)
    }

    async fn request(
        &self,
        session: &Session,
        id: &MemberId,
        chain: BatchChain,
        events: Vec<Event>,
    ) -> anyhow::Result<SigningRequest> {
        if self.prepare.is_some() && events.len() > BATCH_EVENTS_MAX {
            bail!("{} events; at most {BATCH_EVENTS_MAX} are prepared at once", events.len());
        }
        let state = session.member(id).await?;
        dry_run::check(session, &state, &events).await?;
        let head = chain_head(&state, &session.governance, chain);
        let mut keys: Vec<PublicKey> = state.rest().current_keys(KeyPurpose::Governance).collect();
        keys.sort_unstable();
        let votes =
            events.iter().any(|event| matches!(event, Event::Approve { .. } | Event::Withdraw { .. }));
        Ok(SigningRequest {
            format: SIGNING_REQUEST_FORMAT.to_owned(),
            chain_id: session.trust.anchor().chain_id,
            member: id.clone(),
            chain,
            sequence: head.next_sequence,
            previous: head.last_batch,
            events,
            keys,
            threshold: if chain == BatchChain::Freeze { 1 } else { state.rest().governance_threshold },
            governance: votes.then(|| session.proof.clone()),
            signatures: Vec::new(),
        })
    }
}

/// The changes that events propose or approve.
fn changes_of<'a>(events: &'a [Event], session: &'a Session) -> impl Iterator<Item = &'a Change> {
    events.iter().filter_map(|event| match event {
        Event::Propose(proposal) => Some(&proposal.change),
        Event::Approve { proposal } => Some(&session.governance.proposal(proposal)?.proposal.change),
        _ => None,
    })
}

/// The id of what a batch proposes.
fn proposed(request: &SigningRequest) -> Option<ProposalId> {
    let position = request.events.iter().position(|event| matches!(event, Event::Propose(_)))?;
    let Event::Propose(proposal) = &request.events[position] else { return None };
    Some(proposal.id(&request.chain_id, &request.member, request.sequence, position as u32))
}

/// Submits a signed request, and waits until it is final.
pub(crate) async fn submit(
    session: &Session,
    request: &SigningRequest,
    wait: Duration,
) -> anyhow::Result<Entered> {
    let signed = request.signed()?;
    let chain = session.remote.chain(&session.trust);
    let place = match sanad_issuer::submit(&chain, &signed, wait).await {
        Err(SubmissionError::Refused { code, .. }) if code.is_sequence_clash() => {
            bail!("{} ({code})", clash(&request.member, &request.events))
        }
        place => place?,
    };
    let FinalBatch { height, first_index, entries, .. } = place;
    Ok(Entered { batch_id: signed.id(), height, first_index, entries })
}

/// What to do about another batch of the member that took the place.
fn clash(member: &MemberId, events: &[Event]) -> String {
    let changes_key = |event: &Event| matches!(event, Event::RotateKey(_) | Event::DeclareCompromise(_));
    let first = match events.iter().any(changes_key) {
        true => format!(
            ". If it was another run of this command, its new key is in force or about to be: look at `sanad member show \
             {member}` first"
        ),
        false => String::new(),
    };
    format!(
        "another batch of {member} came first, and this one was not entered: do it again, or prepare and sign it anew{first}"
    )
}

/// Writes a signing request to a new file, if the signers' programs can read it.
fn write_request(path: &Path, request: &SigningRequest) -> anyhow::Result<()> {
    let text = request.to_json();
    SigningRequest::from_json(text.as_bytes())
        .with_context(|| format!("no program could read the request; {} is not written", path.display()))?;
    files::create_new(path, text.as_bytes(), Mode::Public)
}

/// Shows on the terminal what is to be signed.
pub(crate) fn show_request(request: &SigningRequest, events: &[String]) {
    let SigningRequest { chain_id, member, sequence, previous, keys, threshold, signatures, .. } = request;
    note(format_args!("consortium  {} ({chain_id})", fingerprint(chain_id)));
    note(format_args!("member      {member}"));
    note(format_args!("batch       {} {sequence}, after {previous}", request.chain.as_str()));
    note(format_args!("signatures  {} of {threshold} needed, by {} keys", signatures.len(), keys.len()));
    for event in events {
        note(format_args!("            {event}"));
    }
}

/// Asks a question on the terminal.
pub(crate) fn ask(question: &str) -> anyhow::Result<bool> {
    if !std::io::stdin().is_terminal() {
        bail!("there is no terminal to ask on; give --yes to go on without a question");
    }
    let mut terminal = std::io::stderr();
    write!(terminal, "{question} Type yes: ").and_then(|()| terminal.flush())?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).context("the answer cannot be read")?;
    Ok(answer.trim().eq_ignore_ascii_case("yes"))
}

impl Acted {
    /// Prints what was done. If that fails, stderr says what the ledger holds by then.
    pub(crate) fn print(&self, output: &Output) -> anyhow::Result<()> {
        output.print(self).inspect_err(|_| self.note_entered())
    }

    /// Says on stderr which batches are final.
    pub(crate) fn note_entered(&self) {
        for entered in &self.batches {
            note(entered.in_words());
        }
    }
}

impl Entered {
    fn in_words(&self) -> String {
        let Self { batch_id, height, first_index, .. } = self;
        format!("entered in block {height} at log index {first_index}, batch {batch_id}")
    }
}

impl Report for Acted {
    fn view(&self) -> View {
        let said = self
            .events
            .iter()
            .fold(View::new().line(self.member.to_string()), |view, event| view.line(format!("  {event}")));
        let mut view = self.batches.iter().fold(said, |view, entered| view.line(entered.in_words()));
        if let Some(path) = &self.new_key {
            view = view.line(format!("the new key is in {}", path.display()));
        }
        if let Some(proposal) = &self.proposal {
            view = view.line(format!("proposal {proposal}"));
        }
        match &self.prepared {
            Some(path) => view.line(format!(
                "{} written; nothing is signed. Next: sanad governance sign {0} --key FILE",
                path.display()
            )),
            None => view,
        }
    }
}

#[cfg(test)]
mod tests {
    use sanad_core::block::ProtocolVersion;
    use sanad_core::governance::Proposal;
    use sanad_core::hash::ChainId;
    use sanad_core::ids::Sequence;
    use sanad_core::signature::SecretKey;

    use super::*;

    #[test]
    fn a_request_that_cannot_be_read_is_not_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("request.json");
        let request = |height| SigningRequest {
            format: SIGNING_REQUEST_FORMAT.to_owned(),
            chain_id: ChainId([7; 32]),
            member: "univ-bromo.example".parse().unwrap(),
            chain: BatchChain::Governance,
            sequence: Sequence(0),
            previous: BatchId([0; 32]),
            events: vec![Event::Propose(Box::new(Proposal {
                change: Change::ActivateProtocol { protocol: ProtocolVersion::TEST, height: Height(height) },
                expires: Height(100),
                effective: Height::GENESIS,
            }))],
            keys: vec![SecretKey::from_seed(&[1; 32]).public()],
            threshold: 1,
            governance: None,
            signatures: Vec::new(),
        };
        let refused = write_request(&path, &request(u64::MAX)).unwrap_err();
        assert!(refused.to_string().contains("is not written"), "{refused:#}");
        assert!(!path.exists());
        write_request(&path, &request(1000)).unwrap();
        assert!(path.exists());
    }
}
