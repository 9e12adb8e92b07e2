//! `sanad audit verify-report`.

use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::ArgGroup;
use sanad_core::audit_report::{AUDIT_REPORT_BYTES_MAX, AuditReport, AuditStatement};
use sanad_core::ids::MemberId;
use sanad_core::signature::PublicKey;
use serde::Serialize;

use crate::files;
use crate::output::{Outcome, Output, Report};
use crate::time;
use crate::trust::TrustArgs;
use crate::view::View;
use sanad_verify::Trust;

pub(crate) const EXAMPLES: &str = "\
Examples:
  sanad audit verify-report audit.json --genesis genesis.json --member your.university.example
  sanad audit verify-report audit.json --key ed25519:8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c

Exit code 0 says that the holder of the key signed the statement; whether the ledger was sound is in the statement.";

#[derive(clap::Args, Debug)]
#[command(group = ArgGroup::new("signer").required(true))]
pub(super) struct Args {
    /// The report
    file: PathBuf,
    /// The public key that has to have signed it, as ed25519:HEX
    #[arg(long, value_name = "PUBLIC", group = "signer")]
    key: Option<PublicKey>,
    /// The member that has to have signed it, with its issuing or network key as the genesis has it
    #[arg(long, value_name = "ID", group = "signer")]
    member: Option<MemberId>,
    #[command(flatten)]
    trust: TrustArgs,
}

#[derive(Serialize)]
struct Verified {
    valid: bool,
    /// Why it is not valid.
    reason: Option<String>,
    key: PublicKey,
    statement: AuditStatement,
}

pub(super) fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let text = files::read(&args.file, AUDIT_REPORT_BYTES_MAX)?;
    let report = AuditReport::from_json(&text)
        .with_context(|| format!("{} is not an audit report", args.file.display()))?;
    let trust = if args.member.is_some() { Some(args.trust.read()?) } else { None };
    let reason = match &trust {
        Some(trust) if trust.anchor().chain_id != report.statement.chain_id => Some(format!(
            "the report is of chain {}, the genesis of {}",
            report.statement.chain_id,
            trust.anchor().chain_id
        )),
        _ => report.verify(&key(args, trust.as_ref(), &report)?).err().map(|error| error.to_string()),
    };
    let valid = reason.is_none();
    output.print(&Verified { valid, reason, key: report.key, statement: report.statement })?;
    Ok(if valid { Outcome::Yes } else { Outcome::No })
}

/// The key that has to have signed: of a member, the one that the report names if it is the member's.
fn key(args: &Args, trust: Option<&Trust>, report: &AuditReport) -> anyhow::Result<PublicKey> {
    if let Some(key) = args.key {
        return Ok(key);
    }
    let (Some(id), Some(trust)) = (&args.member, trust) else {
        bail!("give --key, or --genesis and --member");
    };
    let member = trust.genesis().members.iter().find(|member| member.id == *id);
    let member = member.with_context(|| format!("{id} is not a member in the genesis"))?;
    let keys: Vec<PublicKey> = [member.issuing_key, member.network_key].into_iter().flatten().collect();
    let key = keys.iter().find(|key| **key == report.key).or(keys.first()).copied();
    key.with_context(|| format!("the genesis has no key of {id} that signs reports"))
}

impl Report for Verified {
    fn view(&self) -> View {
        let statement = &self.statement;
        let view = match &self.reason {
            Some(reason) => return View::new().line(format!("not valid: {reason}")),
            None => View::new().line("valid: the holder of the key states"),
        };
        let verdict = serde_json::to_value(statement.verdict).ok();
        let verdict = verdict.and_then(|verdict| verdict.as_str().map(str::to_owned)).unwrap_or_default();
        let mut view = view.fact("verdict", verdict);
        if let Some(finding) = &statement.first_finding {
            view = view.fact("first finding", &finding.message);
        }
        view.fact("sound up to", format!("height {}, {} entries", statement.height, statement.log_size))
            .fact("head", statement.head_hash)
            .fact("log root", statement.log_root)
            .fact("chain", statement.chain_id)
            .fact("audited", time::format_ms(statement.audited_at_ms))
            .fact("program", &statement.program)
            .fact("key", self.key)
    }
}
