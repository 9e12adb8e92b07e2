//! The proof that renews a receipt.

use axum::extract::Path;
use axum::response::Response;
use sanad_core::ids::LogIndex;

use super::answer::{Asker, Cache, Refusal, number, parameter, proof_form};
use super::blocks::FormQuery;
use super::members::MEMBER_ID;
use crate::ledger::{CredentialKey, Ledger};

/// What takes the place of `proof` in a receipt.
pub(super) async fn by_commitment<L: Ledger>(
    Path((issuer, commitment)): Path<(String, String)>,
    asker: Asker<L>,
) -> Result<Response, Refusal> {
    let key = CredentialKey::Issuance {
        issuer: parameter("issuer", MEMBER_ID, &issuer)?,
        commitment: parameter("commitment", "64 hexadecimal digits", &commitment)?,
    };
    status(asker, key).await
}

pub(super) async fn by_index<L: Ledger>(
    Path(index): Path<String>,
    asker: Asker<L>,
) -> Result<Response, Refusal> {
    let index = LogIndex(number("index", "a log index", &index)?);
    status(asker, CredentialKey::Index(index)).await
}

async fn status<L: Ledger>(asker: Asker<L>, key: CredentialKey) -> Result<Response, Refusal> {
    let form = proof_form(asker.query::<FormQuery>()?.form.as_deref())?;
    asker.json(Cache::Second, move |ledger| ledger.status_proof(&key, form)).await
}
