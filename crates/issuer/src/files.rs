//! Files, read within limits and written so that they survive a crash.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use crate::random::{NoRandomness, random_bytes};

/// Who may read a new file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The owner alone (0600), from the moment it is made.
    Private,
    /// As the process is set up to (0666 less its umask).
    Public,
}

/// Why a file or folder cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// The system refuses.
    #[error("{} cannot be {action}", path.display())]
    System {
        /// The file or folder.
        path: PathBuf,
        /// What was tried: opened, read, written ...
        action: &'static str,
        /// Why it failed.
        source: io::Error,
    },
    /// Standard input cannot be read.
    #[error("standard input cannot be read")]
    StandardInput(#[source] io::Error),
    /// A folder stands where a file is expected.
    #[error("{} is a folder; a file is expected", .0.display())]
    Folder(PathBuf),
    /// A link stands where a folder is expected that this program writes into.
    #[error(
        "{} is a link, and what belongs into this folder would be written where it leads; put a folder in its place, or choose another \
         place for the whole", .0.display()
    )]
    Link(PathBuf),
    /// The path is a pipe or a socket.
    #[error("{} is a pipe, not a file; copy what it gives into a file", .0.display())]
    Pipe(PathBuf),
    /// It is longer than such a file may be.
    #[error("{} has more than {bytes_max} bytes, the most that is read of such a file", path.display())]
    TooLong {
        /// The file, or `-` for standard input.
        path: PathBuf,
        /// The limit.
        bytes_max: usize,
    },
    /// It is not text.
    #[error("{} is not UTF-8 text", .0.display())]
    NotText(PathBuf),
    /// Something is there already.
    #[error("{} exists already and is never overwritten; choose another place, or move it away", .0.display())]
    Exists(PathBuf),
    /// Others than its owner can read or write it.
    #[error("{0} can be read or written by others than its owner, and holds a secret; run: chmod 600 {0}", path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
    },
    /// A name for a temporary file needs randomness.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}

impl FileError {
    pub(crate) fn system(path: &Path, action: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::System { path: path.to_owned(), action, source }
    }
}

/// Reads a file of at most `bytes_max` bytes.
///
/// # Errors
/// [`FileError`].
pub fn read(path: &Path, bytes_max: usize) -> Result<Vec<u8>, FileError> {
    read_open(path, open(path)?, bytes_max)
}

/// Opens a file, but no pipe in a folder: until somebody writes to it, opening it would wait for ever. Pipes that shells
/// make for `<(...)` have a writer.
fn open(path: &Path) -> Result<File, FileError> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt as _;
        let of_shell = ["/dev/fd/", "/dev/stdin", "/proc/"].iter().any(|start| path.starts_with(start));
        let found = std::fs::metadata(path).map_err(FileError::system(path, "opened"))?;
        if !of_shell && (found.file_type().is_fifo() || found.file_type().is_socket()) {
            return Err(FileError::Pipe(path.to_owned()));
        }
    }
    File::open(path).map_err(FileError::system(path, "opened"))
}

/// Reads a file that holds a secret. On Unix, one that its group or others can read or write is refused.
///
/// # Errors
/// [`FileError`]; [`FileError::Exposed`] names the command that mends it.
pub fn read_secret(path: &Path, bytes_max: usize) -> Result<Vec<u8>, FileError> {
    let file = open(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let meta = file.metadata().map_err(FileError::system(path, "read"))?;
        // A pipe, as shells make them for `<(...)`, is no file that others could open.
        if meta.is_file() && meta.mode() & OTHERS_BITS != 0 {
            return Err(FileError::Exposed { path: path.to_owned() });
        }
    }
    read_open(path, file, bytes_max)
}

fn read_open(path: &Path, file: File, bytes_max: usize) -> Result<Vec<u8>, FileError> {
    if file.metadata().map_err(FileError::system(path, "read"))?.is_dir() {
        return Err(FileError::Folder(path.to_owned()));
    }
    let mut bytes = Vec::new();
    file.take(bytes_max as u64 + 1).read_to_end(&mut bytes).map_err(FileError::system(path, "read"))?;
    if bytes.len() > bytes_max {
        return Err(FileError::TooLong { path: path.to_owned(), bytes_max });
    }
    Ok(bytes)
}

/// Reads a file, or standard input if the path is [`STANDARD_INPUT`], of at most `bytes_max` bytes.
///
/// # Errors
/// [`FileError`].
pub fn read_input(path: &Path, bytes_max: usize) -> Result<Vec<u8>, FileError> {
    if path != Path::new(STANDARD_INPUT) {
        return read(path, bytes_max);
    }
    let mut bytes = Vec::new();
    io::stdin().take(bytes_max as u64 + 1).read_to_end(&mut bytes).map_err(FileError::StandardInput)?;
    if bytes.len() > bytes_max {
        return Err(FileError::TooLong { path: path.to_owned(), bytes_max });
    }
    Ok(bytes)
}

/// As [`read`], for text.
///
/// # Errors
/// [`FileError`].
pub fn read_text(path: &Path, bytes_max: usize) -> Result<String, FileError> {
    String::from_utf8(read(path, bytes_max)?).map_err(|_| FileError::NotText(path.to_owned()))
}

/// Makes a file that was not there, and brings it and its folder to the disk.
///
/// # Errors
/// [`FileError::Exists`] if anything is at `path` already: it is left as it is.
pub fn create_new(path: &Path, bytes: &[u8], mode: Mode) -> Result<(), FileError> {
    write_new(path, bytes, mode).map_err(|error| not_placed(path, error))?;
    sync_parent(path)
}

/// Puts a whole file in place at once: readers see the old one, or all of the new one.
///
/// # Errors
/// [`FileError`].
pub fn replace(path: &Path, bytes: &[u8], mode: Mode) -> Result<(), FileError> {
    let temporary = temporary_name(path)?;
    let written = write_new(&temporary, bytes, mode).and_then(|()| fs::rename(&temporary, path));
    if let Err(error) = written {
        // Best effort: what could not be written may not be removable either.
        let _ = fs::remove_file(&temporary);
        return Err(FileError::system(path, "written")(error));
    }
    sync_parent(path)
}

/// Puts a whole file in place at once where none was, and brings it and its folder to the disk.
///
/// # Errors
/// [`FileError::Exists`] if anything is at `path` already: it is left as it is.
pub fn place_new(path: &Path, bytes: &[u8], mode: Mode) -> Result<(), FileError> {
    place_unsynced(path, bytes, mode)?;
    sync_parent(path)
}

/// As [`place_new`], but leaves it to the caller to call [`sync_parent`]: once for many files of a folder.
///
/// # Errors
/// As [`place_new`].
pub fn place_unsynced(path: &Path, bytes: &[u8], mode: Mode) -> Result<(), FileError> {
    let temporary = temporary_name(path)?;
    // A hard link never replaces what is there, as a rename would.
    let written = write_new(&temporary, bytes, mode).and_then(|()| fs::hard_link(&temporary, path));
    let _ = fs::remove_file(&temporary);
    match written {
        // Some file systems have no hard links.
        Err(error) if error.kind() == io::ErrorKind::Unsupported => create_new(path, bytes, mode),
        written => written.map_err(|error| not_placed(path, error)),
    }
}

/// A new file that is written bit by bit, and shows in its place only when it is whole.
#[derive(Debug)]
pub struct Staged {
    path: PathBuf,
    temporary: PathBuf,
    file: BufWriter<File>,
}

impl Staged {
    /// Begins a file that will be placed at `path`.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn new(path: &Path, mode: Mode) -> Result<Self, FileError> {
        let temporary = temporary_name(path)?;
        let file = open_new(&temporary, mode).map_err(FileError::system(path, "written"))?;
        Ok(Self { path: path.to_owned(), temporary, file: BufWriter::new(file) })
    }

    /// Adds bytes at its end.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), FileError> {
        self.file.write_all(bytes).map_err(FileError::system(&self.path, "written"))
    }

    /// Puts it in place where nothing was, and brings it and its folder to the disk.
    ///
    /// # Errors
    /// [`FileError::Exists`] if anything is there already: it is left as it is.
    pub fn place_new(mut self) -> Result<(), FileError> {
        let written = self.file.flush().and_then(|()| self.file.get_ref().sync_all());
        match written.and_then(|()| fs::hard_link(&self.temporary, &self.path)) {
            // Some file systems have no hard links.
            Err(error) if error.kind() == io::ErrorKind::Unsupported && !self.path.exists() => {
                fs::rename(&self.temporary, &self.path).map_err(FileError::system(&self.path, "written"))?;
            }
            placed => placed.map_err(|error| not_placed(&self.path, error))?,
        }
        sync_parent(&self.path)
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        // Best effort: the next run clears what is left.
        let _ = fs::remove_file(&self.temporary);
    }
}

/// Removes a file for good, if it is there.
///
/// # Errors
/// [`FileError`].
pub fn remove(path: &Path) -> Result<(), FileError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(FileError::system(path, "removed")(error))
        }
        _ => sync_parent(path),
    }
}

/// Removes what a program that was killed had half-written. Requires that none is at work in the folder.
///
/// # Errors
/// [`FileError`].
pub fn remove_temporaries(folder: &Path) -> Result<(), FileError> {
    let read = FileError::system;
    for entry in folder.read_dir().map_err(read(folder, "read"))? {
        let entry = entry.map_err(read(folder, "read"))?;
        if is_temporary(&entry.file_name().to_string_lossy()) {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

/// Finds out whether files can be made in a folder, by making one and removing it.
///
/// # Errors
/// [`FileError`].
pub fn try_folder(folder: &Path) -> Result<(), FileError> {
    let temporary = temporary_name(&folder.join("x"))?;
    let made = open_new(&temporary, Mode::Private).and_then(|file| {
        drop(file);
        fs::remove_file(&temporary)
    });
    made.map_err(FileError::system(folder, "written into"))
}

/// Makes a folder, its parents too.
///
/// # Errors
/// [`FileError`].
pub fn create_folder(path: &Path) -> Result<(), FileError> {
    fs::create_dir_all(path).map_err(FileError::system(path, "made as a folder"))
}

/// Makes a folder, or takes the one that is there. A link to one is refused: whoever could put it there would choose where this program writes.
///
/// # Errors
/// [`FileError`].
pub fn create_own_folder(path: &Path) -> Result<(), FileError> {
    refuse_link(path)?;
    create_folder(path)
}

/// Refuses a link.
///
/// # Errors
/// [`FileError::Link`].
pub fn refuse_link(path: &Path) -> Result<(), FileError> {
    match path.symlink_metadata() {
        Ok(found) if found.is_symlink() => Err(FileError::Link(path.to_owned())),
        _ => Ok(()),
    }
}

/// The folder a path stands in.
pub fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => path,
    }
}

/// Brings the folder's own entry for `path` to the disk: without it a crash can lose the whole file.
///
/// # Errors
/// [`FileError`].
pub fn sync_parent(path: &Path) -> Result<(), FileError> {
    #[cfg(unix)]
    {
        let folder = parent(path);
        File::open(folder)
            .and_then(|folder| folder.sync_all())
            .map_err(FileError::system(folder, "brought to the disk"))?;
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

/// The path that stands for standard input.
pub const STANDARD_INPUT: &str = "-";

fn not_placed(path: &Path, error: io::Error) -> FileError {
    match error.kind() {
        io::ErrorKind::AlreadyExists => FileError::Exists(path.to_owned()),
        _ => FileError::system(path, "written")(error),
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

fn temporary_name(path: &Path) -> Result<PathBuf, NoRandomness> {
    let middle = hex::encode(random_bytes::<6>()?);
    Ok(parent(path).join(format!("{TEMPORARY_PREFIX}{middle}{TEMPORARY_SUFFIX}")))
}

fn is_temporary(name: &str) -> bool {
    let middle = name.strip_prefix(TEMPORARY_PREFIX).and_then(|name| name.strip_suffix(TEMPORARY_SUFFIX));
    middle.is_some_and(|middle| middle.len() == 12 && middle.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

const TEMPORARY_PREFIX: &str = ".sanad-";
const TEMPORARY_SUFFIX: &str = ".tmp";
/// What group and others may do with a file.
#[cfg(unix)]
const OTHERS_BITS: u32 = 0o077;

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
        try_folder(folder.path()).unwrap();
        remove_temporaries(folder.path()).unwrap();
        assert!(!temporary.exists());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), others.len());
    }

    #[test]
    fn nothing_is_overwritten_unless_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.json");
        create_new(&path, b"first", Mode::Private).unwrap();
        assert!(matches!(create_new(&path, b"second", Mode::Private), Err(FileError::Exists(_))));
        assert!(matches!(place_new(&path, b"third", Mode::Private), Err(FileError::Exists(_))));
        assert_eq!(read(&path, 100).unwrap(), b"first");
        replace(&path, b"fourth", Mode::Public).unwrap();
        assert_eq!(read(&path, 6).unwrap(), b"fourth");
        assert!(matches!(read(&path, 5), Err(FileError::TooLong { .. })));
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
            assert_eq!(read_secret(&path, 10).unwrap(), b"x");
            for exposed in [0o640, 0o604, 0o660] {
                fs::set_permissions(&path, fs::Permissions::from_mode(exposed)).unwrap();
                let error = read_secret(&path, 10).unwrap_err().to_string();
                assert!(error.contains("chmod 600"), "{error}");
            }
        }
    }
}
