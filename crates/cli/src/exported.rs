//! Static exports, as commands open them.

use std::path::{Path, PathBuf};

use sanad_export::{ExportedLedger, Source, WebOptions};

use crate::output::note;
use crate::time;

/// Opens an export and checks its head, its state and the right edge of its log.
pub(crate) fn open(place: &Path, options: &WebOptions) -> anyhow::Result<ExportedLedger> {
    ExportedLedger::open(Source::new(place, options)?).map_err(|error| {
        let damaged = error.is_damage();
        let refused = anyhow::Error::new(error);
        match damaged {
            true => refused
                .context(format!("the export {} cannot be relied on; get another copy", place.display())),
            false => refused.context(format!("the export {} cannot be read", place.display())),
        }
    })
}

/// Says how old an export is.
pub(crate) fn note_age(ledger: &ExportedLedger, place: &Path) {
    let header = ledger.export().head().header.clone();
    let age = time::format_age(time::age_seconds(header.time_ms, time::now_ms()));
    let at = time::format_ms(header.time_ms);
    note(format_args!("the export {} is as of block {}, {at} ({age})", place.display(), header.height));
}

/// Where checked files of exports at a distance are kept: in the user's folder for what can be made anew.
pub(crate) fn cache_folder() -> Option<PathBuf> {
    let set = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = set("XDG_CACHE_HOME").or_else(|| Some(set("HOME")?.join(".cache")))?;
    Some(base.join("sanad").join("exports"))
}
