//! Calls about the node itself.

use super::{Client, ClientError};
use crate::convert::within;
use crate::diagnosis::Diagnosis;
use crate::limits::PEERS_PAGE;
use crate::node_status::{NodeStatus, Peer};
use crate::wire;

impl Client {
    /// The node's state, by its own account.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn node_status(&self) -> Result<NodeStatus, ClientError> {
        let request = self.request(wire::GetNodeStatusRequest {});
        Ok(self.timed(self.node().get_node_status(request)).await?.try_into()?)
    }

    /// Why the chain goes on or stands, by the node's own account.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn diagnosis(&self) -> Result<Diagnosis, ClientError> {
        let request = self.request(wire::GetDiagnosisRequest {});
        Ok(self.timed(self.node().get_diagnosis(request)).await?.try_into()?)
    }

    /// The peers that the node knows, sorted by key, by its own account.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn peers(&self) -> Result<Vec<Peer>, ClientError> {
        self.in_all(self.pages_of_peers()).await
    }

    async fn pages_of_peers(&self) -> Result<Vec<Peer>, ClientError> {
        let mut peers = Vec::new();
        let mut page_token = String::new();
        loop {
            let message = wire::ListPeersRequest { page_size: PEERS_PAGE.max, page_token };
            let page = self.timed(self.node().list_peers(self.request(message))).await?;
            within("peers", peers.len() + page.peers.len(), PEERS_MAX)?;
            let before = peers.len();
            for peer in page.peers {
                peers.push(Peer::try_from(peer)?);
            }
            page_token = page.next_page_token;
            // An empty page ends the list whatever its token, or a node could keep the caller here for ever.
            if page_token.is_empty() || peers.len() == before {
                return Ok(peers);
            }
        }
    }
}

/// Most peers that a client reads: two networks of all members, and as many strangers.
const PEERS_MAX: usize = 4 * sanad_core::registry::MEMBERS_MAX;
