//! Logs, on standard error.

use tracing_subscriber::filter::ParseError;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, Registry, reload};

use crate::config::{Log, LogFormat};

/// Changes what is logged while the node runs.
#[derive(Clone, Debug)]
pub struct LogControl(reload::Handle<EnvFilter, Registry>);

/// Sends logs to standard error, in the form and with the filter of the configuration.
///
/// # Errors
/// A filter that is not understood.
pub fn start(log: &Log) -> Result<LogControl, ParseError> {
    let (filter, handle) = reload::Layer::new(filter(&log.filter)?);
    // Where standard error is a file on a full disk, saying so there would panic, in whatever thread logs.
    let lines = tracing_subscriber::fmt::layer().log_internal_errors(false).with_writer(std::io::stderr);
    let lines = match log.format {
        LogFormat::Text => lines.with_ansi(false).boxed(),
        LogFormat::Json => lines.json().boxed(),
    };
    tracing_subscriber::registry().with(lines.with_filter(filter)).init();
    Ok(LogControl(handle))
}

impl LogControl {
    /// Logs by another filter from now on.
    ///
    /// # Errors
    /// A filter that is not understood; the one before stays.
    pub fn set_filter(&self, text: &str) -> Result<(), ParseError> {
        // An error means that logs have ended, as the process does.
        let _ = self.0.reload(filter(text)?);
        Ok(())
    }
}

/// Reads a filter. Some parts of the engine are silent unless the filter names them: its search for peers, which says "peer None" of
/// one that it cannot dial, while the node says which member cannot be reached; and its messages to the ledger, which fail at every
/// stop, while the node says why the ledger has ended.
///
/// # Errors
/// A filter that is not understood.
pub fn filter(text: &str) -> Result<EnvFilter, ParseError> {
    let mut filter = EnvFilter::builder().parse(text)?;
    for target in SILENT.into_iter().filter(|target| !text.contains(target)) {
        filter = filter.add_directive(format!("{target}=off").parse()?);
    }
    Ok(filter)
}

/// Where the engine logs what it finds of peers, and what it cannot tell the ledger.
const SILENT: [&str; 2] = ["arc_malachitebft_discovery", "arc_malachitebft_app_channel::connector"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_the_engine_are_silent_unless_they_are_asked_for() {
        for (text, silent) in [("info", true), ("", true), ("arc_malachitebft_discovery=error", false)] {
            let shown = filter(text).unwrap().to_string();
            assert_eq!(shown.contains("arc_malachitebft_discovery=off"), silent, "{text}: {shown}");
            assert!(shown.contains("arc_malachitebft_app_channel::connector=off"), "{text}: {shown}");
        }
        assert!(filter("info,=nonsense=").is_err());
    }
}
