//! Files of evidence: one piece, or one a line as nodes keep them.

use std::path::Path;

use anyhow::Context;
use sanad_core::proof::{EVIDENCE_JSON_BYTES_MAX, Evidence, EvidenceFormatError};

use crate::files;
use crate::output::note;

/// A piece of evidence, or why it cannot be read, and what to call it.
pub(super) struct Piece {
    pub(super) name: String,
    pub(super) evidence: Result<Evidence, EvidenceFormatError>,
}

/// The pieces in a file, which has at least one that can be read. A last line that a node did not end, because it was killed,
/// is passed over with a note.
pub(super) fn read(path: &Path) -> anyhow::Result<Vec<Piece>> {
    let name = path.display();
    let bytes = files::read(path, FILE_BYTES_MAX)?;
    let single = match Evidence::from_json(&bytes) {
        Ok(evidence) => return Ok(vec![Piece { name: name.to_string(), evidence: Ok(evidence) }]),
        Err(error) => error,
    };
    let lines = bytes.split_inclusive(|byte| *byte == b'\n').enumerate();
    let lines = lines.filter(|(_, line)| !line.trim_ascii().is_empty());
    let mut pieces: Vec<Piece> = lines
        .map(|(number, line)| Piece {
            name: format!("{name}:{}", number + 1),
            evidence: Evidence::from_json(line),
        })
        .collect();
    if pieces.iter().all(|piece| piece.evidence.is_err()) {
        return Err(single).with_context(|| format!("{name} is not an evidence file"));
    }
    if !bytes.ends_with(b"\n")
        && let Some(torn) = pieces.pop_if(|piece| piece.evidence.is_err())
    {
        note(format_args!("{} has no end, as a write that was cut short leaves it: passed over", torn.name));
    }
    Ok(pieces)
}

/// Longest file: one piece of evidence, or all that a node keeps (64 MiB).
const FILE_BYTES_MAX: usize = 16 * EVIDENCE_JSON_BYTES_MAX;
