//! The file of evidence against validators: one evidence file (`docs/formats/evidence.md`) a line.
//!
//! A faulty validator can contradict itself at every height for ever, and one line proves as much as a thousand. So
//! each validator has a few lines of each kind, the first ones, and the file an end.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, ErrorKind, Write as _};
use std::path::PathBuf;

use sanad_core::evidence::{Equivocation, StatementKind};
use sanad_core::ids::Height;
use sanad_core::proof::{Contradiction, Evidence, FinalStatement};
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
    /// Bytes of the lines before the last one, if that has no end: a write was cut short, and it proves nothing.
    torn_after: Option<u64>,
}

impl EvidenceFile {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, lines: None }
    }

    /// Appends what there is room for. Returns the number of pieces of evidence kept. `decided` gives the block of a height,
    /// which says whose the key is.
    ///
    /// # Errors
    /// The file cannot be read or written. What is in it is counted anew next time.
    pub(super) fn keep(
        &mut self,
        evidence: &[Equivocation],
        decided: impl Fn(Height) -> Option<FinalStatement>,
    ) -> io::Result<usize> {
        let mut lines = match self.lines.take() {
            Some(lines) => lines,
            None => self.count()?,
        };
        let mut text = String::new();
        let before = lines.total;
        for evidence in evidence {
            if lines.admit(evidence.key, evidence.statement) {
                text.push_str(&Evidence::of_validator(evidence.clone(), decided(evidence.height)).to_line());
            }
        }
        if !text.is_empty() {
            let mut file = OpenOptions::new().create(true).append(true).open(&self.path)?;
            if let Some(bytes) = lines.torn_after.take() {
                file.set_len(bytes)?;
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
        let (mut line, mut bytes) = (Vec::new(), 0);
        while lines.total < LINES_MAX && reader.read_until(b'\n', &mut line)? > 0 {
            if line.last() != Some(&b'\n') {
                lines.torn_after = Some(bytes);
                break;
            }
            lines.total += 1;
            bytes += line.len() as u64;
            if let Ok(evidence) = Evidence::from_json(&line)
                && let Contradiction::Equivocation { signed, .. } = evidence.statements
            {
                *lines.kept.entry((signed.key, signed.statement)).or_default() += 1;
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

/// Lines about one validator of one kind.
const LINES_PER_VALIDATOR_AND_KIND_MAX: usize = 4;
/// Lines in the file: room for 85 validator keys. A line has 3 KiB with 4 validators, and 40 KiB with 128.
const LINES_MAX: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use sanad_core::evidence::Statement;
    use sanad_core::signature::Signature;

    fn evidence(validator: u64, kind: StatementKind, height: u64) -> Equivocation {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&validator.to_be_bytes());
        let statement = Statement { block: None, valid_round: None, signature: Signature([1; 64]) };
        Equivocation {
            key: PublicKey(key),
            height: Height(height),
            round: 0,
            statement: kind,
            first: statement.clone(),
            second: statement,
        }
    }

    fn heights(path: &std::path::Path) -> Vec<u64> {
        let text = std::fs::read_to_string(path).unwrap();
        let height = |line: &str| {
            serde_json::from_str::<serde_json::Value>(line).ok()?["statements"]["signed"]["height"].as_u64()
        };
        text.lines().filter_map(height).collect()
    }

    #[test]
    fn the_first_of_each_kind_are_kept_over_restarts() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("evidence.jsonl");
        let mut file = EvidenceFile::new(path.clone());
        for height in 1..=100 {
            let kept = file.keep(&[evidence(1, StatementKind::Prevote, height)], |_| None).unwrap();
            assert_eq!(kept, usize::from(height <= LINES_PER_VALIDATOR_AND_KIND_MAX as u64));
        }
        // A write that was cut short, and a new process.
        OpenOptions::new().append(true).open(&path).unwrap().write_all(b"{\"validator\":").unwrap();
        let mut file = EvidenceFile::new(path.clone());
        assert_eq!(file.keep(&[evidence(1, StatementKind::Prevote, 101)], |_| None).unwrap(), 0);
        let more = [
            evidence(1, StatementKind::Precommit, 102),
            evidence(2, StatementKind::Prevote, 103),
            evidence(1, StatementKind::Prevote, 104),
        ];
        assert_eq!(file.keep(&more, |_| None).unwrap(), 2);
        assert_eq!(heights(&path), [1, 2, 3, 4, 102, 103]);
        assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 6, "what was torn is gone");
    }

    #[test]
    fn the_file_has_an_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("evidence.jsonl");
        let many: Vec<_> = (0..5_000).map(|key| evidence(key, StatementKind::Proposal, key)).collect();
        assert_eq!(EvidenceFile::new(path.clone()).keep(&many, |_| None).unwrap(), LINES_MAX);
        assert!(std::fs::metadata(&path).unwrap().len() < (LINES_MAX << 10) as u64);
        assert_eq!(EvidenceFile::new(path).keep(&many, |_| None).unwrap(), 0);
    }
}
