//! A learner's folder in one ZIP.

use std::collections::BTreeSet;
use std::io::{Cursor, Read as _, Write as _};

use unicode_normalization::UnicodeNormalization as _;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

use crate::attachments::PDF_BYTES_MAX;
use crate::sealed::is_file_name;

/// Longest ZIP that is read, in bytes (16 MiB).
pub const ZIP_BYTES_MAX: usize = 16 << 20;
/// Most files of a ZIP.
pub const ZIP_FILES_MAX: usize = 64;

/// A file of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its name, without a folder.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Why a ZIP was not read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArchiveError {
    /// Too long.
    #[error("the ZIP has {actual} bytes; at most {ZIP_BYTES_MAX} are read")]
    TooLong {
        /// Length.
        actual: usize,
    },
    /// Too many files.
    #[error("the ZIP has {count} files; at most {ZIP_FILES_MAX} are read")]
    Files {
        /// How many.
        count: usize,
    },
    /// It cannot be read or written.
    #[error("the ZIP is damaged")]
    Damaged(#[from] zip::result::ZipError),
    /// A file of it cannot be read or written.
    #[error("a file in the ZIP is damaged")]
    File(#[from] std::io::Error),
    /// A name that leads elsewhere.
    #[error("{name:?} in the ZIP is not the name of a file in one folder")]
    Name {
        /// Path in the ZIP.
        name: String,
    },
    /// Two files of one name, as a file system that ignores letter case and normalises compares them: programs take different ones.
    #[error(
        "the ZIP holds two files of the name {name:?}, so that it has no one meaning; ask for each file by itself"
    )]
    Twice {
        /// Path of the second in the ZIP.
        name: String,
    },
    /// It inflates to too much.
    #[error("the files in the ZIP have more than {limit} bytes, one of them or all together")]
    Inflated {
        /// Most bytes.
        limit: usize,
    },
    /// A password is needed.
    #[error("{name:?} in the ZIP is encrypted")]
    Encrypted {
        /// Path in the ZIP.
        name: String,
    },
}

/// Whether bytes begin as a ZIP does.
#[must_use]
pub fn is_zip(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06")
}

/// A ZIP of the files, in their order, in a folder. Equal files give equal ZIPs.
///
/// # Errors
/// [`ArchiveError::Damaged`], [`ArchiveError::File`].
pub fn pack(folder: &str, files: &[File]) -> Result<Vec<u8>, ArchiveError> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default())
        .unix_permissions(0o600);
    for file in files {
        writer.start_file(format!("{folder}/{}", file.name), options)?;
        writer.write_all(&file.bytes)?;
    }
    Ok(writer.finish()?.into_inner())
}

/// The files of a ZIP, which lie in one folder or in none, no two of them under one name. What macOS adds to a ZIP is left out.
/// Nothing is written anywhere.
///
/// # Errors
/// [`ArchiveError`].
pub fn unpack(bytes: &[u8]) -> Result<Vec<File>, ArchiveError> {
    if bytes.len() > ZIP_BYTES_MAX {
        return Err(ArchiveError::TooLong { actual: bytes.len() });
    }
    let mut archive = ZipArchive::new(Cursor::new(bytes))?;
    let count = archive.len();
    if count > ZIP_FILES_MAX {
        return Err(ArchiveError::Files { count });
    }
    let start = usize::try_from(archive.central_directory_start()).unwrap_or(usize::MAX);
    check_names(bytes.get(start..).unwrap_or_default())?;
    let mut files: Vec<File> = Vec::new();
    let mut folders = Vec::new();
    let mut left = INFLATED_BYTES_MAX;
    for index in 0..count {
        let mut entry = archive.by_index_raw(index)?;
        let path = entry.name().to_owned();
        if entry.is_dir() || is_of_macos(&path) {
            continue;
        }
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", &path));
        let is_folder = if folder.is_empty() { name == path } else { is_file_name(folder) };
        folders.push(folder.to_owned());
        folders.dedup();
        if !is_file_name(name) || !is_folder || folders.len() > 1 || entry.is_symlink() {
            return Err(ArchiveError::Name { name: path });
        }
        if entry.encrypted() {
            return Err(ArchiveError::Encrypted { name: path });
        }
        drop(entry);
        entry = archive.by_index(index)?;
        // What the ZIP says of lengths is not believed.
        let limit = left.min(FILE_BYTES_MAX);
        let mut content = Vec::new();
        entry.take(limit as u64 + 1).read_to_end(&mut content)?;
        left = left
            .checked_sub(content.len())
            .filter(|_| content.len() <= limit)
            .ok_or(ArchiveError::Inflated { limit })?;
        files.push(File { name: name.to_owned(), bytes: content });
    }
    Ok(files)
}

/// Whether macOS adds such a file to the ZIPs that it makes: attributes and the look of a folder.
fn is_of_macos(path: &str) -> bool {
    path.starts_with("__MACOSX/") || path.rsplit('/').next() == Some(".DS_Store")
}

/// Refuses a directory with one name twice. `ZipArchive` cannot tell: of two entries it knows the last alone.
fn check_names(mut directory: &[u8]) -> Result<(), ArchiveError> {
    let mut met = BTreeSet::new();
    // PKWARE APPNOTE 4.3.12: a fixed part, then name, extra field and comment, whose lengths stand at bytes 28 to 33.
    while let Some((fixed, rest)) = directory.split_first_chunk::<46>()
        && fixed.starts_with(b"PK\x01\x02")
    {
        let length = |at: usize| usize::from(u16::from_le_bytes([fixed[at], fixed[at + 1]]));
        let name = rest.get(..length(28)).unwrap_or_default();
        let name = String::from_utf8_lossy(name).into_owned();
        if !met.insert(as_file_systems_compare(&name)) {
            return Err(ArchiveError::Twice { name });
        }
        directory = rest.get(length(28) + length(30) + length(32)..).unwrap_or_default();
    }
    Ok(())
}

/// What names have in common that a file system takes for one: macOS and Windows ignore letter case, macOS the normalisation
/// form, Windows dots and spaces at the end.
fn as_file_systems_compare(name: &str) -> String {
    let name: String = name.trim_end_matches(['.', ' ']).nfc().collect();
    // Upper case first: `ß` is `SS`, and both kinds of small sigma are one.
    name.to_uppercase().to_lowercase()
}

/// Most bytes of one file in a ZIP.
const FILE_BYTES_MAX: usize = PDF_BYTES_MAX;
/// Most bytes of all files in a ZIP (32 MiB).
const INFLATED_BYTES_MAX: usize = 32 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, bytes: &[u8]) -> File {
        File { name: name.into(), bytes: bytes.into() }
    }

    fn packed(options: SimpleFileOptions, files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in files {
            writer.start_file(*name, options).unwrap();
            writer.write_all(bytes).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    #[test]
    fn a_folder_comes_back() {
        let files = [file("ijazah.json", b"{}"), file("ijazah.pdf", &[7; 10_000])];
        let zip = pack("siti", &files).unwrap();
        assert!(is_zip(&zip) && zip.len() < 1000);
        assert_eq!(unpack(&zip).unwrap(), files);
        assert_eq!(pack("siti", &files).unwrap(), zip);
    }

    /// A ZIP that has two entries of one name, as its writer would not make it: the second is named `\u{1}` at first.
    fn with_one_twice(first: &str, second: &str) -> Vec<u8> {
        let stand_in = "\u{1}".repeat(second.len());
        let mut zip =
            packed(SimpleFileOptions::default(), &[(first, b"a"), (&stand_in, b"b"), ("last", b"c")]);
        for at in 0..zip.len() - second.len() {
            if zip[at..].starts_with(stand_in.as_bytes()) {
                zip[at..at + second.len()].copy_from_slice(second.as_bytes());
            }
        }
        zip
    }

    #[test]
    fn one_name_twice_is_refused_as_file_systems_compare() {
        for (first, second) in [
            ("x.json", "x.json"),
            ("x.json", "X.JSON"),
            ("caf\u{e9}.json", "cafe\u{301}.json"),
            ("stra\u{df}e", "STRASSE"),
            ("x", "x. "),
            ("a/x", "A/x"),
        ] {
            let zip = with_one_twice(first, second);
            let name = second.to_owned();
            assert!(
                matches!(unpack(&zip), Err(ArchiveError::Twice { name: found }) if found == name),
                "{second}"
            );
        }
        assert_eq!(unpack(&with_one_twice("x", "another")).map(|files| files.len()).unwrap(), 3);
    }

    #[test]
    fn what_macos_adds_is_left_out() {
        let names = [
            "a/x",
            "__MACOSX/",
            "__MACOSX/._a",
            "__MACOSX/a/._x",
            "a/.DS_Store",
            "__MACOSX/b/c/._y",
            ".DS_Store",
        ];
        let entries: Vec<(&str, &[u8])> = names.iter().map(|name| (*name, &b"x"[..])).collect();
        let files = unpack(&packed(SimpleFileOptions::default(), &entries)).unwrap();
        assert_eq!(files, [file("x", b"x")]);
    }

    #[test]
    fn hostile_zips_are_refused() {
        let plain = SimpleFileOptions::default();
        for name in ["../x", "a/../x", "/x", "/etc/passwd", "a/b/c", "a\\b", ".x", "a/.x", "..", "C:\\x"] {
            let zip = packed(plain, &[(name, b"x")]);
            assert!(matches!(unpack(&zip), Err(ArchiveError::Name { .. })), "{name}");
        }
        let two_folders = packed(plain, &[("a/x", b"x"), ("b/x", b"x")]);
        assert!(matches!(unpack(&two_folders), Err(ArchiveError::Name { .. })));
        let bomb = packed(plain, &[("x", &vec![0; FILE_BYTES_MAX + 1])]);
        assert!(bomb.len() < 10_000);
        assert!(matches!(unpack(&bomb), Err(ArchiveError::Inflated { limit: FILE_BYTES_MAX })));
        let much = vec![0; FILE_BYTES_MAX];
        let names: Vec<String> = (0..9).map(|number| number.to_string()).collect();
        let many: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &much[..])).collect();
        assert!(matches!(unpack(&packed(plain, &many)), Err(ArchiveError::Inflated { limit: 0 })));
        let names: Vec<String> = (0..=ZIP_FILES_MAX).map(|number| number.to_string()).collect();
        let many: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b"x"[..])).collect();
        assert!(matches!(unpack(&packed(plain, &many)), Err(ArchiveError::Files { count: 65 })));
        let good = packed(plain, &[("x", b"hello")]);
        for length in 0..good.len() {
            assert!(unpack(&good[..length]).is_err(), "{length} bytes");
        }
    }
}
