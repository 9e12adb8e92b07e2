//! Files, as `sanad_issuer::files` reads and writes them, with errors as commands pass them on.

use std::path::Path;

use sanad_issuer::files;
pub(crate) use sanad_issuer::files::{Mode, STANDARD_INPUT, Staged, parent};

pub(crate) fn read(path: &Path, bytes_max: usize) -> anyhow::Result<Vec<u8>> {
    Ok(files::read(path, bytes_max)?)
}

pub(crate) fn read_input(path: &Path, bytes_max: usize) -> anyhow::Result<Vec<u8>> {
    Ok(files::read_input(path, bytes_max)?)
}

pub(crate) fn read_text(path: &Path, bytes_max: usize) -> anyhow::Result<String> {
    Ok(files::read_text(path, bytes_max)?)
}

pub(crate) fn create_new(path: &Path, bytes: &[u8], mode: Mode) -> anyhow::Result<()> {
    Ok(files::create_new(path, bytes, mode)?)
}

pub(crate) fn place_new(path: &Path, bytes: &[u8], mode: Mode) -> anyhow::Result<()> {
    Ok(files::place_new(path, bytes, mode)?)
}

pub(crate) fn replace(path: &Path, bytes: &[u8], mode: Mode) -> anyhow::Result<()> {
    Ok(files::replace(path, bytes, mode)?)
}

pub(crate) fn remove(path: &Path) -> anyhow::Result<()> {
    Ok(files::remove(path)?)
}

pub(crate) fn create_folder(path: &Path) -> anyhow::Result<()> {
    Ok(files::create_folder(path)?)
}

pub(crate) fn place_unsynced(path: &Path, bytes: &[u8], mode: Mode) -> anyhow::Result<()> {
    Ok(files::place_unsynced(path, bytes, mode)?)
}

pub(crate) fn sync_parent(path: &Path) -> anyhow::Result<()> {
    Ok(files::sync_parent(path)?)
}
