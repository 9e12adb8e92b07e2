//! TLS with a certificate of one's own.

use std::sync::Arc;
use std::time::Duration;

use sanad_api::{
    CertificateFault, Client, ClientError, ClientIdentity, ClientOptions, Health, Limits, ServeError,
    ServerConfig, TlsIdentity, other_scheme, serve,
};
use sanad_core::ids::Height;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};

use crate::memory_ledger::MemoryLedger;
use crate::network::{Network, soon};

fn identity() -> (TlsIdentity, Vec<u8>) {
    let certified = rcgen::generate_simple_self_signed(["node.test".to_owned()]).unwrap();
    let certificate = certified.cert.pem().into_bytes();
    let key_pem = certified.key_pair.serialize_pem().into_bytes();
    let identity =
        TlsIdentity { certificates_pem: certificate.clone(), key_pem, client_authorities_pem: None };
    (identity, certificate)
}

#[tokio::test]
async fn a_client_that_trusts_the_certificate_connects_and_no_other() {
    let (tls, certificate) = identity();
    let config = ServerConfig { tls: Some(tls), ..ServerConfig::default() };
    let trusting = ClientOptions {
        ca_certificates_pem: Some(certificate),
        server_name: Some("node.test".to_owned()),
        ..ClientOptions::default()
    };
    let network = Network::with_config(config, "https", &trusting).await;
    network.ledger.commit();
    assert_eq!(network.client.head().await.unwrap().header.height, Height(1));
    let mut stream = network.client.subscribe(Height(1)).await.unwrap();
    assert_eq!(soon(stream.next()).await.unwrap().block.header.height, Height(1));

    let other_name = ClientOptions { server_name: Some("other.test".to_owned()), ..trusting.clone() };
    let stranger = ClientOptions { ca_certificates_pem: Some(identity().1), ..trusting };
    let refused = async |options: &ClientOptions| {
        let error = soon(Client::connect(&network.url, options)).await.unwrap_err();
        let said = error.to_string();
        let ClientError::Certificate(fault) = error else { panic!("{error:?}") };
        (fault, said)
    };
    let (fault, said) = refused(&other_name).await;
    assert!(matches!(fault, CertificateFault::OtherName { .. }), "{fault:?}");
    assert!(said.contains("node.test"), "{said}");
    let (fault, said) = refused(&stranger).await;
    assert_eq!(fault, CertificateFault::UnknownIssuer);
    assert!(said.contains("--ca FILE"), "{said}");
    let plain = format!("http://127.0.0.1:{}", network.port);
    let client = Client::connect_lazy(&plain, &ClientOptions::default()).unwrap();
    let error = soon(client.head()).await.unwrap_err();
    assert!(matches!(error, ClientError::Closed), "{error:?}");
    let other = async |url: String| {
        tokio::task::spawn_blocking(move || other_scheme(&url, Duration::from_secs(5))).await.unwrap()
    };
    assert_eq!(other(plain).await.as_deref(), Some(network.url.as_str()));
    assert_eq!(other(network.url.clone()).await, None);
}

/// Serves with a certificate, and says why it is not accepted by a client that trusts `authority`.
async fn fault_of(certificate: &rcgen::Certificate, key: &rcgen::KeyPair, authority: &str) -> ClientError {
    let tls = TlsIdentity {
        certificates_pem: certificate.pem().into_bytes(),
        key_pem: key.serialize_pem().into_bytes(),
        client_authorities_pem: None,
    };
    let config = ServerConfig { tls: Some(tls), ..ServerConfig::default() };
    let trusting = ClientOptions {
        ca_certificates_pem: Some(authority.to_owned().into_bytes()),
        server_name: Some("node.test".to_owned()),
        ..ClientOptions::default()
    };
    let lazy = Network::with_config(config, "http", &ClientOptions::default()).await;
    soon(Client::connect(&format!("https://127.0.0.1:{}", lazy.port), &trusting)).await.unwrap_err()
}

#[tokio::test]
async fn certificates_that_ended_or_are_an_authoritys_are_told_apart() {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(vec!["node.test".to_owned()]).unwrap();
    (params.not_before, params.not_after) =
        (rcgen::date_time_ymd(2020, 1, 1), rcgen::date_time_ymd(2021, 1, 1));
    let ended = params.clone().self_signed(&key).unwrap();
    let error = fault_of(&ended, &key, &ended.pem()).await;
    assert!(matches!(error, ClientError::Certificate(CertificateFault::Expired)), "{error:?}");

    (params.not_before, params.not_after) =
        (rcgen::date_time_ymd(3000, 1, 1), rcgen::date_time_ymd(3001, 1, 1));
    let to_come = params.clone().self_signed(&key).unwrap();
    let error = fault_of(&to_come, &key, &to_come.pem()).await;
    assert!(matches!(error, ClientError::Certificate(CertificateFault::NotYetValid)), "{error:?}");

    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let authority = params.self_signed(&key).unwrap();
    let error = fault_of(&authority, &key, &authority.pem()).await;
    assert!(matches!(error, ClientError::Certificate(CertificateFault::Authority)), "{error:?}");
}

#[tokio::test]
async fn a_node_without_tls_is_given_by_http() {
    let network = Network::with_config(ServerConfig::default(), "http", &ClientOptions::default()).await;
    let url = format!("https://127.0.0.1:{}", network.port);
    let asked = url.clone();
    let other =
        tokio::task::spawn_blocking(move || other_scheme(&asked, Duration::from_secs(5))).await.unwrap();
    assert_eq!(other, Some(network.url.clone()));
    let error = soon(Client::connect(&url, &ClientOptions::default())).await.unwrap_err();
    assert!(matches!(error, ClientError::NotANode | ClientError::Connect { .. }), "{error:?}");
}

/// An authority, and a client that it vouches for.
fn client_identity() -> (Vec<u8>, ClientIdentity) {
    let authority_key = rcgen::KeyPair::generate().unwrap();
    let mut authority = rcgen::CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let authority = authority.self_signed(&authority_key).unwrap();
    let key = rcgen::KeyPair::generate().unwrap();
    let client = rcgen::CertificateParams::new(vec!["issuer.test".to_owned()]).unwrap();
    let client = client.signed_by(&key, &authority, &authority_key).unwrap();
    let own = ClientIdentity {
        certificates_pem: client.pem().into_bytes(),
        key_pem: key.serialize_pem().into_bytes().into(),
    };
    (authority.pem().into_bytes(), own)
}

#[tokio::test]
async fn only_clients_with_a_certificate_of_the_authority_are_let_in() {
    let (mut tls, certificate) = identity();
    let (authority, own) = client_identity();
    tls.client_authorities_pem = Some(authority);
    let config = ServerConfig { tls: Some(tls), ..ServerConfig::default() };
    let known = ClientOptions {
        ca_certificates_pem: Some(certificate),
        server_name: Some("node.test".to_owned()),
        identity: Some(own),
        ..ClientOptions::default()
    };
    let network = Network::with_config(config, "https", &known).await;
    network.ledger.commit();
    assert_eq!(network.client.head().await.unwrap().header.height, Height(1));
    let without = ClientOptions { identity: None, ..known.clone() };
    let stranger = ClientOptions { identity: Some(client_identity().1), ..known };
    for options in [without, stranger] {
        let error = match soon(Client::connect(&network.url, &options)).await {
            Ok(client) => soon(client.head()).await.map(drop).unwrap_err(),
            Err(error) => error,
        };
        assert!(matches!(error, ClientError::CertificateWanted), "{error:?}");
    }
}

/// A connection to the reads over HTTP of one who trusts the certificate and speaks the protocols.
async fn https(
    network: &Network,
    certificate: &[u8],
    protocols: &[&[u8]],
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(certificate).unwrap()).unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().unwrap();
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    let stream = TcpStream::connect(("127.0.0.1", network.http_port)).await?;
    let connector = TlsConnector::from(Arc::new(config));
    soon(connector.connect("node.test".try_into().unwrap(), stream)).await
}

async fn over_http_1(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> String {
    let asked = b"GET /v1/headers/1 HTTP/1.1\r\nHost: node.test\r\nConnection: close\r\n\r\n";
    let _ = stream.write_all(asked).await;
    let mut answer = Vec::new();
    let _ = soon(stream.read_to_end(&mut answer)).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn reads_over_http_have_tls_for_browsers_and_for_scripts() {
    let (tls, certificate) = identity();
    let limits = Limits { handshake_timeout: Duration::from_millis(200), ..Limits::default() };
    let config = ServerConfig { http_tls: Some(tls), limits, ..ServerConfig::default() };
    let network = Network::with_config(config, "http", &ClientOptions::default()).await;
    network.ledger.commit();
    for protocols in [&[&b"http/1.1"[..]][..], &[]] {
        let answer = over_http_1(&mut https(&network, &certificate, protocols).await.unwrap()).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.contains("\"height\":1"), "{answer}");
    }
    let mut browser = https(&network, &certificate, &[b"h2", b"http/1.1"]).await.unwrap();
    assert_eq!(browser.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    browser.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
    let mut settings = [0; 9];
    soon(browser.read_exact(&mut settings)).await.unwrap();
    assert_eq!(settings[3], 4, "the server's settings come first: {settings:?}");

    assert!(https(&network, &identity().1, &[b"h2"]).await.is_err(), "another certificate is not trusted");
    assert!(https(&network, &certificate, &[b"spdy/3"]).await.is_err(), "no protocol in common");
    let mut plain = TcpStream::connect(("127.0.0.1", network.http_port)).await.unwrap();
    assert!(!over_http_1(&mut plain).await.contains("200"), "in plain text");
    // One that never ends its handshake is closed, and hinders nobody.
    let mut silent = TcpStream::connect(("127.0.0.1", network.http_port)).await.unwrap();
    silent
        .write_all(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 and so on for thirty bytes")
        .await
        .unwrap();
    let mut rest = Vec::new();
    let _ = soon(silent.read_to_end(&mut rest)).await;
    let answer = over_http_1(&mut https(&network, &certificate, &[]).await.unwrap()).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
}

#[tokio::test]
async fn authorities_that_are_none_do_not_start() {
    let (mut tls, _) = identity();
    for authorities in [&b""[..], b"no certificate"] {
        tls.client_authorities_pem = Some(authorities.to_vec());
        let config = ServerConfig { tls: Some(tls.clone()), ..ServerConfig::default() };
        assert!(matches!(config.check(), Err(ServeError::Tls(_))));
    }
}

#[tokio::test]
async fn a_bad_key_does_not_start() {
    let (mut tls, _) = identity();
    for (key_pem, certificates_pem) in [
        (b"no key".to_vec(), tls.certificates_pem.clone()),
        (tls.key_pem.clone(), b"no certificate".to_vec()),
        (identity().0.key_pem, tls.certificates_pem.clone()),
    ] {
        let http_tls = Some(TlsIdentity { key_pem, certificates_pem, client_authorities_pem: None });
        let config = ServerConfig { http_tls, ..ServerConfig::default() };
        assert!(matches!(config.check(), Err(ServeError::Tls(_))));
    }
    tls.key_pem = b"no key".to_vec();
    let config = ServerConfig { tls: Some(tls), ..ServerConfig::default() };
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let ledger = std::sync::Arc::new(MemoryLedger::new());
    let served = serve(vec![listener], ledger, config, Health::new(), std::future::pending()).await;
    assert!(matches!(served, Err(ServeError::Tls(_))), "{served:?}");
}

#[tokio::test]
async fn there_is_something_to_listen_on() {
    let ledger = std::sync::Arc::new(MemoryLedger::new());
    let nothing = serve(Vec::new(), ledger, ServerConfig::default(), Health::new(), std::future::pending());
    assert!(matches!(nothing.await, Err(ServeError::NoListener)));
}

#[tokio::test]
async fn what_is_no_node_is_called_that() {
    let answers: [&'static [u8]; 4] = [
        b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"220 mail.example ESMTP\r\n",
        // A TLS alert.
        b"\x15\x03\x01\x00\x02\x02\x46",
    ];
    for (answer, scheme) in answers.into_iter().flat_map(|answer| [(answer, "http"), (answer, "https")]) {
        if (scheme, answer[0]) == ("https", 0x15) {
            continue;
        }
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("{scheme}://{}", listener.local_addr().unwrap());
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut asked = [0; 24];
            let _ = stream.read(&mut asked).await;
            let _ = stream.write_all(answer).await;
            let _ = stream.shutdown().await;
            // Until the client has gone.
            while stream.read(&mut asked).await.is_ok_and(|bytes| bytes > 0) {}
        });
        let error = match soon(Client::connect(&url, &ClientOptions::default())).await {
            Ok(client) => soon(client.head()).await.map(drop).unwrap_err(),
            Err(error) => error,
        };
        assert!(matches!(error, ClientError::NotANode), "{scheme} {}: {error:?}", answer.escape_ascii());
        server.await.unwrap();
    }
}

#[tokio::test]
async fn a_url_that_is_none_is_said_to_be() {
    let error = Client::connect("not a url", &ClientOptions::default()).await.unwrap_err();
    assert!(matches!(error, ClientError::Endpoint { .. }), "{error:?}");
    for url in ["ftp://127.0.0.1:1", "http://127.0.0.1:99999", "http://127.0.0.1:1/path"] {
        let error = Client::connect_lazy(url, &ClientOptions::default()).unwrap_err();
        assert!(matches!(error, ClientError::Endpoint { .. }), "{error:?}");
    }
    let bad = ClientOptions { ca_certificates_pem: Some(b"none".to_vec()), ..ClientOptions::default() };
    assert!(Client::connect("https://127.0.0.1:1", &bad).await.is_err());
}
