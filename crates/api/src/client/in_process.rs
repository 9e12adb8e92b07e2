//! A client of a ledger in the same process, over memory instead of a network.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::rt::TokioIo;
use tokio::io::DuplexStream;
use tokio::sync::mpsc;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::transport::{Endpoint, Uri};

use super::Client;
use crate::ledger::Ledger;
use crate::server::serve_in_process;

impl Client {
    /// A client of a ledger in this process: the same calls and answers as those of a node, without a network.
    /// The ledger is served as long as the client or a clone lives. Requires a tokio runtime.
    pub fn in_process<L: Ledger>(ledger: Arc<L>, timeout: Duration) -> Self {
        let (connections, incoming) = mpsc::unbounded_channel::<io::Result<DuplexStream>>();
        tokio::spawn(serve_in_process(ledger, UnboundedReceiverStream::new(incoming)));
        let connect = move |_: Uri| {
            let (near, far) = tokio::io::duplex(BUFFER_BYTES);
            let gone = |_| io::Error::from(io::ErrorKind::ConnectionRefused);
            std::future::ready(connections.send(Ok(far)).map(|()| TokioIo::new(near)).map_err(gone))
        };
        let endpoint = Endpoint::from_static("http://in-process.invalid");
        let channel = endpoint.connect_with_connector_lazy(tower::service_fn(connect));
        Self { channel, timeout }
    }
}

/// Bytes under way in each direction.
const BUFFER_BYTES: usize = 64 << 10;
