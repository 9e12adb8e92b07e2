//! A node or an export that is asked for statuses as of now.

use std::sync::OnceLock;

use anyhow::Context;
use sanad_api::{ClientError, CredentialKey, ProofForm, StatusCode};
use sanad_core::proof::StatusProof;
use sanad_core::receipt::Receipt;
use sanad_verify::explain;
use tokio::runtime::Runtime;

use crate::remote::{Remote, SourceArgs, is_missing};

/// A source that any number of threads ask. One that does not answer is given up once, and not waited for again.
pub(crate) struct Source {
    runtime: Runtime,
    url: String,
    remote: Result<Remote, String>,
    given_up: OnceLock<String>,
}

impl Source {
    /// Connects. A source that cannot be reached shows in each answer.
    pub(crate) fn open(args: &SourceArgs) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.context("the asynchronous runtime does not start")?;
        let remote = runtime.block_on(Remote::open(args)).map_err(|error| format!("{error:#}"));
        Ok(Self { runtime, url: args.url(), remote, given_up: OnceLock::new() })
    }

    /// Where it is.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The connection, for other questions than statuses.
    ///
    /// # Errors
    /// Why there is none.
    pub(crate) fn remote(&self) -> Result<&Remote, &str> {
        self.remote.as_ref().map_err(String::as_str)
    }

    /// Says what it has cost, if it is an export at a distance.
    pub(crate) fn note_cost(&self) {
        if let Ok(remote) = &self.remote {
            remote.note_cost();
        }
    }

    /// Runs a call to its end.
    pub(crate) fn block_on<T>(&self, call: impl Future<Output = T>) -> T {
        self.runtime.block_on(call)
    }

    /// The proof of a status as of its last block. Nothing of it is checked.
    ///
    /// With a receipt, the credential is asked for by its place in the log, which takes no look into an index; an index
    /// can hide a credential, the log cannot.
    ///
    /// # Errors
    /// Why there is no answer, which says nothing of the credential.
    pub(crate) fn status(
        &self,
        key: &CredentialKey,
        receipt: Option<&Receipt>,
    ) -> Result<StatusProof, String> {
        let remote = self.remote()?;
        if let Some(reason) = self.given_up.get() {
            return Err(format!("not asked again: {reason}"));
        }
        let error = match self.runtime.block_on(ask(remote, key, receipt)) {
            Ok(proof) => return Ok(proof),
            Err(error) => error,
        };
        if is_missing(&error) {
            let kind = remote.kind();
            return Err(match receipt {
                Some(_) => format!(
                    "it knows no such credential, though the receipt proves it: this {kind} is behind, or lies"
                ),
                None => format!(
                    "it knows no such credential; a typing error, another {kind}, or one that is behind"
                ),
            });
        }
        let reason = explain(&error);
        if is_silence(&error) {
            // Of several threads that wait, the first to give up decides.
            let _ = self.given_up.set(reason.clone());
        }
        Err(reason)
    }
}

async fn ask(
    remote: &Remote,
    key: &CredentialKey,
    receipt: Option<&Receipt>,
) -> Result<StatusProof, ClientError> {
    if let Some(receipt) = receipt {
        let place = CredentialKey::Index(receipt.proof.index);
        match remote.ask(|| remote.client().status(&place, ProofForm::SelfContained)).await {
            Ok(proof) if proof.entry == receipt.proof.entry => return Ok(proof),
            Err(error) if is_silence(&error) => return Err(error),
            Ok(_) | Err(_) => {}
        }
    }
    remote.ask(|| remote.client().status(key, ProofForm::SelfContained)).await
}

/// Whether the source did not answer, or cannot: the next question would wait as long.
fn is_silence(error: &ClientError) -> bool {
    match error {
        ClientError::Status { status, .. } => matches!(
            status,
            StatusCode::Unavailable
                | StatusCode::DeadlineExceeded
                | StatusCode::Unimplemented
                | StatusCode::Unknown
        ),
        ClientError::Endpoint { .. }
        | ClientError::Connect { .. }
        | ClientError::Scheme { .. }
        | ClientError::Certificate(_) => true,
        // Whatever was wrong with this answer says nothing of the next.
        _ => false,
    }
}
