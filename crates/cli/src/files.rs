//! Files, read within limits and written so that they survive a crash.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

/// Who may read a new file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// The owner alone (0600).
    Private,
    /// As the process is set up to (0666 less its umask).
    Public,
}

/// Reads a file of at most `limit` bytes.
pub(crate) fn read(path: &Path, limit: usize) -> anyhow::Result<Vec<u8>> {
    let file = File::open(path).with_context(|| format!("{} cannot be opened", path.display()))?;
    let meta = file.metadata().with_context(|| format!("{} cannot be read", path.display()))?;
    if meta.is_dir() {
        bail!("{} is a folder; a file is expected", path.display());
    }
    let mut bytes = Vec::new();
    file.take(limit as u64 + 1)
        .read_to_end(&mut bytes)
        .with_context(|| format!("{} cannot be read", path.display()))?;
    if bytes.len() > limit {
        bail!("{} has more than {limit} bytes, the most that is read of such a file", path.display());
    }
    Ok(bytes)
}

/// Reads a file, or standard input where the path is `-`, of at most `limit` bytes.
pub(crate) fn read_input(path: &Path, limit: usize) -> anyhow::Result<Vec<u8>> {
    if path != Path::new(STANDARD_INPUT) {
        return read(path, limit);
    }
    let mut bytes = Vec::new();
    io::stdin().take(limit as u64 + 1).read_to_end(&mut bytes).context("standard input cannot be read")?;
    if bytes.len() > limit {
        bail!("standard input has more than {limit} bytes, the most that is read of it");
    }
    Ok(bytes)
}

/// Reads a text file of at most `limit` bytes.
pub(crate) fn read_text(path: &Path, limit: usize) -> anyhow::Result<String> {
    String::from_utf8(read(path, limit)?).with_context(|| format!("{} is not UTF-8 text", path.display()))
}

/// Makes a file that was not there, and brings it and its folder to the disk.
///
/// # Errors
/// Where anything is at `path` already: it is left as it is.
pub(crate) fn create_new(path: &Path, bytes: &[u8], mode: Mode) -> anyhow::Result<()> {
    match write_new(path, bytes, mode) {
        Ok(()) => sync_parent(path),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            bail!("{} exists already and is never overwritten; choose another place", path.display())
        }
        Err(error) => Err(error).with_context(|| format!("{} cannot be written", path.display())),
    }
}

/// Puts a whole file in place at once: whoever reads it sees the old one, or all of the new one.
pub(crate) fn replace(path: &Path, bytes: &[u8], mode: Mode) -> anyhow::Result<()> {
    let temporary = temporary_name(path)?;
    let written = write_new(&temporary, bytes, mode).and_then(|()| fs::rename(&temporary, path));
    if let Err(error) = written {
        // Best effort: what could not be written may not be removable either.
        let _ = fs::remove_file(&temporary);
        return Err(error).with_context(|| format!("{} cannot be written", path.display()));
    }
    sync_parent(path)
}

/// Puts a whole file in place at once where none was, and brings it and its folder to the disk.
///
/// # Errors
/// Where anything is at `path` already: it is left as it is.
pub(crate) fn place_new(path: &Path, bytes: &[u8], mode: Mode) -> anyhow::Result<()> {
    place_unsynced(path, bytes, mode)?;
    sync_parent(path)
}

/// As [`place_new`], but leaves it to the caller to call [`sync_parent`]: once for many files of a folder.
pub(crate) fn place_unsynced(path: &Path, bytes: &[u8], mode: Mode) -> anyhow::Result<()> {
    let temporary = temporary_name(path)?;
    // A hard link never replaces what is there, as a rename would.
    let written = write_new(&temporary, bytes, mode).and_then(|()| fs::hard_link(&temporary, path));
    let _ = fs::remove_file(&temporary);
    match written {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            bail!("{} exists already and is left as it is", path.display())
        }
        // Some file systems have no hard links.
        Err(error) if error.kind() == io::ErrorKind::Unsupported => create_new(path, bytes, mode),
        Err(error) => Err(error).with_context(|| format!("{} cannot be written", path.display())),
    }
}

/// A new file that is written bit by bit, and shows in its place only when it is whole.
pub(crate) struct Staged {
    path: PathBuf,
    temporary: PathBuf,
    file: BufWriter<File>,
}

impl Staged {
    /// Begins a file that will be placed at `path`.
    pub(crate) fn new(path: &Path, mode: Mode) -> anyhow::Result<Self> {
        let temporary = temporary_name(path)?;
        let file =
            open_new(&temporary, mode).with_context(|| format!("{} cannot be written", path.display()))?;
        Ok(Self { path: path.to_owned(), temporary, file: BufWriter::new(file) })
    }

    /// Adds bytes at its end.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        self.file.write_all(bytes).with_context(|| format!("{} cannot be written", self.path.display()))
    }

    /// Puts it in place where nothing was, and brings it and its folder to the disk.
    ///
    /// # Errors
    /// Where anything is there already: it is left as it is.
    pub(crate) fn place_new(mut self) -> anyhow::Result<()> {
        let written = self.file.flush().and_then(|()| self.file.get_ref().sync_all());
        match written.and_then(|()| fs::hard_link(&self.temporary, &self.path)) {
            Ok(()) => sync_parent(&self.path),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                bail!("{} exists already and is left as it is", self.path.display())
            }
            // Some file systems have no hard links.
            Err(error) if error.kind() == io::ErrorKind::Unsupported && !self.path.exists() => {
                let placed = fs::rename(&self.temporary, &self.path);
                placed.with_context(|| format!("{} cannot be written", self.path.display()))?;
                sync_parent(&self.path)
            }
            Err(error) => Err(error).with_context(|| format!("{} cannot be written", self.path.display())),
        }
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        // Best effort: the next run clears what is left.
        let _ = fs::remove_file(&self.temporary);
    }
}

/// Removes a file for good, if it is there.
pub(crate) fn remove(path: &Path) -> anyhow::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("{} cannot be removed", path.display()))
        }
        _ => sync_parent(path),
    }
}

/// Removes what a program that was killed had half-written. Requires that none is at work in the folder.
pub(crate) fn remove_temporaries(folder: &Path) -> anyhow::Result<()> {
    for entry in folder.read_dir().with_context(|| format!("{} cannot be read", folder.display()))? {
        let entry = entry?;
        if is_temporary(&entry.file_name().to_string_lossy()) {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

/// Makes a folder, its parents too.
pub(crate) fn create_folder(path: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(path).with_context(|| format!("the folder {} cannot be made", path.display()))
}

/// The folder a path stands in.
pub(crate) fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => path,
    }
}

fn write_new(path: &Path, bytes: &[u8], mode: Mode) -> io::Result<()> {
    let mut file = open_new(path, mode)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn open_new(path: &Path, mode: Mode) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    if mode == Mode::Private {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    #[cfg(not(unix))]
    let _ = mode;
    options.open(path)
}

fn temporary_name(path: &Path) -> anyhow::Result<PathBuf> {
    let middle = hex::encode(crate::random::bytes::<6>()?);
    Ok(parent(path).join(format!("{TEMPORARY_PREFIX}{middle}{TEMPORARY_SUFFIX}")))
}

fn is_temporary(name: &str) -> bool {
    let middle = name.strip_prefix(TEMPORARY_PREFIX).and_then(|name| name.strip_suffix(TEMPORARY_SUFFIX));
    middle.is_some_and(|middle| middle.len() == 12 && middle.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Brings the folder's own entry for `path` to the disk: without it a crash can lose the whole file.
pub(crate) fn sync_parent(path: &Path) -> anyhow::Result<()> {
    #[cfg(unix)]
    {
        let folder = parent(path);
        File::open(folder)
            .and_then(|folder| folder.sync_all())
            .with_context(|| format!("the folder {} cannot be synced", folder.display()))?;
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

/// The path that stands for standard input.
pub(crate) const STANDARD_INPUT: &str = "-";
const TEMPORARY_PREFIX: &str = ".sanad-";
const TEMPORARY_SUFFIX: &str = ".tmp";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_written_files_are_cleared_away_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let temporary = temporary_name(&folder.path().join("a.json")).unwrap();
        let others = [".sanad-pending-00.json", ".sanad-0.tmp", "a.tmp", ".sanad-00000000000g.tmp"];
        others.iter().for_each(|name| fs::write(folder.path().join(name), "x").unwrap());
        fs::write(&temporary, "x").unwrap();
        remove_temporaries(folder.path()).unwrap();
        assert!(!temporary.exists());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), others.len());
    }

    #[test]
    fn nothing_is_overwritten_unless_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.json");
        create_new(&path, b"first", Mode::Private).unwrap();
        assert!(create_new(&path, b"second", Mode::Private).is_err());
        assert!(place_new(&path, b"third", Mode::Private).is_err());
        assert_eq!(read(&path, 100).unwrap(), b"first");
        replace(&path, b"fourth", Mode::Public).unwrap();
        assert_eq!(read(&path, 6).unwrap(), b"fourth");
        assert!(read(&path, 5).is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file is left");
    }

    #[cfg(unix)]
    #[test]
    fn private_files_are_the_owners_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        for (name, write) in
            [("a", create_new as fn(&Path, &[u8], Mode) -> _), ("b", place_new), ("c", replace)]
        {
            let path = folder.path().join(name);
            write(&path, b"x", Mode::Private).unwrap();
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }
}
