//! How long a verifier takes for one receipt of a large ledger: 10^8 entries, 14 validators, a trust file with 200
//! changes of validators.

#![allow(missing_docs, clippy::unwrap_used, reason = "a benchmark")]

use criterion::{Criterion, criterion_group, criterion_main};
use sanad_core::history::SEAL_HEADERS;
use sanad_core::receipt::Receipt;
use sanad_core::trust::TrustFile;
use sanad_testkit::{Body, Chain, DOCUMENT, Shape};

fn verification(c: &mut Criterion) {
    let mut chain = Chain::new(14);
    let body = Body::new(&Shape::usual(100_000_000, 14), &chain.genesis.chain_id());
    chain.extend_to(100);
    let sealed_at = chain.enter(&body);
    (0..200).for_each(|_| chain.announce());
    chain.extend_to(SEAL_HEADERS + 1);
    let height = chain.enter(&body);
    let trust = chain.trust_file(SEAL_HEADERS + 1);
    let now_ms = trust.anchor.header.time_ms;
    let anchor = trust.verify(now_ms).unwrap();
    let file = trust.to_binary();

    let compact = body.receipt(chain.header(height), chain.certified(height, height));
    let sealed = body.receipt(chain.header(sealed_at), chain.seal(sealed_at));
    for (name, receipt) in [("compact", compact), ("sealed", sealed)] {
        for (form, bytes) in
            [("binary", receipt.to_binary(&anchor).unwrap()), ("json", receipt.to_json().into_bytes())]
        {
            c.bench_function(&format!("{name} receipt, {form}: read and verify"), |b| {
                b.iter(|| {
                    let receipt = Receipt::from_bytes(&bytes, &anchor).unwrap();
                    receipt.verify(Some(DOCUMENT), &anchor).unwrap()
                });
            });
        }
    }
    c.bench_function(&format!("trust file, {} bytes: read and prove", file.len()), |b| {
        b.iter(|| TrustFile::from_bytes(&file).unwrap().verify(now_ms).unwrap());
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20);
    targets = verification
}
criterion_main!(benches);
