//! Making a backup, and adding to it.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use sanad_storage::{LogPlace, copy_log};

use super::error::BackupError;
use super::folder::{self, at, read_limited, write_whole};
use super::manifest::{BACKUP_VERSION, BackupFile, Manifest};
use crate::config::Config;
use crate::setup::{DataDir, read_genesis};

/// Whether a backup holds keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secrets {
    /// None.
    Left,
    /// The key files, sealed as they are, and the key of the TLS certificate, which is not sealed.
    Included,
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Created {
    /// The last block of the backup.
    pub log: Option<LogPlace>,
    /// Blocks that are new.
    pub blocks: u64,
    /// Bytes that they take.
    pub bytes: u64,
}

/// Copies to a folder what it does not have yet of the node's ledger, and the files that the node needs. The node may run.
///
/// # Errors
/// [`BackupError`]; what the backup had before is still there.
pub fn create(
    config: &Config,
    config_path: &Path,
    to: &Path,
    secrets: Secrets,
) -> Result<Created, BackupError> {
    let genesis = read_genesis(&config.genesis)?;
    let chain_id = genesis.chain_id();
    // Before the lock, which is a file: nothing is left in a folder that is refused.
    if to.is_dir() && Manifest::read(to)?.is_none() && !folder::is_unused(to)? {
        return Err(BackupError::NotEmpty { path: to.to_owned() });
    }
    let _lock = folder::lock(to)?;
    let before = match Manifest::read(to)? {
        Some(before) => before,
        None if !folder::is_unused(to)? => return Err(BackupError::NotEmpty { path: to.to_owned() }),
        None => {
            let program = concat!("sanad-node ", env!("CARGO_PKG_VERSION")).to_owned();
            let (member, files) = (config.member.clone(), Vec::new());
            let begun = Manifest {
                version: BACKUP_VERSION,
                program,
                chain_id,
                member,
                made_ms: now_ms(),
                log: None,
                files,
            };
            // The folder is a backup from now on, which the next run completes.
            write(to, &begun)?;
            begun
        }
    };
    if before.chain_id != chain_id {
        return Err(BackupError::OtherChain { expected: chain_id, actual: before.chain_id });
    }
    if before.member != config.member {
        return Err(BackupError::OtherMember { expected: config.member.clone(), actual: before.member });
    }
    let directory = DataDir::new(config);
    let (from, ledger) = (directory.ledger(), to.join("ledger"));
    folder::make(&ledger)?;
    let log = copy_log(&from, &ledger, chain_id, before.log, None)
        .map_err(|source| BackupError::Copy { path: to.to_owned(), source: Box::new(source) })?;
    let mut files = vec![("genesis.json", config.genesis.clone()), ("node.toml", config_path.to_owned())];
    files.push(("evidence.jsonl", directory.evidence()));
    if secrets == Secrets::Included {
        let keys = &config.keys;
        folder::make(&to.join("keys"))?;
        files.push(("keys/network.json", keys.network.clone()));
        files.extend(keys.consensus.clone().map(|path| ("keys/consensus.json", path)));
        files.extend(config.api.tls_certificate.clone().map(|path| ("keys/tls-certificate.pem", path)));
        files.extend(config.api.tls_key.clone().map(|path| ("keys/tls-key.pem", path)));
    }
    let mut kept = Vec::new();
    for (name, path) in files {
        let Some(mut bytes) = read_limited(&path, FILE_BYTES_MAX)? else {
            // No validator has ever contradicted itself.
            if name == "evidence.jsonl" {
                continue;
            }
            return Err(at(&path)(std::io::ErrorKind::NotFound.into()));
        };
        if name == "evidence.jsonl" {
            // The node may be writing the last line.
            let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
            bytes.truncate(whole);
        }
        let blake3 = blake3::hash(&bytes).to_string();
        let file = BackupFile { path: name.into(), bytes: bytes.len() as u64, blake3 };
        if !before.files.contains(&file) || !to.join(name).is_file() {
            write_whole(&to.join(name), &bytes)?;
        }
        kept.push(file);
    }
    // Keys that an earlier run was asked to keep stay, and are checked on.
    let earlier = before.files.iter().filter(|file| kept.iter().all(|new| new.path != file.path));
    let earlier: Vec<_> = earlier.cloned().collect();
    kept.extend(earlier);
    write(to, &Manifest { made_ms: now_ms(), log, files: kept, ..before.clone() })?;
    let (height, end) = before.log.map_or((0, 0), |log| (log.height.0, log.end));
    let blocks = log.map_or(0, |log| log.height.0) - height;
    Ok(Created { log, blocks, bytes: log.map_or(0, |log| log.end) - end })
}

fn write(folder: &Path, manifest: &Manifest) -> Result<(), BackupError> {
    let path = Manifest::path(folder);
    let text = serde_json::to_vec_pretty(manifest);
    let text = text.map_err(|source| BackupError::Manifest { path: path.clone(), source })?;
    write_whole(&path, &text)
}

pub(super) fn now_ms() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}

/// Longest file beside the ledger, in bytes (64 MiB).
pub(super) const FILE_BYTES_MAX: u64 = 64 << 20;
