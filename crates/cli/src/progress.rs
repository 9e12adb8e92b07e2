//! Progress of long work: on stderr, and only where it is a terminal.

use std::fmt::Write;

use indicatif::{HumanCount, ProgressBar, ProgressState, ProgressStyle};

/// A bar over `length` steps.
pub(crate) fn bar(length: usize, what: &'static str) -> ProgressBar {
    // indicatif draws on stderr and is silent unless that is a terminal.
    let bar = ProgressBar::new(length as u64).with_message(what);
    let style =
        ProgressStyle::with_template("{msg:>18} [{bar:30}] {human_pos}/{human_len} {rate}/s {eta} left");
    let rate = |state: &ProgressState, text: &mut dyn Write| {
        // A bar has no place for an error.
        let _ = write!(text, "{}", rate(state.per_sec()));
    };
    bar.with_style(style.map_or_else(|_| ProgressStyle::default_bar(), |style| style.with_key("rate", rate)))
}

/// Steps a second, with as many digits as anybody reads.
fn rate(per_second: f64) -> String {
    match per_second {
        slow if slow < 10.0 => format!("{slow:.1}"),
        fast => HumanCount(fast.round() as u64).to_string(),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_has_no_digits_that_say_nothing() {
        assert_eq!([0.25, 9.94, 2938.7098].map(rate), ["0.2", "9.9", "2,939"]);
    }
}
