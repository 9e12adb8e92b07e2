//! Exports with a web server: what is fetched, what is refused, what is kept.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod support;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sanad_core::audit_report::AuditVerdict;
use sanad_core::event::Event;
use sanad_core::ids::{Height, LogIndex};
use sanad_export::{Export, ExportError, Source, WebError, WebOptions, audit};
use sanad_testkit::id;
use support::server::{Server, answer};
use support::{Chain, key};

/// The most that a question about one status may cost.
const REQUESTS_MAX: usize = 19;
const BYTES_MAX: u64 = 100_000;

fn options(cache: Option<&Path>) -> WebOptions {
    WebOptions { timeout: Duration::from_secs(20), cache: cache.map(Path::to_owned), ..WebOptions::default() }
}

fn source(server: &Server, cache: Option<&Path>) -> Source {
    Source::new(Path::new(&server.url), &options(cache)).unwrap()
}

fn exported(name: &str, blocks: u64) -> (Chain, tempfile::TempDir, Server) {
    let folder = tempfile::tempdir().unwrap();
    let mut chain = Chain::new(name);
    chain.grow_to(blocks);
    chain.export(folder.path(), u64::MAX).unwrap();
    let server = Server::of(folder.path());
    (chain, folder, server)
}

/// A chain of so many entries, of which some are revoked.
fn long_chain(entries: u64) -> Chain {
    let mut chain = Chain::new("long");
    while (chain.ledger.entries.len() as u64) < entries {
        let events = chain.issuances(4096);
        let target = LogIndex(chain.ledger.entries.len() as u64);
        chain.grow(vec![("v1", events)]);
        if chain.height() % 8 == 1 {
            chain.grow(vec![("v1", vec![Event::Revoke { target }])]);
        }
    }
    chain
}

fn ask_everything(entries: u64) {
    let mut chain = long_chain(entries);
    let folder = tempfile::tempdir().unwrap();
    chain.export(folder.path(), u64::MAX).unwrap();
    let few = chain.issuances(77);
    chain.grow(vec![("v2", few)]);
    chain.export(folder.path(), u64::MAX).unwrap();
    let server = Server::of(folder.path());
    let size = chain.ledger.entries.len() as u64;
    let (mut worst, mut all) = ((0, 0), (0, 0));
    let mut count = 0;
    for index in (0..size).step_by(size as usize / 40) {
        let entry = &chain.ledger.entries[index as usize];
        let Event::Issue { commitment } = entry.event else { continue };
        for by_commitment in [false, true] {
            // As a program does that has just been started, and keeps nothing.
            let export = Export::open_unanchored(source(&server, None)).unwrap();
            let at = match by_commitment {
                true => export.issuance(&entry.issuer, &commitment).unwrap().unwrap(),
                false => LogIndex(index),
            };
            let proof = export.status_proof(at).unwrap();
            assert_eq!((&proof.entry, proof.index), (entry, LogIndex(index)));
            let served = server.served();
            let (requests, bytes) = (served.len(), served.iter().map(|(_, bytes)| bytes).sum::<u64>());
            let what = format!("{index}: {requests} requests, {bytes} bytes: {served:?}");
            assert!(requests <= REQUESTS_MAX && bytes < BYTES_MAX, "{what}");
            worst = (worst.0.max(requests), worst.1.max(bytes));
            all = (all.0 + requests, all.1 + bytes);
            count += 1;
        }
    }
    eprintln!(
        "{size} entries: worst {worst:?}, mean {} requests, {} bytes",
        all.0 / count,
        all.1 / count as u64
    );
}

#[test]
fn a_status_costs_few_requests_and_bytes() {
    ask_everything(70_000);
}

#[test]
#[ignore = "minutes of making a log of a million entries"]
fn a_status_among_a_million_costs_few_requests_and_bytes() {
    ask_everything(1_000_000);
}

#[test]
fn everything_is_answered_as_from_the_folder() {
    let (chain, folder, server) = exported("same", 30);
    let near = Export::open(folder.path(), &chain.ledger.genesis).unwrap();
    let far = Export::open(source(&server, None), &chain.ledger.genesis).unwrap();
    assert_eq!(far.head(), near.head());
    assert_eq!(far.trust_file(), near.trust_file());
    for index in (0..chain.ledger.entries.len() as u64).map(LogIndex).step_by(97) {
        assert_eq!(far.status_proof(index).unwrap(), near.status_proof(index).unwrap());
    }
    for height in [1, 7, 29, 30].map(Height) {
        assert_eq!(far.block(height).unwrap(), near.block(height).unwrap());
        assert_eq!(far.header(height).unwrap(), near.header(height).unwrap());
    }
    assert_eq!(far.history_proof(Height(3)).unwrap(), near.history_proof(Height(3)).unwrap());
    assert_eq!(far.member_proof(&id("v1")).unwrap(), near.member_proof(&id("v1")).unwrap());
    assert_eq!(
        far.completeness(&id("v2")).unwrap().1.count(),
        near.completeness(&id("v2")).unwrap().1.count()
    );
    far.verify_signatures(&key().public()).unwrap();
    let report = audit(source(&server, None), &chain.ledger.genesis, Some(&key().public()), |_| ()).unwrap();
    assert!(report.findings.is_empty(), "{:?}", report.findings);
}

#[test]
fn what_never_changes_is_kept_and_checked_again() {
    let (chain, _folder, server) = exported("kept", 30);
    let cache = tempfile::tempdir().unwrap();
    let ask = || {
        let export = Export::open_unanchored(source(&server, Some(cache.path()))).unwrap();
        for index in [3, 300, 600].map(LogIndex) {
            export.status_proof(index).unwrap();
        }
        server.counted()
    };
    let (first, second) = (ask(), ask());
    assert!(second.0 < first.0 && second.1 * 3 < first.1, "{first:?}, {second:?}");
    // Whatever happens to the kept files, the answers are the same.
    for entry in std::fs::read_dir(cache.path()).unwrap() {
        let path = entry.unwrap().path();
        let mut bytes = std::fs::read(&path).unwrap();
        let place = bytes.len() / 2;
        bytes[place] ^= 1;
        std::fs::write(&path, bytes).unwrap();
    }
    assert_eq!(ask(), first);
    assert_eq!(ask(), second);
    assert!(
        std::fs::read_dir(cache.path())
            .unwrap()
            .all(|entry| { !entry.unwrap().file_name().to_string_lossy().starts_with("tmp-") })
    );
    drop(chain);
}

#[test]
fn a_lying_server_is_found_out_and_nothing_of_it_is_kept() {
    let (chain, folder, server) = exported("lying", 12);
    let cache = tempfile::tempdir().unwrap();
    let open = || Export::open(source(&server, Some(cache.path())), &chain.ledger.genesis);
    let files = support::files(folder.path());
    let needed = {
        open().unwrap().status_proof(LogIndex(5)).unwrap();
        std::fs::remove_dir_all(cache.path()).unwrap();
        server.served()
    };
    for (path, _) in needed {
        // Nothing rests on the head, and the genesis is the caller's own.
        if path == "head" || path == "genesis.json" || !files.contains_key(&path) {
            continue;
        }
        let mut bytes = files[&path].clone();
        let place = bytes.len() / 2;
        bytes[place] ^= 1;
        let lied = path.clone();
        server.trick(move |asked| (asked == lied).then(|| answer("200 OK", "", &bytes)));
        let refused = open().and_then(|export| export.status_proof(LogIndex(5)));
        assert!(refused.as_ref().is_err_and(ExportError::is_damage), "{path}: {refused:?}");
        server.honest();
        open().unwrap().status_proof(LogIndex(5)).unwrap();
        std::fs::remove_dir_all(cache.path()).unwrap();
    }
}

#[test]
fn every_wrong_answer_has_its_name() {
    let (chain, _folder, server) = exported("wrong", 6);
    let genesis = &chain.ledger.genesis;
    let quick = WebOptions { timeout: Duration::from_millis(300), ..WebOptions::default() };
    let open = || Export::open(Source::new(Path::new(&server.url), &quick).unwrap(), genesis);
    let refused = |path: &'static str, sent: Vec<u8>| {
        server.trick(move |asked| asked.starts_with(path).then(|| sent.clone()));
        let refused = open().and_then(|export| export.status_proof(LogIndex(1))).unwrap_err();
        server.honest();
        refused
    };
    let web = |error: ExportError| match error {
        ExportError::Web { source, .. } => *source,
        other => panic!("{other:?}"),
    };
    let elsewhere = "Location: https://elsewhere.example/head\r\n";
    let error = web(refused("head", answer("302 Found", elsewhere, b"")));
    assert!(
        matches!(&error, WebError::Redirect { location } if location.ends_with("example/head")),
        "{error:?}"
    );
    let error = web(refused("state", answer("500 Internal Server Error", "", b"oops")));
    assert!(matches!(error, WebError::Status { status: 500 }), "{error:?}");
    let error = refused("tile", answer("404 Not Found", "", b""));
    assert!(matches!(&error, ExportError::NotThere { .. }), "{error:?}");
    assert!(error.to_string().ends_with(": not there (404)"), "{error}");
    // A server that never ends, says so or not.
    let endless = b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n".to_vec();
    let error = refused("head", [endless, vec![b'x'; 4096]].concat());
    assert!(matches!(error, ExportError::TooLong { limit: 1024, .. }), "{error:?}");
    let chunks = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    let chunk = [&b"400\r\n"[..], &[b'x'; 0x400], b"\r\n"].concat().repeat(64);
    let error = refused("head", [chunks, chunk].concat());
    assert!(matches!(error, ExportError::TooLong { limit: 1024, .. }), "{error:?}");
    // One that says nothing.
    let error = web(refused("head", Vec::new()));
    assert!(matches!(error, WebError::Timeout), "{error:?}");
    let error = refused("head", b"HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\nhalf".to_vec());
    assert!(matches!(error, ExportError::Io { .. }), "{error:?}");
    let error = web(refused("head", b"SSH-2.0-OpenSSH_9\r\n".repeat(40)));
    assert!(matches!(error, WebError::Unreachable(_)), "{error:?}");

    let gone = Server::of(Path::new("/nowhere"));
    let error = Export::open(source(&gone, None), genesis).unwrap_err();
    assert!(matches!(error, ExportError::NoExport { .. }), "{error:?}");
    let closed = Source::new(Path::new("http://127.0.0.1:1/"), &quick).unwrap();
    assert!(matches!(web(Export::open(closed, genesis).unwrap_err()), WebError::Unreachable(_)));
    for (address, expected) in [("http://example.org/", "https"), ("ftp://example.org/", "neither")] {
        let error = web(Source::new(Path::new(address), &quick).unwrap_err());
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[test]
fn only_a_server_that_an_authority_vouches_for_is_read() {
    let (chain, folder, _) = exported("tls", 4);
    let rcgen::CertifiedKey { cert, key_pair } =
        rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key_pair.serialize_der().try_into().unwrap())
        .unwrap();
    let config = Arc::new(config);
    let server = Server::wrapped(folder.path(), move |stream| {
        rustls::StreamOwned::new(rustls::ServerConnection::new(Arc::clone(&config)).unwrap(), stream)
    });
    let open = |host: &str, pem: Option<String>| {
        let url = server.url.replace("http://127.0.0.1", &format!("https://{host}"));
        let options = WebOptions { ca_certificates_pem: pem.map(String::into_bytes), ..options(None) };
        Export::open(Source::new(Path::new(&url), &options)?, &chain.ledger.genesis)
    };
    let export = open("localhost", Some(cert.pem())).unwrap();
    export.status_proof(LogIndex(0)).unwrap();
    let stranger = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap().cert.pem();
    for (host, pem) in [("localhost", Some(stranger)), ("127.0.0.1", Some(cert.pem())), ("localhost", None)] {
        let refused = open(host, pem);
        let by_tls = matches!(&refused, Err(ExportError::Web { source, .. })
            if matches!(**source, WebError::Certificate(_) | WebError::Certificates));
        assert!(by_tls, "{host}: {refused:?}");
    }
    let refused = open("localhost", Some("no PEM".to_owned()));
    assert!(
        matches!(refused, Err(ExportError::Web { source, .. }) if matches!(*source, WebError::Certificates))
    );
}

#[test]
fn servers_without_ranges_are_read_whole() {
    let (chain, _folder, server) = exported("no ranges", 20);
    server.serve_no_ranges();
    let export = Export::open(source(&server, None), &chain.ledger.genesis).unwrap();
    let index = 40;
    let entry = &chain.ledger.entries[index];
    let Event::Issue { commitment } = entry.event else { panic!("{entry:?}") };
    assert_eq!(export.issuance(&entry.issuer, &commitment).unwrap(), Some(LogIndex(index as u64)));
}

#[test]
fn an_export_that_is_replaced_while_it_is_read() {
    let (mut chain, folder, server) = exported("replaced", 5);
    let export = Export::open(source(&server, None), &chain.ledger.genesis).unwrap();
    chain.grow_to(6);
    chain.export(folder.path(), 6).unwrap();
    // The files of the head before are still there.
    export.status_proof(LogIndex(2)).unwrap();
    // Another place altogether: what this head needs is not there.
    let other = tempfile::tempdir().unwrap();
    chain.grow_to(40);
    chain.export(other.path(), 40).unwrap();
    server.serve(other.path());
    let changed = export.checkpoint().and_then(|_| export.status_proof(LogIndex(chain_size(&export) - 1)));
    assert!(matches!(changed, Err(ExportError::Changed { .. })), "{changed:?}");

    // Between the head and its files: tried once more.
    let (before, after) = (std::fs::read(folder.path().join("head")).unwrap(), other.path().join("head"));
    let asked = std::sync::atomic::AtomicUsize::new(0);
    server.trick(move |path| {
        let first = path == "head" && asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0;
        first.then(|| answer("200 OK", "", &before))
    });
    let export = Export::open(source(&server, None), &chain.ledger.genesis).unwrap();
    assert_eq!(export.head().header.height, Height(40));
    assert!(after.exists());
}

fn chain_size(export: &Export) -> u64 {
    export.head().header.log_size.0
}

#[test]
fn an_audit_fetches_each_file_once() {
    let (chain, _folder, server) = exported("once", 30);
    for ranges in [true, false] {
        if !ranges {
            server.serve_no_ranges();
        }
        server.counted();
        let report =
            audit(source(&server, None), &chain.ledger.genesis, Some(&key().public()), |_| ()).unwrap();
        assert!(report.findings.is_empty() && report.is_signed(), "{:?}", report.findings);
        let mut paths: Vec<String> = server.served().into_iter().map(|(path, _)| path).collect();
        let requests = paths.len();
        paths.sort();
        paths.dedup();
        assert_eq!(requests, paths.len());
        assert!(requests as u64 >= report.files);
    }
    // A key that is not the exporter's says nothing against the export.
    let other = sanad_testkit::issuing_key("v1").public();
    let report = audit(source(&server, None), &chain.ledger.genesis, Some(&other), |_| ()).unwrap();
    assert_eq!((report.verdict(), report.is_signed()), (AuditVerdict::Sound, false));
}
