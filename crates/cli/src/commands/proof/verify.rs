//! `sanad proof verify`: files that other people wrote, checked with no node.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use anyhow::Context;
use sanad_core::proof::{
    COMPLETENESS_LINE_BYTES_MAX, CONSISTENCY_JSON_BYTES_MAX, CompletenessHead, CompletenessVerifier,
    ConsistencyProof, EVIDENCE_JSON_BYTES_MAX, EntryRun, Evidence,
};

use sanad_verify::{Completeness, CompletenessList, Consistency, EvidenceFinding, Trust, explain};

use super::completeness::Shown as ShownCompleteness;
use super::consistency::{Shown as ShownConsistency, proof_of_receipt};
use crate::output::{Outcome, Output, complain, describe};
use crate::progress;
use crate::trust::TrustArgs;

pub(crate) const EXAMPLES: &str = "\
Examples:
  sanad proof verify since.consistency.json --genesis genesis.json
  sanad proof verify since.consistency.json --receipt ijazah.json.receipt.json
  sanad proof verify merapi.completeness.jsonl --list --json

Which kind of proof a file holds is read from the file. With --json, one line for each file, also
for one that is missing or cannot be read: it has an \"error\".

Exit codes: 0 all hold; 1 one does not; 2 a file cannot be read as a proof.";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The proofs
    #[arg(required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    trust: TrustArgs,
    /// A receipt whose log a consistency proof has to begin with
    #[arg(long, value_name = "FILE")]
    receipt: Option<PathBuf>,
    /// List every credential of a completeness proof with its status
    #[arg(long)]
    list: bool,
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let trust = match args.trust.read() {
        Ok(trust) => trust,
        Err(error) if output.is_json() => {
            let error = describe(&error);
            args.files.iter().try_for_each(|path| {
                output.failed(&path.display().to_string(), anyhow::Error::msg(error.clone())).map(drop)
            })?;
            return Ok(Outcome::Error);
        }
        Err(error) => return Err(error),
    };
    let mut outcome = Outcome::Yes;
    for path in &args.files {
        let found = match verify(path, args, &trust, output) {
            Ok(found) => found,
            Err(error) if output.is_json() => output.failed(&path.display().to_string(), error)?,
            Err(error) => {
                complain(&error);
                Outcome::Error
            }
        };
        outcome = outcome.and(found);
    }
    Ok(outcome)
}

fn verify(path: &Path, args: &Args, trust: &Trust, output: &Output) -> anyhow::Result<Outcome> {
    let file = File::open(path).with_context(|| format!("{} cannot be opened", path.display()))?;
    let length = file.metadata().with_context(|| format!("{} cannot be read", path.display()))?.len();
    let mut lines = Lines { path, file: BufReader::new(file) };
    let first = lines.next()?.unwrap_or_default();
    let unreadable =
        || format!("{} is not a consistency or completeness proof, nor an evidence file", path.display());
    match CompletenessHead::from_json(&first) {
        Ok(head) => {
            let found = completeness(head, &first, lines, length, args.list, trust)?;
            let answer = found.verdict.answer();
            // A reader that has closed the pipe leaves the exit code as it is.
            let _ = output.print_next(&ShownCompleteness::new(found))?;
            Ok(answer.into())
        }
        Err(_) => {
            let text = lines.whole(first)?;
            if let Ok(proof) = Evidence::from_json(&text) {
                let found = EvidenceFinding::of(&path.display().to_string(), &proof, trust);
                let _ = output.print_next(&found)?;
                return Ok(found.verdict.answer().into());
            }
            let proof = ConsistencyProof::from_json(&text).with_context(unreadable)?;
            let known =
                args.receipt.as_deref().map(|receipt| proof_of_receipt(receipt, trust)).transpose()?;
            let found = Consistency::of(&path.display().to_string(), &proof, known.as_ref(), trust);
            let answer = found.verdict.answer();
            let _ = output.print_next(&ShownConsistency { found, written: None })?;
            Ok(answer.into())
        }
    }
}

fn completeness(
    head: CompletenessHead,
    first: &[u8],
    mut lines: Lines<'_>,
    length: u64,
    list: bool,
    trust: &Trust,
) -> anyhow::Result<Completeness> {
    let path = lines.path;
    let mut list = CompletenessList::new(&path.display().to_string(), list);
    let mut verifier = match CompletenessVerifier::new(head, trust.anchor()) {
        Ok(verifier) => verifier,
        Err(fault) => return Ok(list.refused(&fault)),
    };
    if let Err(why) = check_end(first) {
        return Ok(list.unreadable(&format!("line 1 {why}")));
    }
    let bar = progress::bytes("checking");
    bar.set_length(length);
    let mut number = 1;
    while let Some(line) = lines.next()? {
        number += 1;
        if let Err(why) = check_end(&line) {
            return Ok(list.unreadable(&format!("line {number} {why}")));
        }
        let run = match EntryRun::from_json(&line) {
            Ok(run) => run,
            Err(error) => return Ok(list.unreadable(&format!("line {number}: {}", explain(&error)))),
        };
        if let Err(fault) = list.add(&mut verifier, &run) {
            return Ok(list.refused(&fault));
        }
        bar.inc(line.len() as u64);
    }
    bar.finish_and_clear();
    Ok(list.finish(verifier))
}

/// Why a line is not whole, if it is not.
fn check_end(line: &[u8]) -> Result<(), String> {
    match line.last() {
        Some(b'\n') => Ok(()),
        _ if line.len() > COMPLETENESS_LINE_BYTES_MAX => {
            Err(format!("has more than {COMPLETENESS_LINE_BYTES_MAX} bytes"))
        }
        _ => Err("does not end with a line feed".to_owned()),
    }
}

/// The lines of a file, of which any may be as long as a sender likes.
struct Lines<'a> {
    path: &'a Path,
    file: BufReader<File>,
}

impl Lines<'_> {
    /// The next line with its end, cut off if it is too long; `None` at the end of the file.
    fn next(&mut self) -> anyhow::Result<Option<Vec<u8>>> {
        let mut line = Vec::new();
        let limit = COMPLETENESS_LINE_BYTES_MAX as u64 + 1;
        let read = (&mut self.file).take(limit).read_until(b'\n', &mut line);
        read.with_context(|| format!("{} cannot be read", self.path.display()))?;
        Ok(if line.is_empty() { None } else { Some(line) })
    }

    /// The first line and all that follows it.
    fn whole(mut self, mut first: Vec<u8>) -> anyhow::Result<Vec<u8>> {
        let limit = EVIDENCE_JSON_BYTES_MAX.max(CONSISTENCY_JSON_BYTES_MAX) as u64 + 1;
        let rest = (&mut self.file).take(limit).read_to_end(&mut first);
        rest.with_context(|| format!("{} cannot be read", self.path.display()))?;
        Ok(first)
    }
}
