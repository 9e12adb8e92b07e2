//! What every call goes through: limits, deadline, and a turn to read.

use std::future::Future;
use std::sync::Arc;

use prost::Message;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

use super::answer_stream::Bounds;
use super::call_error::CallError;
use super::config::Limits;
use super::deadline::Deadline;
use super::net::{self, ConnectionInfo};
use super::quick_reads::QuickReads;
use super::shares::{self, Budget, Share, Shares};
use super::stats::ServerStats;
use crate::ledger::Ledger;
use crate::ledger_error::LedgerError;

/// The ledger and the limits of calls to it. One for all services.
pub(super) struct Calls<L> {
    ledger: Arc<L>,
    limits: Limits,
    stopping: CancellationToken,
    reads: Arc<Semaphore>,
    quick_reads: QuickReads,
    shares: Arc<Shares>,
    stats: ServerStats,
}

impl<L: Ledger> Calls<L> {
    /// `shares` are those of the whole server. To be called in the runtime that serves.
    pub(super) fn new(
        ledger: Arc<L>,
        limits: Limits,
        shares: Arc<Shares>,
        stopping: CancellationToken,
        stats: ServerStats,
    ) -> Self {
        let reads = Arc::new(Semaphore::new(limits.reads.min(Semaphore::MAX_PERMITS)));
        Self { ledger, limits, stopping, reads, quick_reads: QuickReads::new(), shares, stats }
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
        A: Message,
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
        A: Message,
        F: Future<Output = Result<A, CallError>>,
    {
        let deadline = self.deadline(&request);
        let connection = net::connection_info(&request).cloned();
        let answer = handler(self, request.into_inner(), deadline).await?;
        let share = self.answer_share(connection.as_ref(), answer.encoded_len())?;
        let mut response = Response::new(answer);
        if let Some(share) = share {
            net::hold(response.extensions_mut(), share);
        }
        Ok(response)
    }

    pub(super) fn deadline<M>(&self, request: &Request<M>) -> Deadline {
        Deadline::new(request.metadata(), &self.limits)
    }

    /// Takes one of a budget, of the server and of what the call's connection, address and network may have of it.
    pub(super) fn share<M>(&self, request: &Request<M>, budget: Budget) -> Result<Share, CallError> {
        self.share_of(net::connection_info(request), budget, 1)
    }

    /// The deadline of a call over HTTP, which names none.
    pub(super) fn default_deadline(&self) -> Deadline {
        Deadline::by_default(&self.limits)
    }

    /// Takes a share for an answer of some bytes, if it needs one.
    pub(super) fn answer_share(
        &self,
        connection: Option<&ConnectionInfo>,
        bytes: usize,
    ) -> Result<Option<Share>, CallError> {
        if bytes <= SMALL_ANSWER_BYTES_MAX {
            return Ok(None);
        }
        self.share_of(connection, Budget::AnswerBytes, bytes).map(Some)
    }

    pub(super) fn share_of(
        &self,
        connection: Option<&ConnectionInfo>,
        budget: Budget,
        amount: usize,
    ) -> Result<Share, CallError> {
        let scopes = connection.into_iter().flat_map(ConnectionInfo::shares);
        let share = shares::take(scopes.chain([&self.shares]), budget, amount);
        if let Some(limit) = share.as_ref().err().and_then(CallError::limit) {
            self.stats.limit_hit(limit);
        }
        share
    }

    /// What the answer of many messages to a request is bound to.
    pub(super) fn bounds<M>(&self, request: &Request<M>, share: Share) -> Bounds {
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
        Ok(self.work(read).await??)
    }

    /// As [`Calls::read`], for what takes microseconds while the disk is not asked: on this thread where that harms
    /// nobody.
    pub(super) async fn quick_read<A: Send + 'static>(
        &self,
        read: impl FnOnce(&L) -> Result<A, LedgerError> + Send + 'static,
    ) -> Result<A, CallError> {
        let ledger = Arc::clone(&self.ledger);
        match self.quick_reads.read(move || read(&ledger)) {
            Ok(answer) => Ok(answer?),
            Err(read) => self.read(move |_| read()).await,
        }
    }

    /// Runs what takes too long for an async worker on a thread for blocking work, when it is this call's turn.
    pub(super) async fn work<A: Send + 'static>(
        &self,
        work: impl FnOnce(&L) -> A + Send + 'static,
    ) -> Result<A, CallError> {
        let turn = Arc::clone(&self.reads).acquire_owned().await;
        let turn = turn.expect("invariant: this semaphore is never closed");
        let ledger = Arc::clone(&self.ledger);
        // The work holds its turn until it ends, even if the caller has gone.
        let work = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work(&ledger)
        });
        work.await.map_err(CallError::Blocking)
    }
}

/// Longest answer that needs no share of [`Limits::answer_bytes`], in bytes (4 KiB): its share of the calls is enough.
const SMALL_ANSWER_BYTES_MAX: usize = 4 << 10;
