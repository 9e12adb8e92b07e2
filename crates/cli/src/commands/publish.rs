//! `sanad issuer publish`: the ledger's statuses as W3C status lists, on the issuer's own site.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, bail};
use jiff::{SignedDuration, Timestamp};
use sanad_core::ids::{Height, MemberId};
use sanad_core::member::{KeyPurpose, MemberState};
use sanad_credential::{CREDENTIAL_BYTES_MAX, Cryptosuite, Signer};
use sanad_issuer::{
    Chain, DueList, IssuedStatuses, Issuer, Positions, Published, SiteError, StatusListPlace, did_web,
};
use sanad_register::Register;
use serde::Serialize;

use crate::files;
use crate::issuer::{IssuerArgs, IssuerNameArgs};
use crate::output::{Outcome, Output, Report, describe, note};
use crate::register::RegisterArgs;
use crate::remote::{self, NodeArgs, Remote};
use crate::time;
use crate::trust::TrustArgs;
use crate::view::View;

pub(crate) const EXAMPLES: &str = "\
Examples:
  sanad issuer publish www/ --register merapi/register.db --issuer-dir merapi
  sanad issuer publish www/ --jwt --register merapi/register.db --issuer-dir merapi
  sanad issuer publish www/ --watch --every 1m --register merapi/register.db --issuer-dir merapi
  sanad issuer publish www/ --check --register merapi/register.db --issuer-dir merapi

Writes status/revocation-0.json and status/suspension-0.json below the folder that did:web names: W3C Bitstring
Status Lists, signed with the issuing key, for verifiers that know nothing of the ledger. Their bits follow from
the statuses that a node proves, for each place that the register allotted. A disputed credential counts as
suspended. A list that says what the ledger says is left as it is until half of --valid-for is over; others are
replaced at once, and so is one that is valid for longer. A revocation that is published is never taken back.

With --jwt each list is written as a JWT, too (vc+jwt: revocation-0.jwt), for verifiers that read no Data Integrity proofs:
the same credential with the same id, which the web server may give out under the same address by what a client accepts. A
JWT that is there is kept right, and compared by --check, also without --jwt.

--watch ends with exit code 2 once the issuing key was replaced: start it again with the new one. Any other fault is said,
and what failed is tried again.
--check writes nothing and needs no passphrase of the key. Exit code 1 if a list is missing, or differs from the
ledger, or is not good.";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The root folder of the web server
    dir: PathBuf,
    /// Compare what is published with the ledger, and write nothing
    #[arg(long, conflicts_with = "watch")]
    check: bool,
    /// Go on, and publish whenever the ledger changes
    #[arg(long)]
    watch: bool,
    /// Write each list as a JWT (vc+jwt), too, beside the other: revocation-0.jwt
    #[arg(long)]
    jwt: bool,
    /// How often to ask, with --watch
    #[arg(long, default_value = "1m", value_name = "DURATION", value_parser = time::parse_duration)]
    every: Duration,
    /// How long a list is valid
    #[arg(long, default_value = "7d", value_name = "DURATION", value_parser = time::parse_duration)]
    valid_for: Duration,
    #[command(flatten)]
    register: RegisterArgs,
    #[command(flatten)]
    issuer: IssuerArgs,
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    node: NodeArgs,
}

/// What a comparison needs.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct CheckArgs {
    /// The root folder of the web server
    dir: PathBuf,
    /// Demand that each list is there as a JWT, too; one that is there is always compared
    #[arg(long)]
    jwt: bool,
    #[command(flatten)]
    register: RegisterArgs,
    #[command(flatten)]
    issuer: IssuerNameArgs,
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    node: NodeArgs,
}

#[derive(Serialize)]
struct Lists {
    did: String,
    /// The block whose statuses they have.
    height: Height,
    as_of: String,
    /// Credentials with a place in them.
    credentials: usize,
    lists: Vec<Listed>,
}

#[derive(Serialize)]
struct Listed {
    url: String,
    file: PathBuf,
    /// How many credentials are revoked, or suspended.
    set: usize,
    /// Whether it was written now.
    written: bool,
    /// What was published before.
    #[serde(flatten)]
    before: Published,
}

/// What a round found, so that the next one can tell whether there is anything to do.
struct Seen {
    member: MemberState,
    at: Timestamp,
    files: Vec<PathBuf>,
    /// What they held.
    published: Vec<Option<Vec<u8>>>,
}

/// The register has another issuing key than the one at hand.
#[derive(Debug, thiserror::Error)]
#[error("the issuing key is not the one that the register has for {0}; it may have been replaced")]
struct KeyReplaced(MemberId);

/// What is asked again and again.
struct Desk {
    chain: Chain,
    register: Register,
    issuer: MemberId,
}

/// Compares what is published with the ledger, and writes nothing.
pub(crate) fn check(args: &CheckArgs, output: &Output) -> anyhow::Result<Outcome> {
    let CheckArgs { dir, jwt, register, issuer, trust, node } = args.clone();
    let issuer = issuer.without_key()?;
    let (every, valid_for) = (VALID_FOR_DEFAULT, VALID_FOR_DEFAULT);
    let args = Args { dir, check: true, watch: false, jwt, every, valid_for, register, issuer, trust, node };
    run(&args, output)
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    if args.valid_for < VALID_FOR_MIN {
        bail!(
            "--valid-for is less than {VALID_FOR_MIN:?}; a list has to outlive the time until it is renewed"
        );
    }
    if args.valid_for > VALID_FOR_MAX {
        bail!(
            "--valid-for is more than 90 days; whoever gets hold of the web server could show a list for as long, whatever was \
             revoked since"
        );
    }
    remote::block_on(async {
        let remote = Remote::connect(&args.node).await?;
        let trust = args.trust.for_node(&remote).await?;
        let issuer = args.issuer.id()?;
        let register = args.register.open_of(trust.anchor(), &issuer)?;
        let register =
            register.context("the register allots the places in the lists; give --register FILE")?;
        let desk = Desk { chain: remote.chain(&trust), register, issuer };
        let key = if args.check { None } else { Some(args.issuer.open()?) };
        let mut seen = None;
        loop {
            let lists = desk.lists(args, key.as_ref(), &mut seen).await;
            match lists {
                Ok(Some(lists)) => {
                    let outcome = lists.outcome(args.check);
                    if !args.watch {
                        output.print(&lists)?;
                        return Ok(outcome);
                    }
                    if lists.lists.iter().any(|list| list.written) {
                        output.print(&lists)?;
                    }
                }
                Ok(None) => {}
                // A supervisor starts it anew, with the new key.
                Err(error) if args.watch && !error.is::<KeyReplaced>() => {
                    note(format_args!("error: {}; it is tried again", describe(&error)))
                }
                Err(error) => return Err(error),
            }
            tokio::time::sleep(args.every).await;
        }
    })?
}

impl Desk {
    /// Compares, and publishes if there is a key. `None` if neither the issuer nor what is published changed since `seen`, and
    /// no list is due.
    async fn lists(
        &self,
        args: &Args,
        key: Option<&Issuer>,
        seen: &mut Option<Seen>,
    ) -> anyhow::Result<Option<Lists>> {
        let (member, now) = (self.chain.member(&self.issuer).await?, Timestamp::now());
        let half = SignedDuration::try_from(args.valid_for / 2)?;
        let same = |seen: &Seen| {
            seen.member == member
                && now.duration_since(seen.at) < half / 2
                && seen.published == contents(&seen.files)
        };
        if seen.as_ref().is_some_and(same) {
            return Ok(None);
        }
        if key.is_some() {
            // A list is valid from now on, by this clock.
            self.chain.check_clock(time::now_ms()).await.context("nothing was signed")?;
        }
        let did = did_web(&member).ok_or_else(|| SiteError::NoDidWeb(self.issuer.to_string()))?;
        let place = StatusListPlace::of_did(did)?;
        let (commitments, end) = self.register.listed()?;
        if end == 0 {
            bail!(
                "the register has allotted no place in a status list; `sanad issue roster --status-lists` does, before it \
                 signs"
            );
        }
        let (positions, issued) = (Positions { commitments, end }, self.chain.issued(&self.issuer).await?);
        let mut lists = Vec::new();
        for due in place.due(&positions, &issued) {
            // One that was written once is kept right: nobody may read an old one.
            let jwt = Some(due.as_jwt()).filter(|jwt| args.jwt || args.dir.join(&jwt.path).exists());
            for due in [due].iter().chain(&jwt) {
                lists.push(publish(args, key, &place, &member, due, now)?);
            }
        }
        let IssuedStatuses { height, time_ms, .. } = issued;
        let paths: Vec<PathBuf> = lists.iter().map(|list| list.file.clone()).collect();
        *seen = Some(Seen { member: member.clone(), at: now, published: contents(&paths), files: paths });
        let (did, credentials) = (did.to_owned(), positions.commitments.len());
        Ok(Some(Lists { did, height, as_of: time::format_ms(time_ms), credentials, lists }))
    }
}

/// What files hold, where they can be read.
fn contents(files: &[PathBuf]) -> Vec<Option<Vec<u8>>> {
    files.iter().map(|file| files::read(file, CREDENTIAL_BYTES_MAX).ok()).collect()
}

fn publish(
    args: &Args,
    key: Option<&Issuer>,
    place: &StatusListPlace,
    member: &MemberState,
    due: &DueList,
    now: Timestamp,
) -> anyhow::Result<Listed> {
    let now_ms = u64::try_from(now.as_millisecond()).unwrap_or_default();
    let valid_ms = u64::try_from(args.valid_for.as_millis()).unwrap_or(u64::MAX);
    let before = place.compare(&args.dir, due, member, now_ms, valid_ms)?;
    let wanted = !matches!(before, Published::Agrees { due: false, .. });
    if let Some(issuer) = key.filter(|_| wanted) {
        due.check_replaces(&args.dir, &before)?;
        if member.rest().current_key(KeyPurpose::Issuing) != Some(issuer.key.public()) {
            return Err(KeyReplaced(issuer.id.clone()).into());
        }
        let did = did_web(member).unwrap_or_default().to_owned();
        let signer = Signer::of_did(issuer.key.clone(), did, Cryptosuite::EddsaRdfc2022);
        let until = now + SignedDuration::try_from(args.valid_for)?;
        let text = |at: Timestamp| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        place.publish(&args.dir, due, &signer, (&text(now), &text(until)))?;
    }
    let (url, file, set) = (due.url.clone(), args.dir.join(&due.path), due.list.set_entries().count());
    Ok(Listed { url, file, set, written: wanted && key.is_some(), before })
}

impl Lists {
    fn outcome(&self, check: bool) -> Outcome {
        match check && !self.lists.iter().all(|list| list.before.is_good()) {
            true => Outcome::No,
            false => Outcome::Yes,
        }
    }
}

impl Listed {
    fn state(&self) -> String {
        match (&self.before, self.written) {
            (Published::Agrees { .. }, true) => "renewed".to_owned(),
            (_, true) => "written".to_owned(),
            (Published::Agrees { until, .. }, false) => {
                format!("agrees with the ledger, valid until {}", until.as_deref().unwrap_or("for ever"))
            }
            (Published::Missing, false) => "missing".to_owned(),
            (Published::NotGood { reason }, false) => format!("not good: {reason}"),
            (Published::Differs { set_alone, missing }, false) => {
                let named =
                    |positions: &[u64]| positions.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
                let parts = [("not so in the ledger", set_alone), ("so in the ledger alone", missing)];
                let parts = parts.into_iter().filter(|(_, positions)| !positions.is_empty());
                let parts: Vec<String> =
                    parts.map(|(what, positions)| format!("{what}: {}", named(positions))).collect();
                format!("differs from the ledger ({})", parts.join("; "))
            }
        }
    }
}

impl Report for Lists {
    fn view(&self) -> View {
        let rows = self.lists.iter();
        let rows = rows.map(|list| vec![list.file.display().to_string(), list.set.to_string(), list.state()]);
        View::new()
            .table(&["list", "set", ""], rows.collect())
            .fact("did", &self.did)
            .fact("credentials", self.credentials)
            .fact("as of", format!("block {}, {}", self.height, self.as_of))
    }
}

/// A list is renewed when half of this is over.
const VALID_FOR_MIN: Duration = Duration::from_secs(10);
const VALID_FOR_DEFAULT: Duration = Duration::from_secs(7 * 24 * 3600);
const VALID_FOR_MAX: Duration = Duration::from_secs(90 * 24 * 3600);
