//! The ledger's face to the exchange of batches.

use std::sync::Arc;

use sanad_api::FinalHeader;
use sanad_core::batch::SignedBatch;
use sanad_core::block::BlockHeader;
use sanad_core::codec;
use sanad_core::ids::MemberId;

use super::{AdmitError, Ledger};
use crate::gossip::{BatchExchange, BlockCopy, NoAnswer, Received, Wanted};
use crate::pool::{Admission, Interest, Offered, PoolError, Source, WaitingBatch};

/// Takes batches of peers into the pool, and tells consensus that there is work.
pub struct PoolExchange<W, V> {
    ledger: Arc<Ledger>,
    wake: W,
    vouches: V,
}

impl<W, V> PoolExchange<W, V>
where
    W: Fn() + Send + Sync + 'static,
    V: Fn() -> bool + Send + Sync + 'static,
{
    /// `wake` is called when a block could be made; `vouches` tells whether the head is as high as this node ever was.
    pub fn new(ledger: Arc<Ledger>, wake: W, vouches: V) -> Self {
        Self { ledger, wake, vouches }
    }
}

impl<W, V> BatchExchange for PoolExchange<W, V>
where
    W: Fn() + Send + Sync + 'static,
    V: Fn() -> bool + Send + Sync + 'static,
{
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

    fn block(&self, wanted: Wanted) -> Result<Option<BlockCopy>, NoAnswer> {
        match wanted {
            Wanted::Head if !(self.vouches)() => Err(NoAnswer),
            Wanted::Head => {
                let current = self.ledger.current();
                let copy = |FinalHeader { header, certificate }: &FinalHeader| BlockCopy {
                    round: header.round,
                    certificate: certificate.clone(),
                    payload: Vec::new(),
                };
                Ok(current.head.as_ref().map(copy))
            }
            Wanted::Block(height) => {
                let stored = self.ledger.store.block(height);
                let stored = stored.inspect_err(|error| self.ledger.note_damage(error));
                let Some((certificate, payload)) = stored.map_err(|_| NoAnswer)? else { return Ok(None) };
                let header = codec::decode_prefix::<BlockHeader>(&payload, payload.len());
                let round = header.map_err(|_| NoAnswer)?.0.round;
                Ok(Some(BlockCopy { round, certificate, payload }))
            }
        }
    }
}
