//! Where boxes of certificates were published: a file beside the register, so that whoever is erased from the register can be
//! erased from the site, too.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use sanad_certificate::{BOXES_FOLDER, LinkKey};
use sanad_issuer::files;
use sanad_register::{Credential, RowNumber};
use serde::Serialize;

/// Notes beside a register that boxes are published in the folder of a site.
pub(crate) fn remember(register: &Path, site_dir: &Path) -> anyhow::Result<()> {
    let folder =
        site_dir.canonicalize().with_context(|| format!("{} cannot be opened", site_dir.display()))?;
    let Some(name) = folder.to_str().filter(|name| !name.contains(['\n', '\r'])) else {
        bail!("{} cannot be noted beside the register: its name is not one line of UTF-8", folder.display());
    };
    if remembered(register)?.contains(&folder) {
        return Ok(());
    }
    let path = file_of(register);
    let open = OpenOptions::new().create(true).append(true).open(&path);
    open.and_then(|mut file| {
        file.write_all(format!("{name}\n").as_bytes())?;
        file.sync_all()
    })
    .with_context(|| format!("{} cannot be written", path.display()))
}

/// The folders that were noted beside a register.
pub(crate) fn remembered(register: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let path = file_of(register);
    if !path.exists() {
        return Ok(Vec::new());
    }
    let text = files::read_text(&path, SITES_BYTES_MAX)?;
    Ok(text.lines().filter(|line| !line.trim().is_empty()).map(PathBuf::from).collect())
}

fn file_of(register: &Path) -> PathBuf {
    let mut path = register.as_os_str().to_owned();
    path.push(".sites");
    PathBuf::from(path)
}

/// The box that a certificate's link opens.
#[derive(Serialize)]
pub(crate) struct LinkBox {
    pub(crate) row: RowNumber,
    /// Its name in the folder `boxes` of a site.
    #[serde(rename = "box")]
    pub(crate) id: String,
    /// Files that were deleted.
    pub(crate) deleted: Vec<PathBuf>,
}

/// Deletes the boxes of credentials in the folders of sites. Requires that the register still has their secrets: without
/// them nobody can tell whose box is whose.
pub(crate) fn delete_boxes(credentials: &[Credential], sites: &[PathBuf]) -> anyhow::Result<Vec<LinkBox>> {
    let mut boxes = Vec::with_capacity(credentials.len());
    for Credential { row, facts, .. } in credentials {
        let id = LinkKey::of_credential(&facts.secret, &facts.digest).box_id().to_string();
        let mut deleted = Vec::new();
        for site in sites {
            let place = site.join(BOXES_FOLDER).join(&id);
            match std::fs::remove_file(&place) {
                Ok(()) => deleted.push(place),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => {
                    return Err(error).with_context(|| {
                        format!("{} cannot be deleted; nothing was erased from the register", place.display())
                    });
                }
            }
        }
        boxes.push(LinkBox { row: *row, id, deleted });
    }
    Ok(boxes)
}

/// Longest list of sites, in bytes.
const SITES_BYTES_MAX: usize = 64 << 10;
