//! `sanad credential`: a credential by itself, without the ledger.

mod present;

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Subcommand;
use jiff::Timestamp;
use sanad_core::document::DOCUMENT_BYTES_MAX;
use sanad_core::ids::MemberId;
use sanad_core::member::MemberState;
use sanad_credential::{Circumstances, Finding, Verdict};
use sanad_verify::{Language, credential_headline, credential_issuer, credential_lines};
use serde::Serialize;

use crate::output::{Outcome, Output, Report, complain, describe, note};
use crate::trust::TrustArgs;
use crate::view::View;
use crate::{files, findings, time};

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Check a credential's own signature and dates, offline
    #[command(after_help = EXAMPLES)]
    Check(Args),
    /// Show some claims of an SD-JWT and withhold the others
    #[command(after_help = present::EXAMPLES)]
    Present(present::Args),
}

const EXAMPLES: &str = "\
Examples:
  sanad credential check ijazah.json
  sanad credential check *.json *.jwt --at 2030-01-01T00:00:00Z --json
  sanad credential check ijazah.json --genesis genesis.json --member ui.ac.id

Takes W3C Verifiable Credentials and Open Badges 3.0: JSON with a Data Integrity proof
(eddsa-rdfc-2022, eddsa-jcs-2022, ecdsa-rdfc-2019, ecdsa-jcs-2019, Ed25519Signature2020), or
a JWT or SD-JWT (EdDSA, ES256, RS256), also in a PNG or SVG badge. A key counts as the
issuer's if the issuer's id is that key (did:key, did:jwk), or if the genesis has it for the
member; nothing is fetched. Whether the ledger has the credential is asked with `sanad verify`.

Words: signature good (exit code 0); signature good, but not shown to be the issuer's; not
checked; not signed; not yet valid; expired; signature does not cover all of it; breaks the
rules of its data model; contradicts itself; signature wrong (1).";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The credentials
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The time to check validity at [default: now]
    #[arg(long, value_name = "TIME", value_parser = time::parse_time)]
    at: Option<Timestamp>,
    /// The member that is said to have issued them; its key is taken from the genesis
    #[arg(long, value_name = "ID")]
    member: Option<MemberId>,
    #[command(flatten)]
    trust: TrustArgs,
}

#[derive(Serialize)]
struct Findings {
    /// The gravest of all; `None` if a file could not be checked.
    verdict: Option<Verdict>,
    findings: Vec<Found>,
    errors: Vec<Failure>,
}

#[derive(Serialize)]
struct Found {
    target: String,
    #[serde(flatten)]
    finding: Finding,
}

/// A file that nothing can be said of.
#[derive(Serialize)]
struct Failure {
    document: String,
    error: String,
}

pub(crate) fn run(command: Command, output: &Output) -> anyhow::Result<Outcome> {
    match command {
        Command::Check(args) => check_all(&args, output),
        Command::Present(args) => present::run(&args, output),
    }
}

fn check_all(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let prepared = args.member.as_ref().map(|id| member(&args.trust, id)).transpose();
    let member = match prepared {
        Ok(member) => member,
        Err(error) if output.is_json() => {
            complain(&error);
            let failure =
                |file: &PathBuf| Failure { document: file.display().to_string(), error: describe(&error) };
            let errors = args.files.iter().map(failure).collect();
            output.print(&Findings { verdict: None, findings: Vec::new(), errors })?;
            return Ok(Outcome::Error);
        }
        Err(error) => return Err(error),
    };
    let now_ms =
        args.at.map_or_else(time::now_ms, |at| u64::try_from(at.as_millisecond()).unwrap_or_default());
    let circumstances = Circumstances {
        now_ms,
        member: member.as_ref().map(MemberState::record),
        rest: member.as_ref().map(MemberState::rest),
    };
    let mut findings = Findings { verdict: None, findings: Vec::new(), errors: Vec::new() };
    for file in &args.files {
        match check(file, &circumstances) {
            Ok(finding) => findings.findings.push(Found { target: file.display().to_string(), finding }),
            Err(error) => {
                let error = format!("{error:#}");
                note(format_args!("error: {}: {error}", file.display()));
                findings.errors.push(Failure { document: file.display().to_string(), error });
            }
        }
    }
    let gravest = findings.findings.iter().map(|found| found.finding.verdict).max();
    findings.verdict = gravest.filter(|_| findings.errors.is_empty());
    output.print(&findings)?;
    Ok(match findings.verdict {
        Some(Verdict::Good) => Outcome::Yes,
        Some(_) => Outcome::No,
        None => Outcome::Error,
    })
}

fn check(file: &Path, circumstances: &Circumstances<'_>) -> anyhow::Result<Finding> {
    let bytes = files::read(file, DOCUMENT_BYTES_MAX)?;
    sanad_credential::check(&bytes, circumstances)
        .context("nothing in this looks like a W3C credential: neither JSON of that type, nor a JWT or a badge with one")
}

fn member(trust: &TrustArgs, id: &MemberId) -> anyhow::Result<MemberState> {
    let given = trust.given()?.with_context(|| {
        format!("the key of {id} is in the genesis; give --genesis FILE or --trust FILE (or SANAD_GENESIS, SANAD_TRUST)")
    })?;
    match given.genesis().members.iter().find(|member| member.id == *id) {
        Some(member) => Ok(MemberState::genesis(member)),
        None => bail!("the genesis names no member {id}; `sanad genesis show` lists its members"),
    }
}

impl Report for Findings {
    fn view(&self) -> View {
        self.view_in(Language::English)
    }

    fn view_in(&self, language: Language) -> View {
        self.findings.iter().fold(View::new(), |view, Found { target, finding }| {
            let view = view.line(credential_headline(language, target, finding));
            let view = findings::push(view, credential_issuer(language, finding));
            findings::push(view, credential_lines(language, finding))
        })
    }
}
