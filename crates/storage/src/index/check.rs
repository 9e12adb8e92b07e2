//! Comparing runs with the log, without changing them.

use std::ops::Range;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use sanad_chain::IndexSecret;

use super::run::Run;
use super::run_files;
use crate::audit::RunFault;
use crate::error::StoreError;

/// What the log gives for an index.
pub(crate) trait ExpectedKeys: Sync {
    /// Places of the log.
    fn size(&self) -> u64;

    /// Whether a key is one of a place.
    fn holds(&self, key: u64, place: u64) -> bool;

    /// Keys of a range of places, within the size.
    fn count(&self, range: Range<u64>) -> u64;
}

/// What is wrong with a run.
pub(crate) struct RunDamage {
    pub(crate) path: PathBuf,
    /// The first place whose key is at fault, where that is known.
    pub(crate) place: Option<u64>,
    pub(crate) fault: RunFault,
}

/// Compares all runs in a directory. Also returns other files. `whole` says that the log is
/// known to its end.
pub(crate) fn compare(
    directory: &Path,
    secret: &IndexSecret,
    expected: &impl ExpectedKeys,
    whole: bool,
) -> Result<(Vec<RunDamage>, Vec<PathBuf>), StoreError> {
    let (ranges, strays) = run_files::list(directory)?;
    let mut damage = Vec::new();
    let mut next = 0;
    for range in ranges {
        // A part of a run that was merged from it: the next opening removes it.
        if range.end <= next {
            continue;
        }
        let path = directory.join(run_files::name(&range));
        let mut found = |place, fault| damage.push(RunDamage { path: path.clone(), place, fault });
        if range.start != next {
            found(Some(next), RunFault::Gap { from: next });
        }
        next = range.end;
        let Some(run) = Run::open(path.clone())? else {
            found(None, RunFault::Head);
            continue;
        };
        if run.range() != range || !run.is_of(secret) {
            found(None, RunFault::Foreign);
            continue;
        }
        if whole && range.end > expected.size() {
            found(None, RunFault::Beyond { end: range.end, size: expected.size() });
            continue;
        }
        if let Some((place, fault)) = compare_run(&run, expected)? {
            found(place, fault);
        }
    }
    Ok((damage, strays))
}

/// First and last record of a page, or what is wrong with it.
type PageCheck = Result<((u64, u64), (u64, u64)), (Option<u64>, RunFault)>;

/// The first thing wrong with a run that is whole.
fn compare_run(
    run: &Run,
    expected: &impl ExpectedKeys,
) -> Result<Option<(Option<u64>, RunFault)>, StoreError> {
    let range = run.range();
    let known = expected.size();
    let compare = |page: usize| -> Result<PageCheck, StoreError> {
        let Some(records) = run.inspect(page)? else {
            return Ok(Err((None, RunFault::Page { page: page as u64 })));
        };
        let (Some(first), Some(last)) = (records.first(), records.last()) else {
            return Ok(Err((None, RunFault::Order { page: page as u64 })));
        };
        let known_to_all = records.iter().all(|(key, _)| run.may_hold(*key)) && first.0 == run.fences()[page];
        if !known_to_all || !records.is_sorted_by(|a, b| a < b) {
            return Ok(Err((None, RunFault::Order { page: page as u64 })));
        }
        let wrong = records
            .iter()
            .find(|(key, place)| !range.contains(place) || *place < known && !expected.holds(*key, *place));
        Ok(match wrong {
            Some((key, place)) => Err((Some(*place), RunFault::Key { place: *place, actual: *key })),
            None => Ok((*first, *last)),
        })
    };
    let pages = (0..run.pages()).into_par_iter().map(compare).collect::<Result<Vec<_>, _>>()?;
    let mut before = None;
    for (page, check) in pages.into_iter().enumerate() {
        match check {
            Err(found) => return Ok(Some(found)),
            Ok((first, _)) if before >= Some(first) => {
                return Ok(Some((None, RunFault::Order { page: page as u64 })));
            }
            Ok((_, last)) => before = Some(last),
        }
    }
    // Pairs that ascend are distinct, so as many as there are keys, each of its place, are all of them.
    if range.end <= known {
        let (expected, actual) = (expected.count(range), run.keys());
        if expected != actual {
            return Ok(Some((None, RunFault::Count { expected, actual })));
        }
    }
    Ok(None)
}
