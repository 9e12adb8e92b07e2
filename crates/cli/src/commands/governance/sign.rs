//! `sanad governance sign`: signs a request on a machine that needs no network.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use sanad_core::governance::{Governance, SIGNING_REQUEST_BYTES_MAX, SigningRequest};
use sanad_core::hash::ChainId;
use sanad_core::ids::{MemberId, Sequence};
use sanad_core::validators::ValidatorSet;
use sanad_verify::{Trust, explain};
use serde::Serialize;

use crate::files::{self, Mode};
use crate::governance::{Known, ask, in_words, show_request};
use crate::keys::{self, PassphraseArgs, Purpose};
use crate::output::{Outcome, Output, Report};
use crate::trust::TrustArgs;
use crate::view::View;

pub(crate) const EXAMPLES: &str = "\
Examples:
  sanad governance sign vote.json --key rector.json --genesis genesis.json
  sanad governance sign vote.json --key rector.json --out vote.signed.json --yes

The request comes from another command's --prepare FILE. What it would do is shown from its content alone; a vote is
shown with the proposal, which is proved by the genesis or trust file. Without --out the signature is added to the
file itself, which then goes to the next signer, and at last to `sanad governance submit`.";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The signing request
    #[arg(value_name = "REQUEST.json")]
    file: PathBuf,
    /// A governance key; may be repeated
    #[arg(long = "key", value_name = "FILE", required = true)]
    keys: Vec<PathBuf>,
    /// Write the signed request to a new file
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Do not ask: sign
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    passphrase: PassphraseArgs,
    #[command(flatten)]
    trust: TrustArgs,
}

#[derive(Serialize)]
struct Signed {
    path: PathBuf,
    chain_id: ChainId,
    member: MemberId,
    sequence: Sequence,
    events: Vec<String>,
    signatures: usize,
    missing: usize,
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let mut request = read(&args.file)?;
    let trust = args.trust.read()?;
    if request.chain_id != trust.anchor().chain_id {
        bail!("{} is for another consortium than your genesis: do not sign it", args.file.display());
    }
    let proved = Proved::of(&args.file, &request, &trust)?;
    let events = in_words(&request.events, proved.known());
    if !args.yes {
        show_request(&request, &events);
        if !ask("Sign?")? {
            bail!("the answer was not yes; nothing was signed");
        }
    }
    for path in &args.keys {
        request.sign(&keys::open(path, Purpose::Governance, &args.passphrase)?)?;
    }
    let text = request.to_json();
    let path = match &args.out {
        Some(out) => {
            files::create_new(out, text.as_bytes(), Mode::Public)?;
            out.clone()
        }
        None => {
            files::replace(&args.file, text.as_bytes(), Mode::Public)?;
            args.file.clone()
        }
    };
    output.print(&Signed {
        path,
        chain_id: request.chain_id,
        member: request.member.clone(),
        sequence: request.sequence,
        events,
        signatures: request.signatures.len(),
        missing: request.missing(),
    })?;
    Ok(Outcome::Yes)
}

/// What a request's proof holds, verified.
pub(super) struct Proved {
    governance: Option<Governance>,
    validators: Option<ValidatorSet>,
}

impl Proved {
    pub(super) fn of(path: &Path, request: &SigningRequest, trust: &Trust) -> anyhow::Result<Self> {
        let Some(proof) = &request.governance else {
            return Ok(Self { governance: None, validators: None });
        };
        if let Err(fault) = proof.verify(trust.anchor()) {
            let reason = explain(&fault);
            bail!("{} does not prove what is voted on: {reason}; do not sign it", path.display());
        }
        Ok(Self {
            governance: Some(proof.governance()),
            validators: trust.anchor().deciders(&proof.header, &proof.finality),
        })
    }

    pub(super) fn known(&self) -> Known<'_> {
        Known { governance: self.governance.as_ref(), validators: self.validators.as_ref() }
    }
}

/// Reads and checks a signing request.
pub(super) fn read(path: &Path) -> anyhow::Result<SigningRequest> {
    let text = files::read(path, SIGNING_REQUEST_BYTES_MAX)?;
    SigningRequest::from_json(&text)
        .with_context(|| format!("{} is not a signing request, as --prepare writes them", path.display()))
}

impl Report for Signed {
    fn view(&self) -> View {
        let view =
            View::new().line(format!("{}, batch {} of {}", self.path.display(), self.sequence, self.member));
        let view = self.events.iter().fold(view, |view, event| view.line(format!("  {event}")));
        match self.missing {
            0 => view.line(format!("signed. Next: sanad governance submit {}", self.path.display())),
            missing => {
                view.line(format!("{} signed, {missing} more needed: pass the file on", self.signatures))
            }
        }
    }
}
