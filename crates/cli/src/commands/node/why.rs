//! `sanad node why`.

use anyhow::bail;
use sanad_api::{ChainState, Diagnosis, Warning};
use sanad_core::ids::{Height, MemberId};
use serde::Serialize;

use super::explanation::{Explanation, explain};
use crate::output::{Outcome, Output, Report};
use crate::remote::{self, NodeArgs, Remote};
use crate::view::View;

pub(crate) const EXAMPLES: &str = "\
Examples:
  sanad node why
  sanad node why --node http://127.0.0.1:50051 --json | jq -r '.validators[] | select(.attendance != \"voting\").member'

Exit code 1 where the node is not fit: the chain stands, the node is behind or cut off, does not vote though it is a
validator, or has a severe warning. It is the node's own word; nothing of it is proved.";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    #[command(flatten)]
    node: NodeArgs,
}

/// What a node finds.
#[derive(Serialize)]
pub(super) struct Found {
    pub(super) state: &'static str,
    pub(super) fit: bool,
    height: Height,
    round: Option<u32>,
    round_ms: u64,
    rounds_failed: u64,
    head_age_ms: Option<u64>,
    heartbeat_ms: u64,
    chain_height: Height,
    power_present: usize,
    power_needed: u32,
    clock_skew_ms: Option<i64>,
    validators: Vec<Validator>,
    warnings: Vec<Warned>,
    disk_free_bytes: u64,
    disk_bytes: u64,
}

#[derive(Serialize)]
struct Validator {
    member: MemberId,
    attendance: &'static str,
    own: bool,
    connected: bool,
    last_height: Height,
    last_round: u32,
    silence_ms: Option<u64>,
    clock_offset_ms: Option<i64>,
    address: String,
}

#[derive(Serialize)]
struct Warned {
    code: String,
    text: String,
    advice: String,
    severe: bool,
}

#[derive(Serialize)]
pub(in crate::commands) struct Why {
    url: String,
    member: Option<MemberId>,
    #[serde(flatten)]
    found: Found,
    #[serde(flatten)]
    explanation: Explanation,
}

pub(super) fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let why = look(&args.node)?;
    output.print(&why)?;
    Ok(if why.found.fit { Outcome::Yes } else { Outcome::No })
}

/// What a node finds, in words.
pub(in crate::commands) fn look(node: &NodeArgs) -> anyhow::Result<Why> {
    let (member, url, diagnosis) = remote::block_on(async {
        let remote = Remote::connect(node).await?;
        let diagnosis = remote.told(super::diagnosis(remote.client()).await)?;
        anyhow::Ok((remote.node_status().await?.member, remote.url().to_owned(), diagnosis))
    })??;
    let Some(diagnosis) = diagnosis else {
        bail!("the node {url} does not know: no consensus runs there, or it has just started; ask again");
    };
    let explanation = explain(&diagnosis, member.as_ref());
    Ok(Why { url, member, found: Found::from(diagnosis), explanation })
}

impl From<Diagnosis> for Found {
    fn from(diagnosis: Diagnosis) -> Self {
        let ms = |duration: std::time::Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        let power_present = diagnosis.power_present();
        let validator = |validator: sanad_api::ValidatorDiagnosis| Validator {
            member: validator.member,
            attendance: validator.attendance.as_str(),
            own: validator.own,
            connected: validator.connected,
            last_height: validator.last_height,
            last_round: validator.last_round,
            silence_ms: validator.silence.map(ms),
            clock_offset_ms: validator.clock_offset_ms,
            address: validator.address,
        };
        let warned = |Warning { code, text, advice, severe }| Warned { code, text, advice, severe };
        Self {
            state: ChainState::as_str(diagnosis.state),
            fit: diagnosis.fit,
            height: diagnosis.height,
            round: diagnosis.round,
            round_ms: ms(diagnosis.round_age),
            rounds_failed: diagnosis.rounds_failed,
            head_age_ms: diagnosis.head_age.map(ms),
            heartbeat_ms: ms(diagnosis.heartbeat),
            chain_height: diagnosis.chain_height,
            power_present,
            power_needed: diagnosis.power_needed,
            clock_skew_ms: diagnosis.clock_skew_ms,
            validators: diagnosis.validators.into_iter().map(validator).collect(),
            warnings: diagnosis.warnings.into_iter().map(warned).collect(),
            disk_free_bytes: diagnosis.disk_free_bytes,
            disk_bytes: diagnosis.disk_bytes,
        }
    }
}

impl Report for Why {
    fn view(&self) -> View {
        let Explanation { summary, findings, next } = &self.explanation;
        let member = self.member.as_ref().map_or(String::new(), |member| format!(", {member}"));
        let mut view = View::new().line(format!("{}{member}", self.url)).line(capital(summary));
        for finding in findings {
            view = view.line(format!("  - {}", capital(finding)));
        }
        if !next.is_empty() {
            view = view.line("What to do:");
        }
        for (number, step) in (1..).zip(next) {
            view = view.line(format!("  {number}. {}", capital(step)));
        }
        view
    }
}

/// With a capital letter, unless it begins with a command or a name.
fn capital(text: &str) -> String {
    let first = text.split(' ').next().unwrap_or("");
    if !first.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return text.to_owned();
    }
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |letter| letter.to_uppercase().chain(letters).collect())
}
