//! Batches that waited when the node stopped: kept in a file until it runs again.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::Path;
use std::sync::Arc;

use sanad_core::batch::{BATCH_BYTES_MAX, SignedBatch};

/// Writes the batches durably: `u32` length and bytes of each. Without batches, there is no file.
///
/// # Errors
/// The operating system's.
pub fn save(path: &Path, batches: &[Arc<SignedBatch>]) -> io::Result<()> {
    if batches.is_empty() {
        return Ok(());
    }
    let unfinished = path.with_extension("unfinished");
    let mut file = io::BufWriter::new(File::create(&unfinished)?);
    for batch in batches {
        file.write_all(&(batch.bytes().len() as u32).to_be_bytes())?;
        file.write_all(batch.bytes())?;
    }
    file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
    std::fs::rename(&unfinished, path)?;
    match path.parent() {
        Some(parent) => File::open(parent)?.sync_all(),
        None => Ok(()),
    }
}

/// Takes the batches out of the file, and removes it. Reading ends at the first damaged batch.
///
/// # Errors
/// The operating system's.
pub fn take(path: &Path) -> io::Result<Vec<Arc<SignedBatch>>> {
    let mut file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        opened => io::BufReader::new(opened?),
    };
    let mut batches = Vec::new();
    let mut length = [0; 4];
    while file.read_exact(&mut length).is_ok() {
        let length = u32::from_be_bytes(length) as usize;
        let mut bytes = vec![0; length.min(BATCH_BYTES_MAX)];
        let read = file.read_exact(&mut bytes);
        match SignedBatch::decode(&bytes) {
            Ok(batch) if read.is_ok() && length <= BATCH_BYTES_MAX => batches.push(Arc::new(batch)),
            _ => {
                tracing::warn!(path = %path.display(), "the rest of the saved batches is not readable");
                break;
            }
        }
    }
    std::fs::remove_file(path)?;
    Ok(batches)
}

#[cfg(test)]
mod tests {
    use sanad_testkit::{Ledger, issue};

    use super::*;

    fn batch(number: u64) -> Arc<SignedBatch> {
        Arc::new(Ledger::new().signed("issuer", vec![issue(number)]))
    }

    #[test]
    fn batches_survive_and_are_taken_once() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("pool.batches");
        assert!(take(&path).unwrap().is_empty());
        save(&path, &[batch(0), batch(1)]).unwrap();
        assert_eq!(take(&path).unwrap(), [batch(0), batch(1)]);
        assert!(take(&path).unwrap().is_empty());
    }

    #[test]
    fn damage_costs_no_more_than_itself() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("pool.batches");
        save(&path, &[batch(0), batch(1)]).unwrap();
        let mut bytes = std::fs::read(&path).unwrap();
        bytes.truncate(bytes.len() - 1);
        std::fs::write(&path, &bytes).unwrap();
        assert_eq!(take(&path).unwrap(), [batch(0)]);
        std::fs::write(&path, [0xff; 64]).unwrap();
        assert!(take(&path).unwrap().is_empty());
    }
}
