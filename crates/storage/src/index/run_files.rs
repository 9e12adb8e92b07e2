//! Which run files make up an index. Their names say what they cover, so there is no list to keep: a file
//! has its name only once it is whole and durable.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sanad_chain::IndexSecret;

use super::run::Run;
use crate::error::{StoreError, at};
use crate::files;

/// The name of the run that covers a range of places.
pub(super) fn name(range: &Range<u64>) -> String {
    format!("{:015}-{:015}.run", range.start, range.end)
}

/// Opens the runs that cover the places from 0 on, the largest first where several begin alike: a merged
/// run stands beside its parts if the process was stopped then. All else is removed.
pub(super) fn open_all(
    directory: &Path,
    secret: &IndexSecret,
    limit: u64,
) -> Result<Vec<Arc<Run>>, StoreError> {
    let (found, others) = list(directory)?;
    others.iter().try_for_each(|path| files::remove_all(path))?;
    let (found, beyond): (Vec<_>, Vec<_>) = found.into_iter().partition(|range| range.end <= limit);
    beyond.iter().try_for_each(|range| files::remove_all(&directory.join(name(range))))?;
    let mut runs: Vec<Arc<Run>> = Vec::new();
    for range in found {
        let path = directory.join(name(&range));
        let next = runs.last().map_or(0, |run| run.range().end);
        let run = if range.start == next { Run::open(path.clone())? } else { None };
        match run.filter(|run| run.range() == range && run.is_of(secret)) {
            Some(run) => runs.push(Arc::new(run)),
            None => {
                if range.end > next {
                    tracing::warn!(path = %path.display(), "an index run is damaged or without predecessor; its keys are read again from the log");
                }
                files::remove_all(&path)?;
            }
        }
    }
    Ok(runs)
}

/// The place up to which the run files in a directory cover all, by their names.
pub(crate) fn covered(directory: &Path) -> Result<u64, StoreError> {
    let (found, _) = list(directory)?;
    Ok(found.into_iter().fold(0, |end, range| if range.start == end { range.end } else { end }))
}

/// The ranges that run files in a directory cover by their names, the largest first where several begin
/// alike; and other files. Both are empty if there is no directory.
pub(super) fn list(directory: &Path) -> Result<(Vec<Range<u64>>, Vec<PathBuf>), StoreError> {
    let (mut ranges, mut others) = (Vec::new(), Vec::new());
    if !directory.is_dir() {
        return Ok((ranges, others));
    }
    for file in std::fs::read_dir(directory).map_err(at(directory))? {
        let name = file.map_err(at(directory))?.file_name();
        match name.to_str().and_then(range_of) {
            Some(range) => ranges.push(range),
            None => others.push(directory.join(name)),
        }
    }
    ranges.sort_by_key(|range| (range.start, std::cmp::Reverse(range.end)));
    others.sort();
    Ok((ranges, others))
}

fn range_of(name: &str) -> Option<Range<u64>> {
    let (start, end) = name.strip_suffix(".run")?.split_once('-')?;
    let range = start.parse().ok()?..end.parse().ok()?;
    (range.start < range.end && self::name(&range) == name).then_some(range)
}
