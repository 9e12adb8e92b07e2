//! Before anything is submitted: whether every receipt can be written.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use sanad_core::ids::LogIndex;

use crate::files::{self, FileError};
use crate::places::Places;

/// A receipt that could not be written.
#[derive(Debug)]
pub struct PlaceFault {
    /// The document.
    pub document: PathBuf,
    /// Where its receipt would be.
    pub receipt: PathBuf,
    /// What is in the way.
    pub reason: PlaceFaultReason,
}

/// Why a receipt could not be written.
#[derive(Debug)]
#[non_exhaustive]
pub enum PlaceFaultReason {
    /// The file system takes no such name, as one that is too long.
    Name(std::io::Error),
    /// Something that is no receipt is there.
    Exists,
    /// The receipt of another document of this run goes there.
    SamePlace(PathBuf),
    /// No file can be made in its folder.
    Folder(FileError),
    /// The file system of its folder is full, or nearly.
    NoRoom {
        /// Bytes that the receipts of the folder may take.
        needed: u64,
        /// Bytes that are left.
        available: u64,
    },
}

/// Receipts that could not be written, so that nothing was issued.
#[derive(Debug)]
pub struct PlacesError(pub Vec<PlaceFault>);

impl std::error::Error for PlacesError {}

impl fmt::Display for PlacesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.len() {
            1 => f.write_str("1 receipt could not be written, so nothing was issued:")?,
            count => write!(f, "{count} receipts could not be written, so nothing was issued:")?,
        }
        for fault in self.0.iter().take(FAULTS_SHOWN_MAX) {
            write!(f, "\n{fault}")?;
        }
        match self.0.len().saturating_sub(FAULTS_SHOWN_MAX) {
            0 => Ok(()),
            more => write!(f, "\n... and {more} more"),
        }
    }
}

impl fmt::Display for PlaceFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let document = self.document.display();
        match &self.reason {
            PlaceFaultReason::Name(error) => {
                let bytes = self.receipt.file_name().unwrap_or_default().len();
                write!(
                    f,
                    "{document}: the name of its receipt would have {bytes} bytes ({error}); give the document a \
                     shorter name"
                )
            }
            PlaceFaultReason::Exists => {
                write!(f, "{document}: {} is there already; move it away first", self.receipt.display())
            }
            PlaceFaultReason::SamePlace(other) => write!(
                f,
                "{document}: its receipt and that of {} would both be {}; rename one of the two",
                other.display(),
                self.receipt.display()
            ),
            PlaceFaultReason::Folder(error) => {
                write!(f, "{document}: {error}")?;
                if let FileError::System { source, .. } = error {
                    write!(f, " ({source})")?;
                }
                f.write_str("; make the folder writable, or give another with --receipts DIR")
            }
            PlaceFaultReason::NoRoom { needed, available } => write!(
                f,
                "{document}: its folder's file system has {available} bytes left and up to {needed} are needed; make \
                 room, or give another folder with --receipts DIR"
            ),
        }
    }
}

/// A document and the log index of the receipt that it has, if it is issued again.
pub(crate) type Placed<'a> = (&'a Path, Option<LogIndex>);

/// Tries the place of every receipt.
pub(crate) fn try_places(documents: &[Placed<'_>], places: &Places) -> Result<(), PlacesError> {
    let mut faults = Vec::new();
    let mut taken: BTreeMap<PathBuf, &Path> = BTreeMap::new();
    // By folder: one of its documents, and how many there are.
    let mut folders: BTreeMap<&Path, (&Path, u64)> = BTreeMap::new();
    for (document, issued_at) in documents {
        let receipt = places.new_receipt(document);
        folders.entry(places.folder_of(document)).or_insert((document, 0)).1 += 1;
        let reason = match taken.get(&receipt) {
            Some(other) => Some(PlaceFaultReason::SamePlace(other.to_path_buf())),
            None => try_names(places, document, &receipt, *issued_at),
        };
        match reason {
            Some(reason) => faults.push(PlaceFault { document: document.to_path_buf(), receipt, reason }),
            None => drop(taken.insert(receipt, document)),
        }
    }
    let mut fault = |document: &Path, reason| {
        let (document, receipt) = (document.to_owned(), places.new_receipt(document));
        faults.push(PlaceFault { document, receipt, reason });
    };
    for (folder, (document, _)) in &folders {
        if let Err(error) = files::try_folder(folder) {
            fault(document, PlaceFaultReason::Folder(error));
        }
    }
    for (document, reason) in without_room(&folders, Room::of) {
        fault(document, reason);
    }
    if faults.is_empty() { Ok(()) } else { Err(PlacesError(faults)) }
}

fn try_names(
    places: &Places,
    document: &Path,
    receipt: &Path,
    issued_at: Option<LogIndex>,
) -> Option<PlaceFaultReason> {
    let aside = issued_at.map(|index| places.set_aside(document, receipt, index.0));
    // A receipt that the document has makes way for the new one.
    let own = issued_at.is_some() && receipt.exists();
    let free = |path: &Path| match path.symlink_metadata() {
        Ok(_) => Some(PlaceFaultReason::Exists),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => None,
        Err(error) => Some(PlaceFaultReason::Name(error)),
    };
    if own {
        aside.as_deref().and_then(free)
    } else {
        free(receipt).or_else(|| aside.as_deref().and_then(free))
    }
}

/// The file systems that have no room for the receipts of all their folders together, each by one of its documents.
fn without_room<'a>(
    folders: &BTreeMap<&Path, (&'a Path, u64)>,
    room: impl Fn(&Path) -> Option<Room>,
) -> Vec<(&'a Path, PlaceFaultReason)> {
    let mut systems: BTreeMap<u64, (&Path, Room, u64)> = BTreeMap::new();
    for (folder, (document, receipts)) in folders {
        if let Some(room) = room(folder) {
            systems.entry(room.system).or_insert((document, room, 0)).2 += receipts;
        }
    }
    let fault = |(document, room, receipts): (&'a Path, Room, u64)| {
        let (needed, available) = (room.needed(receipts, RECEIPT_BYTES_EXPECTED), room.available);
        (available < needed).then_some((document, PlaceFaultReason::NoRoom { needed, available }))
    };
    systems.into_values().filter_map(fault).collect()
}

/// What a file system has left for this user, in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    /// Tells it from others.
    pub(crate) system: u64,
    pub(crate) available: u64,
    /// The least that a file takes.
    pub(crate) block: u64,
}

impl Room {
    /// That of the file system of a folder; `None` if it does not say.
    pub(crate) fn of(folder: &Path) -> Option<Self> {
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt as _;
            let (found, system) = (rustix::fs::statvfs(folder).ok()?, folder.metadata().ok()?.dev());
            // Some file systems count nothing.
            (found.f_blocks > 0).then(|| Self {
                system,
                available: found.f_bavail.saturating_mul(found.f_frsize),
                block: found.f_frsize.max(1),
            })
        }
        #[cfg(not(unix))]
        {
            let _ = folder;
            None
        }
    }

    /// What files of so many bytes take: whole blocks, and one more for what the file system keeps of each.
    pub(crate) fn needed(self, files: u64, bytes_each: u64) -> u64 {
        let blocks = bytes_each.div_ceil(self.block).saturating_add(1);
        files.saturating_mul(blocks.saturating_mul(self.block))
    }
}

/// What a receipt and its part of a pending file take on a disk, in bytes: some more than they have at 14 validators.
pub(crate) const RECEIPT_BYTES_EXPECTED: u64 = 16 << 10;
/// Most faults that are written out.
const FAULTS_SHOWN_MAX: usize = 10;

#[cfg(test)]
mod tests {

    use super::*;

    fn fault(documents: &[&Path], folder: Option<&Path>) -> Option<PlaceFaultReason> {
        let places = Places { folder: folder.map(Path::to_owned), form: None };
        let documents: Vec<_> = documents.iter().map(|path| (*path, None)).collect();
        let mut faults = try_places(&documents, &places).err()?.0;
        assert_eq!(faults.len(), 1);
        faults.pop().map(|fault| fault.reason)
    }

    #[test]
    fn names_that_do_not_fit_are_found() {
        let folder = tempfile::tempdir().unwrap();
        let named = |bytes: usize| folder.path().join("a".repeat(bytes - 5) + ".json");
        assert!(fault(&[&named(242)], None).is_none());
        for bytes in [243, 245, 255] {
            assert!(matches!(fault(&[&named(bytes)], None), Some(PlaceFaultReason::Name(_))), "{bytes}");
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left");
    }

    #[test]
    fn places_that_are_taken_are_found() {
        let folder = tempfile::tempdir().unwrap();
        let document = folder.path().join("a.json");
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("nowhere", folder.path().join("a.json.receipt.json")).unwrap();
            assert!(matches!(fault(&[&document], None), Some(PlaceFaultReason::Exists)));
        }
        let other = folder.path().join("sub/a.json");
        let apart = tempfile::tempdir().unwrap();
        let reason = fault(&[&document, &other], Some(apart.path()));
        assert!(matches!(reason, Some(PlaceFaultReason::SamePlace(first)) if first == document));
        assert!(matches!(fault(&[Path::new("/nowhere/a.json")], None), Some(PlaceFaultReason::Folder(_))));
    }

    #[cfg(unix)]
    #[test]
    fn room_is_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Room::of(folder.path()).is_none_or(|room| room.available > 0 && room.block > 0));
        let one = Path::new("a.json");
        let folders = BTreeMap::from([(folder.path(), (one, u64::MAX))]);
        let faults = without_room(&folders, Room::of);
        assert!(matches!(faults[..], [(_, PlaceFaultReason::NoRoom { .. })] | []));
        // Folders of one file system share its room, and a file takes whole blocks.
        let (first, second) = (Path::new("a"), Path::new("b"));
        let folders = BTreeMap::from([(first, (one, 10)), (second, (one, 10))]);
        let room = |available, block| move |_: &Path| Some(Room { system: 7, available, block });
        let needed = 20 * (16 + 4) * 1024;
        assert!(without_room(&folders, room(needed, 4096)).is_empty());
        assert!(matches!(
            without_room(&folders, room(needed - 1, 4096))[..],
            [(_, PlaceFaultReason::NoRoom { needed: found, .. })] if found == needed
        ));
        assert_eq!(without_room(&folders, room(needed, 1 << 20)).len(), 1);
        let apart = |folder: &Path| {
            let system = u64::from(folder == second);
            Some(Room { system, available: needed / 2, block: 4096 })
        };
        assert!(without_room(&folders, apart).is_empty());
    }
}
