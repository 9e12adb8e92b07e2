//! The file of a register: made for its owner alone, on a local disk.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::Path;

use crate::error::RegisterError;

/// Makes an empty file where nothing was.
pub(crate) fn create(path: &Path, network_share_allowed: bool) -> Result<(), RegisterError> {
    check_share(
        path.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new(".")),
        path,
        network_share_allowed,
    )?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Err(RegisterError::Exists(path.to_owned()))
        }
        Err(error) => Err(system(path, "made")(error)),
    }
}

/// Checks that a register can lie in a file that is there.
pub(crate) fn check(path: &Path, network_share_allowed: bool) -> Result<(), RegisterError> {
    let found = match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(RegisterError::Missing(path.to_owned()));
        }
        found => found.map_err(system(path, "opened"))?,
    };
    if !found.is_file() {
        return Err(RegisterError::NotARegister { path: path.to_owned() });
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        if found.mode() & OTHERS_BITS != 0 {
            return Err(RegisterError::Exposed(path.to_owned()));
        }
    }
    check_share(path, path, network_share_allowed)
}

/// Brings the folder's entry of a new file to the disk.
pub(crate) fn sync_folder(path: &Path) -> Result<(), RegisterError> {
    #[cfg(unix)]
    {
        let folder = path.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new("."));
        fs::File::open(folder)
            .and_then(|folder| folder.sync_all())
            .map_err(system(path, "brought to the disk"))?;
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

pub(crate) fn system(path: &Path, action: &'static str) -> impl FnOnce(io::Error) -> RegisterError {
    move |source| RegisterError::System { path: path.to_owned(), action, source }
}

/// Refuses network shares: their locks do not keep two machines apart, and a register is damaged where they fail
/// (sqlite.org/howtocorrupt.html, 2.1).
#[cfg(target_os = "linux")]
fn check_share(at: &Path, path: &Path, allowed: bool) -> Result<(), RegisterError> {
    let found = rustix::fs::statfs(at).map_err(|error| system(path, "looked at")(error.into()))?;
    if !allowed && is_network_share(found.f_type as u32) {
        return Err(RegisterError::NetworkShare(path.to_owned()));
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn check_share(_: &Path, _: &Path, _: bool) -> Result<(), RegisterError> {
    Ok(())
}

/// Whether a file system of this type is, or may be, on another machine: the numbers are those of statfs(2).
#[cfg(target_os = "linux")]
fn is_network_share(kind: u32) -> bool {
    const AFS: u32 = 0x5346_414f;
    const CEPH: u32 = 0x00c3_6400;
    const CIFS: u32 = 0xff53_4d42;
    const CODA: u32 = 0x7375_7245;
    /// sshfs, virtiofs and others; also some local ones, for which the caller may insist.
    const FUSE: u32 = 0x6573_5546;
    const LUSTRE: u32 = 0x0bd0_0bd0;
    const NCP: u32 = 0x564c;
    const NFS: u32 = 0x6969;
    const NINE_P: u32 = 0x0102_1997;
    const OCFS2: u32 = 0x7461_636f;
    const SMB: u32 = 0x517b;
    const SMB2: u32 = 0xfe53_4d42;
    const VBOX: u32 = 0x786f_4256;
    matches!(kind, AFS | CEPH | CIFS | CODA | FUSE | LUSTRE | NCP | NFS | NINE_P | OCFS2 | SMB | SMB2 | VBOX)
}

/// What group and others may do with a file.
#[cfg(unix)]
const OTHERS_BITS: u32 = 0o077;

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn network_shares_are_told_from_local_disks() {
        // statfs(2): NFS, SMB2, FUSE; ext4, btrfs, tmpfs, overlayfs, xfs.
        assert!([0x6969, 0xfe53_4d42, 0x6573_5546].into_iter().all(is_network_share));
        assert!(
            ![0xef53, 0x9123_683e, 0x0102_1994, 0x794c_7630, 0x5846_5342].into_iter().any(is_network_share)
        );
    }
}
