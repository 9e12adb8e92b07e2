//! The ledger's face to the exchange of batches.

use std::sync::Arc;

use sanad_core::batch::SignedBatch;
use sanad_core::ids::MemberId;

use super::{AdmitError, Ledger};
use crate::gossip::{BatchExchange, Received};
use crate::pool::{Admission, Interest, Offered, PoolError, Source, WaitingBatch};

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
    fn receive(&self, from: &MemberId, source: Source, bytes: &[u8]) -> Received {
        let batch = match SignedBatch::decode(bytes) {
            Ok(batch) => Arc::new(batch),
            Err(error) => {
                tracing::warn!(%from, %error, "a peer sent bytes that do not decode as a batch");
                return Received::Settled;
            }
        };
        match self.ledger.admit(&batch, source) {
            Ok(Admission::New) => {
                (self.wake)();
                Received::New
            }
            Ok(Admission::Waiting) => Received::Settled,
            Err(AdmitError::Pool(PoolError::Full { .. } | PoolError::IssuerFull { .. })) => Received::NoRoom,
            Err(AdmitError::DiskLow) => Received::NoRoom,
            // Usual after a reconnection: the batch is in a block by now.
            Err(AdmitError::Pool(error)) => {
                tracing::debug!(%from, id = %batch.id(), %error, "a peer's batch is not taken");
                Received::Settled
            }
            Err(AdmitError::Store(error)) => {
                tracing::error!(%error, "a batch could not be checked");
                Received::Settled
            }
        }
    }

    fn interest(&self, offered: &[Offered]) -> Vec<Interest> {
        self.ledger.interest(offered)
    }

    fn arrived_from(&self, arrival: u64, count_max: usize, bytes_max: usize) -> Vec<WaitingBatch> {
        self.ledger.arrived_from(arrival, count_max, bytes_max)
    }

    fn next_arrival(&self) -> u64 {
        self.ledger.next_arrival()
    }
}
