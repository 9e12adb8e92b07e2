//! `sanad evidence verify`: what files prove, and against whom.

use std::path::PathBuf;

use sanad_verify::EvidenceFinding;

use super::read::{Piece, read};
use crate::output::{Outcome, Output, complain};
use crate::trust::TrustArgs;

pub(crate) const EXAMPLES: &str = "\
Examples:
  sanad evidence verify data/evidence.jsonl --genesis genesis.json
  sanad evidence verify ijazah.json.receipt.json.evidence.json --trust trust.json --json

A node keeps what validators sign twice in evidence.jsonl, one piece a line; commands that meet two proofs which contradict
each other write a file. No network is used. Whose a key was at a height follows from the genesis or the trust file, and from
the final header in the file.

Exit codes: 0 all of it is proved; 1 some of it is not; 2 a file, or a line of one, cannot be read as evidence.";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// Evidence
    #[arg(required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    trust: TrustArgs,
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let trust = args.trust.read()?;
    let mut outcome = Outcome::Yes;
    for path in &args.files {
        let pieces = match read(path) {
            Ok(pieces) => pieces,
            Err(error) => {
                outcome = outcome.and(refuse(&path.display().to_string(), error, output)?);
                continue;
            }
        };
        for Piece { name, evidence } in pieces {
            let evidence = match evidence {
                Ok(evidence) => evidence,
                Err(error) => {
                    let error = anyhow::Error::from(error).context(format!("{name} is no evidence"));
                    outcome = outcome.and(refuse(&name, error, output)?);
                    continue;
                }
            };
            let found = EvidenceFinding::of(&name, &evidence, &trust);
            // A reader that has closed the pipe leaves the exit code as it is.
            let _ = output.print_next(&found)?;
            outcome = outcome.and(found.verdict.answer().into());
        }
    }
    Ok(outcome)
}

/// Says that something is no evidence, and goes on.
fn refuse(name: &str, error: anyhow::Error, output: &Output) -> anyhow::Result<Outcome> {
    if output.is_json() {
        return output.failed(name, error);
    }
    complain(&error);
    Ok(Outcome::Error)
}
