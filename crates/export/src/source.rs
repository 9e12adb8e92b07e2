//! Where an export is read from.

use std::path::{Path, PathBuf};

use crate::error::ExportError;
use crate::folder::{Cost, Folder};
use crate::layout::HEAD;
use crate::reader::checkpoint_text;
use crate::web::{Web, WebOptions, is_url};

/// A folder of this machine, or the address of an export with a web server.
#[derive(Clone, Debug)]
pub struct Source(pub(crate) Folder);

impl Source {
    /// What a person named: a URL, or else a folder. Nothing is read yet.
    ///
    /// A URL is `https`, or `http` on this machine alone, without a query. Redirects are not followed.
    ///
    /// # Errors
    /// [`ExportError::Web`] for an address that cannot be one, or without certificates of authorities.
    pub fn new(place: &Path, options: &WebOptions) -> Result<Self, ExportError> {
        match place.to_str().filter(|text| is_url(text)) {
            Some(url) => Ok(Self(Folder::of(Web::new(url, options)?))),
            None => Ok(place.into()),
        }
    }

    /// Whether a place is meant as a URL, and not as a folder.
    pub fn is_url(place: &Path) -> bool {
        place.to_str().is_some_and(is_url)
    }

    /// Whether a place is an export: the address of one, or its folder, which may have lost a part.
    pub fn is_export(place: &Path) -> bool {
        Self::is_url(place) || place.join(HEAD).is_file() || place.join("tile").is_dir()
    }

    /// The signed checkpoint, as it is: nothing of it is checked.
    ///
    /// # Errors
    /// [`ExportError`].
    pub fn checkpoint(&self) -> Result<String, ExportError> {
        checkpoint_text(&self.0)
    }

    /// What reading it has cost so far, for all who read by this source or a copy of it; `None` of a folder.
    pub fn cost(&self) -> Option<Cost> {
        self.0.cost()
    }

    /// The folder; `None` if the export is not on this machine.
    pub fn folder(&self) -> Option<&Path> {
        self.0.disk()
    }
}

impl From<&Path> for Source {
    fn from(folder: &Path) -> Self {
        Self(Folder::new(folder))
    }
}

impl From<&PathBuf> for Source {
    fn from(folder: &PathBuf) -> Self {
        folder.as_path().into()
    }
}
