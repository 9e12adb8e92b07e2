//! The Sanad node: wires ledger, consensus, exchange of batches and gRPC service into one daemon.
//!
//! **Invariant:** only the consensus thread commits; everyone else reads what is final, or waits for it.

pub mod backup;
pub mod checking;
pub mod config;
mod data_files;
mod descriptors;
mod desk;
mod error;
mod facts;
pub mod gossip;
mod keys;
mod ledger;
pub mod logging;
mod mending;
pub mod oddities;
mod own_keys;
mod peers;
pub mod pool;
pub mod recovery;
mod reload;
mod run;
mod saved_pool;
mod serving;
mod settling;
pub mod setup;
mod signals;
mod site;
pub mod snapshot;
mod supervisor;
mod watchdog;

pub use error::NodeError;
pub use keys::{KeyError, NodeKeys, PASSPHRASE_VARIABLE};
pub use mending::{Repaired, repair};
pub use reload::Reload;
pub use run::{Versions, run};
pub use signals::{stop_signal, survive_file_size_limit};
pub use watchdog::{Beat, EXIT_HUNG};
