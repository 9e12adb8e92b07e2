//! The server: a [`crate::Ledger`] on the network.

mod answer_stream;
mod call_error;
mod calls;
mod config;
mod deadline;
mod health;
mod http;
mod ledger;
mod net;
mod node;
mod page;
mod plain;
mod quick_reads;
mod serve;
mod shares;
mod stats;
mod status;
mod submission;

pub use config::{Limits, ServerConfig, TlsIdentity, WebOrigins};
pub use health::{Health, Serving};
pub use http::{SiteContent, SiteFile};
pub use net::CONNECTIONS_CLOSING_MAX;
pub use plain::{PlainLimits, serve_plain};
pub(crate) use serve::serve_in_process;
pub use serve::{Listeners, ServeError, serve};
pub use stats::{CALL_SECONDS_BOUNDS, CallCount, ServerStats};
