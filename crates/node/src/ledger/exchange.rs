//! The ledger's face to the exchange of batches.

use std::sync::Arc;

use sanad_core::batch::SignedBatch;
use sanad_core::ids::MemberId;

use super::{AdmitError, Ledger};
use crate::gossip::BatchExchange;
use crate::pool::{Admission, Source};

/// Takes batches of peers into the pool, and tells consensus that there is work.
pub struct PoolExchange<W> {
    ledger: Arc<Ledger>,
    wake: W,
}

impl<W: Fn() + Send + Sync + 'static> PoolExchange<W> {
    /// `wake` is called when a block could be made.
    pub fn new(ledger: Arc<Ledger>, wake: W) -> Self {
        Self { ledger, wake }
    }
}

impl<W: Fn() + Send + Sync + 'static> BatchExchange for PoolExchange<W> {
    fn receive(&self, from: &MemberId, bytes: &[u8]) -> Option<Arc<SignedBatch>> {
        let batch = match SignedBatch::decode(bytes) {
            Ok(batch) => Arc::new(batch),
            Err(error) => {
                tracing::warn!(%from, %error, "a peer sent bytes that are no batch");
                return None;
            }
        };
        match self.ledger.admit(&batch, Source::Gossiped) {
            Ok(Admission::New) => {
                (self.wake)();
                Some(batch)
            }
            Ok(Admission::Waiting) => None,
            // Usual after a reconnection: the batch is in a block by now.
            Err(AdmitError::Pool(error)) => {
                tracing::debug!(%from, id = %batch.id(), %error, "a peer's batch is not taken");
                None
            }
            Err(AdmitError::Store(error)) => {
                tracing::error!(%error, "a batch could not be checked");
                None
            }
        }
    }

    fn waiting(&self) -> Vec<Arc<SignedBatch>> {
        self.ledger.waiting()
    }
}
