//! The client: typed calls to one node.

mod blocks;
mod completeness;
mod credentials;
mod entries;
mod error;
mod in_process;
mod members;
mod node;
mod options;
mod patience;
mod pieces;
mod snapshot;
mod status_code;
mod streams;
mod submission;
mod timed;
mod tls;
mod trust_file;
mod url;

pub use completeness::{CompletenessStream, EntryRunStream};
pub use error::ClientError;
pub use options::{ClientIdentity, ClientOptions};
pub use patience::ask_patiently;
pub use status_code::StatusCode;
pub use streams::{BatchProofStream, BlockStream};
pub use tls::{CertificateFault, other_scheme};
pub use url::{NodeUrl, NodeUrlError};

use std::time::Duration;

use tonic::Request;
use tonic::transport::Channel;

use crate::convert::WireError;
use crate::limits::{ANSWER_BYTES_MAX, SUBMIT_REQUEST_BYTES_MAX};
use crate::wire::ledger_service_client::LedgerServiceClient;
use crate::wire::node_service_client::NodeServiceClient;
use crate::wire::submission_service_client::SubmissionServiceClient;

/// A connection to one node. Cheap to clone; clones share the connection, which is re-established when it breaks.
///
/// Every answer is converted, bounded, and checked to be about what was asked. **Proofs are not verified**: a node can
/// answer anything that is well-formed, so call `verify` on what comes back, or use [`Client::verified_status`].
#[derive(Clone, Debug)]
pub struct Client {
    channel: Channel,
    timeout: Duration,
}

impl Client {
    /// Connects to a node at a URL such as `https://node.ui.ac.id:7443`.
    ///
    /// # Errors
    /// [`ClientError::Endpoint`], [`ClientError::Connect`], [`ClientError::Certificate`], [`ClientError::CertificateWanted`] or
    /// [`ClientError::NotANode`].
    pub async fn connect(url: &str, options: &ClientOptions) -> Result<Self, ClientError> {
        let endpoint = options.endpoint(url)?;
        let refused = |source: tonic::transport::Error| {
            let (url, source) = (url.to_owned(), Box::new(source));
            if let Some(fault) = tls::certificate_fault(&*source) {
                return ClientError::Certificate(fault);
            }
            match error::is_other_protocol(&*source) {
                _ if error::wants_certificate(&*source) => ClientError::CertificateWanted,
                true => ClientError::NotANode,
                false => ClientError::Connect { url, source },
            }
        };
        let channel = endpoint.connect().await.map_err(refused)?;
        Ok(Self { channel, timeout: options.timeout })
    }

    /// As [`Client::connect`], but connects at the first call. Requires a tokio runtime.
    ///
    /// # Errors
    /// [`ClientError::Endpoint`].
    pub fn connect_lazy(url: &str, options: &ClientOptions) -> Result<Self, ClientError> {
        let channel = options.endpoint(url)?.connect_lazy();
        Ok(Self { channel, timeout: options.timeout })
    }

    /// The same connection with another time limit for each call.
    #[must_use]
    pub fn with_timeout(&self, timeout: Duration) -> Self {
        Self { channel: self.channel.clone(), timeout }
    }

    fn ledger(&self) -> LedgerServiceClient<Channel> {
        LedgerServiceClient::new(self.channel.clone()).max_decoding_message_size(ANSWER_BYTES_MAX)
    }

    fn submission(&self) -> SubmissionServiceClient<Channel> {
        SubmissionServiceClient::new(self.channel.clone())
            .max_decoding_message_size(ANSWER_BYTES_MAX)
            .max_encoding_message_size(SUBMIT_REQUEST_BYTES_MAX)
    }

    fn node(&self) -> NodeServiceClient<Channel> {
        NodeServiceClient::new(self.channel.clone()).max_decoding_message_size(ANSWER_BYTES_MAX)
    }

    /// A request that the node answers within the time limit.
    fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        request.set_timeout(self.timeout);
        request
    }
}

/// Checks that the answer is about what was asked for.
fn asked<T: PartialEq>(field: &'static str, expected: &T, actual: &T) -> Result<(), WireError> {
    if expected == actual { Ok(()) } else { Err(WireError::NotAsked { field }) }
}

/// Checks that the item at `offset` of a list that begins with the number `first` has the number that comes there.
fn in_order(field: &'static str, first: u64, offset: usize, actual: u64) -> Result<(), WireError> {
    let expected = first.saturating_add(offset as u64);
    if expected == actual { Ok(()) } else { Err(WireError::OutOfOrder { field, expected, actual }) }
}
