//! What libraries remark goes to stderr, and their progress to a bar.

use std::sync::{Mutex, PoisonError};

use indicatif::ProgressBar;
use sanad_issuer::{Notice, Observer, Step};

use crate::output::{note, warn};
use crate::progress;

/// Prints notices, and draws one bar at a time.
#[derive(Default)]
pub(crate) struct Terminal {
    bar: Mutex<Option<(Step, ProgressBar)>>,
    notices: Mutex<Vec<String>>,
}

impl Terminal {
    /// Remarks something that is no library's notice.
    pub(crate) fn remark(&self, text: String) {
        note(&text);
        self.notices.lock().unwrap_or_else(PoisonError::into_inner).push(text);
    }

    /// What was remarked, for a result as JSON; but for what the result has in a list of its own.
    pub(crate) fn into_notices(self) -> Vec<String> {
        self.notices.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Terminal {
    fn notice(&self, notice: &Notice) {
        if !matches!(notice, Notice::AlreadyIssued(_) | Notice::LeftOut { .. } | Notice::OtherFiles { .. }) {
            self.notices.lock().unwrap_or_else(PoisonError::into_inner).push(notice.to_string());
        }
        match notice {
            Notice::NotLocked { .. }
            | Notice::SignedAnew { .. }
            | Notice::RevokedAlready(_)
            | Notice::Changed(_)
            | Notice::Gone(_)
            | Notice::NotRemoved(_) => warn(notice),
            _ => note(notice),
        }
    }

    fn progress(&self, step: Step, done: usize, total: usize) {
        let mut shown = self.bar.lock().unwrap_or_else(PoisonError::into_inner);
        if shown.as_ref().is_none_or(|(of, _)| *of != step) {
            let what = match step {
                Step::Checking => "checking rows",
                Step::Signing => "signing",
                Step::Reading => "reading documents",
                Step::Issuing => "issuing",
                Step::Asking => "asking for statuses",
                Step::Changing => "changing",
                _ => "working",
            };
            if let Some((_, before)) = shown.replace((step, progress::bar(total, what))) {
                before.finish_and_clear();
            }
        }
        let Some((_, bar)) = shown.as_ref() else { return };
        bar.set_position(done as u64);
        if done == total {
            bar.finish_and_clear();
            *shown = None;
        }
    }
}
