//! The file of evidence against validators: one line of JSON for each contradiction.
//!
//! A faulty validator can contradict itself at every height for ever, and one line proves as much as a thousand. So
//! each validator has a few lines of each kind, the first ones, and the file an end.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, ErrorKind, Write as _};
use std::path::PathBuf;

use sanad_consensus_lite::{Evidence, Statement, StatementKind};
use sanad_core::signature::PublicKey;

/// The file, and how much is in it.
#[derive(Debug)]
pub(super) struct EvidenceFile {
    path: PathBuf,
    /// Counted when there is something to add, at first.
    lines: Option<Lines>,
}

#[derive(Debug, Default)]
struct Lines {
    total: usize,
    /// By validator and kind.
    kept: HashMap<(PublicKey, StatementKind), usize>,
    /// Whether the last line has no end, because a write was cut short.
    torn: bool,
}

/// The part of a line that says whom it is against.
#[derive(serde::Deserialize)]
struct Subject {
    validator: PublicKey,
    kind: String,
}

impl EvidenceFile {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, lines: None }
    }

    /// Appends what there is room for. Returns the number of pieces of evidence kept.
    ///
    /// # Errors
    /// The file cannot be read or written. What is in it is counted anew next time.
    pub(super) fn keep(&mut self, evidence: &[Evidence]) -> io::Result<usize> {
        let mut lines = match self.lines.take() {
            Some(lines) => lines,
            None => self.count()?,
        };
        let mut text = String::new();
        let before = lines.total;
        for evidence in evidence {
            if lines.admit(evidence.validator, evidence.kind) {
                text.push_str(&line(evidence).to_string());
                text.push('\n');
            }
        }
        if !text.is_empty() {
            let mut file = OpenOptions::new().create(true).append(true).open(&self.path)?;
            if std::mem::take(&mut lines.torn) {
                text.insert(0, '\n');
            }
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
        }
        let kept = lines.total - before;
        self.lines = Some(lines);
        Ok(kept)
    }

    fn count(&self) -> io::Result<Lines> {
        let mut lines = Lines::default();
        let file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(lines),
            Err(error) => return Err(error),
        };
        let mut reader = BufReader::new(file);
        let mut line = Vec::new();
        while lines.total < LINES_MAX && reader.read_until(b'\n', &mut line)? > 0 {
            lines.total += 1;
            lines.torn = line.last() != Some(&b'\n');
            if let Ok(Subject { validator, kind }) = serde_json::from_slice(&line)
                && let Some(kind) = KINDS.into_iter().find(|known| name(*known) == kind)
            {
                *lines.kept.entry((validator, kind)).or_default() += 1;
            }
            line.clear();
        }
        Ok(lines)
    }
}

impl Lines {
    /// Whether there is room for one more, which takes it.
    fn admit(&mut self, validator: PublicKey, kind: StatementKind) -> bool {
        let kept = self.kept.get(&(validator, kind)).copied().unwrap_or_default();
        if self.total >= LINES_MAX || kept >= LINES_PER_VALIDATOR_AND_KIND_MAX {
            return false;
        }
        self.kept.insert((validator, kind), kept + 1);
        self.total += 1;
        true
    }
}

fn line(evidence: &Evidence) -> serde_json::Value {
    let statement = |statement: &Statement| {
        serde_json::json!({
            "block": statement.block,
            "valid_round": statement.valid_round,
            "signature": statement.signature,
        })
    };
    serde_json::json!({
        "validator": evidence.validator,
        "height": evidence.height,
        "round": evidence.round,
        "kind": name(evidence.kind),
        "first": statement(&evidence.first),
        "second": statement(&evidence.second),
    })
}

fn name(kind: StatementKind) -> &'static str {
    match kind {
        StatementKind::Proposal => "proposal",
        StatementKind::Prevote => "prevote",
        StatementKind::Precommit => "precommit",
    }
}

const KINDS: [StatementKind; 3] = [StatementKind::Proposal, StatementKind::Prevote, StatementKind::Precommit];
/// Lines about one validator of one kind.
const LINES_PER_VALIDATOR_AND_KIND_MAX: usize = 4;
/// Lines in the file, of less than 1 KiB each: room for 341 validator keys.
const LINES_MAX: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;
    use sanad_core::ids::Height;
    use sanad_core::signature::Signature;

    fn evidence(validator: u64, kind: StatementKind, height: u64) -> Evidence {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&validator.to_be_bytes());
        let statement = Statement { block: None, valid_round: None, signature: Signature([1; 64]) };
        Evidence {
            validator: PublicKey(key),
            height: Height(height),
            round: 0,
            kind,
            first: statement.clone(),
            second: statement,
        }
    }

    fn heights(path: &std::path::Path) -> Vec<u64> {
        let text = std::fs::read_to_string(path).unwrap();
        let height = |line: &str| serde_json::from_str::<serde_json::Value>(line).ok()?["height"].as_u64();
        text.lines().filter_map(height).collect()
    }

    #[test]
    fn the_first_of_each_kind_are_kept_over_restarts() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("evidence.jsonl");
        let mut file = EvidenceFile::new(path.clone());
        for height in 1..=100 {
            let kept = file.keep(&[evidence(1, StatementKind::Prevote, height)]).unwrap();
            assert_eq!(kept, usize::from(height <= LINES_PER_VALIDATOR_AND_KIND_MAX as u64));
        }
        // A write that was cut short, and a new process.
        OpenOptions::new().append(true).open(&path).unwrap().write_all(b"{\"validator\":").unwrap();
        let mut file = EvidenceFile::new(path.clone());
        assert_eq!(file.keep(&[evidence(1, StatementKind::Prevote, 101)]).unwrap(), 0);
        let more = [
            evidence(1, StatementKind::Precommit, 102),
            evidence(2, StatementKind::Prevote, 103),
            evidence(1, StatementKind::Prevote, 104),
        ];
        assert_eq!(file.keep(&more).unwrap(), 2);
        assert_eq!(heights(&path), [1, 2, 3, 4, 102, 103]);
    }

    #[test]
    fn the_file_has_an_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("evidence.jsonl");
        let many: Vec<_> = (0..5_000).map(|key| evidence(key, StatementKind::Proposal, key)).collect();
        assert_eq!(EvidenceFile::new(path.clone()).keep(&many).unwrap(), LINES_MAX);
        assert!(std::fs::metadata(&path).unwrap().len() < (LINES_MAX << 10) as u64);
        assert_eq!(EvidenceFile::new(path).keep(&many).unwrap(), 0);
    }
}
