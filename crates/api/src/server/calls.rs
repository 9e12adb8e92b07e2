//! What every call goes through: limits, deadline, and a turn to read.

use std::future::Future;
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

use super::answer_stream::Bounds;
use super::call_error::{Budget, CallError};
use super::config::Limits;
use super::deadline::Deadline;
use super::net::{self, ConnectionInfo};
use crate::ledger::Ledger;
use crate::ledger_error::LedgerError;

/// The ledger and the limits of calls to it. One for all services.
pub(super) struct Calls<L> {
    ledger: Arc<L>,
    limits: Limits,
    stopping: CancellationToken,
    calls: Arc<Semaphore>,
    reads: Arc<Semaphore>,
    batch_proofs: Arc<Semaphore>,
    subscriptions: Arc<Semaphore>,
}

impl<L: Ledger> Calls<L> {
    pub(super) fn new(ledger: Arc<L>, limits: Limits, stopping: CancellationToken) -> Self {
        let semaphore = |permits: usize| Arc::new(Semaphore::new(permits.min(Semaphore::MAX_PERMITS)));
        Self {
            ledger,
            limits,
            stopping,
            calls: semaphore(limits.calls),
            reads: semaphore(limits.reads),
            batch_proofs: semaphore(limits.batch_proofs),
            subscriptions: semaphore(limits.subscriptions),
        }
    }

    pub(super) fn ledger(&self) -> &Arc<L> {
        &self.ledger
    }

    /// Cancelled when the server begins to stop.
    pub(super) fn stopping(&self) -> &CancellationToken {
        &self.stopping
    }

    /// Answers a call with one message, within its deadline.
    pub(super) async fn answer<'a, M, A, F>(
        &'a self,
        request: Request<M>,
        handler: impl FnOnce(&'a Self, M) -> F,
    ) -> Result<Response<A>, Status>
    where
        F: Future<Output = Result<A, CallError>>,
    {
        let kept = async |calls, message, deadline: Deadline| deadline.keep(handler(calls, message)).await?;
        self.answer_by(request, kept).await
    }

    /// As [`Calls::answer`], for a handler that keeps the deadline itself.
    pub(super) async fn answer_by<'a, M, A, F>(
        &'a self,
        request: Request<M>,
        handler: impl FnOnce(&'a Self, M, Deadline) -> F,
    ) -> Result<Response<A>, Status>
    where
        F: Future<Output = Result<A, CallError>>,
    {
        let _share = self.share()?;
        let deadline = self.deadline(&request);
        Ok(Response::new(handler(self, request.into_inner(), deadline).await?))
    }

    pub(super) fn deadline<M>(&self, request: &Request<M>) -> Deadline {
        Deadline::new(request.metadata(), &self.limits)
    }

    /// Takes a share of the server for a call.
    pub(super) fn share(&self) -> Result<OwnedSemaphorePermit, CallError> {
        acquire(&self.calls, Budget::Calls, self.limits.calls)
    }

    /// Takes a share of the server for an answer that is held in memory as a whole.
    pub(super) fn batch_proofs(&self) -> Result<OwnedSemaphorePermit, CallError> {
        acquire(&self.batch_proofs, Budget::BatchProofs, self.limits.batch_proofs)
    }

    /// Takes a share of the server for a subscription, and of what its connection and address may have.
    pub(super) fn subscription(
        &self,
        connection: Option<&ConnectionInfo>,
    ) -> Result<Vec<OwnedSemaphorePermit>, CallError> {
        let limits = &self.limits;
        let mut share = Vec::new();
        if let Some(connection) = connection {
            for (semaphore, kind, max) in [
                (
                    &connection.subscriptions,
                    Budget::ConnectionSubscriptions,
                    limits.subscriptions_per_connection,
                ),
                (
                    &connection.address_subscriptions,
                    Budget::AddressSubscriptions,
                    limits.subscriptions_per_address,
                ),
            ] {
                share.push(acquire(semaphore, kind, max)?);
            }
        }
        share.push(acquire(&self.subscriptions, Budget::Subscriptions, limits.subscriptions)?);
        Ok(share)
    }

    /// What the answer of many messages to a request is bound to.
    pub(super) fn bounds<M>(&self, request: &Request<M>, share: Vec<OwnedSemaphorePermit>) -> Bounds {
        Bounds {
            share,
            stall_timeout: self.limits.stall_timeout,
            stopping: self.stopping.clone(),
            connection: net::connection_of(request),
        }
    }

    /// Reads from the ledger on a thread for blocking work, when it is this call's turn.
    pub(super) async fn read<A: Send + 'static>(
        &self,
        read: impl FnOnce(&L) -> Result<A, LedgerError> + Send + 'static,
    ) -> Result<A, CallError> {
        let turn = Arc::clone(&self.reads).acquire_owned().await;
        let turn = turn.expect("invariant: this semaphore is never closed");
        let ledger = Arc::clone(&self.ledger);
        // The read holds its turn until it ends, even if the caller has gone.
        let work = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            read(&ledger)
        });
        Ok(work.await.map_err(CallError::Blocking)??)
    }
}

fn acquire(semaphore: &Arc<Semaphore>, kind: Budget, max: usize) -> Result<OwnedSemaphorePermit, CallError> {
    Arc::clone(semaphore).try_acquire_owned().map_err(|_| CallError::Busy { kind, max })
}
