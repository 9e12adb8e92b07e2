//! Progress of long work: on stderr, and only where it is a terminal.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar over `length` steps.
pub(crate) fn bar(length: usize, what: &'static str) -> ProgressBar {
    // indicatif draws on stderr and is silent unless that is a terminal.
    let bar = ProgressBar::new(length as u64).with_message(what);
    let style =
        ProgressStyle::with_template("{msg:>18} [{bar:30}] {human_pos}/{human_len} {per_sec} {eta} left");
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// A spinner for work of unknown length.
pub(crate) fn spinner(what: impl Into<String>) -> ProgressBar {
    let spinner = ProgressBar::new_spinner().with_message(what.into());
    spinner.enable_steady_tick(std::time::Duration::from_millis(100));
    spinner
}

/// A bar over bytes; its length is set later.
pub(crate) fn bytes(what: &'static str) -> ProgressBar {
    let bar = ProgressBar::new(0).with_message(what);
    let style = ProgressStyle::with_template("{msg:>18} [{bar:30}] {bytes}/{total_bytes} {eta}");
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
