//! Callers behind a proxy that passes connections on, and says for whom (PROXY protocol).

use std::net::SocketAddr;

use sanad_api::{Client, ClientError, ClientOptions, Limits, ServerConfig, StatusCode};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use crate::network::{Network, soon};

/// The address of the proxy, which the server trusts.
const PROXY: &str = "127.0.0.2";

/// Connects to the server as the proxy does.
async fn connect(port: u16) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::new(PROXY.parse().unwrap(), 0)).unwrap();
    socket.connect(([127, 0, 0, 1], port).into()).await.unwrap()
}

/// A proxy that begins each connection with `header`.
async fn proxy(port: u16, header: Vec<u8>) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (mut client, _) = listener.accept().await.unwrap();
            let mut server = connect(port).await;
            // In two pieces, as a slow network may deliver them.
            let (first, second) = header.split_at(header.len() / 2);
            server.write_all(first).await.unwrap();
            server.flush().await.unwrap();
            server.write_all(second).await.unwrap();
            tokio::spawn(async move { copy_bidirectional(&mut client, &mut server).await });
        }
    });
    url
}

fn v1(address: &str) -> Vec<u8> {
    format!("PROXY TCP4 {address} 10.0.0.1 5000 443\r\n").into_bytes()
}

#[tokio::test]
async fn calls_count_for_the_address_that_the_header_names() {
    let limits = Limits { address_calls_per_second: 1, address_calls_burst: 3, ..Limits::default() };
    let trusted_proxies = vec!["127.0.0.2/32".parse().unwrap()];
    let config = ServerConfig { limits, trusted_proxies, proxy_protocol: true, ..ServerConfig::default() };
    let network = Network::with_config(config, "http", &ClientOptions::default()).await;
    network.ledger.commit();
    let v2 =
        [&b"\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c"[..], &[192, 0, 2, 2, 10, 0, 0, 1, 0, 80, 1, 187]].concat();
    // One address on two connections, and another.
    let mut refused = Vec::new();
    for header in [v1("192.0.2.1"), v1("192.0.2.1"), v2] {
        let url = proxy(network.port, header).await;
        let client = soon(Client::connect(&url, &ClientOptions::default())).await.unwrap();
        let mut count = 0;
        for _ in 0..3 {
            match soon(client.head()).await {
                Ok(_) => {}
                Err(ClientError::Status { status: StatusCode::ResourceExhausted, .. }) => count += 1,
                Err(error) => panic!("{error:?}"),
            }
        }
        refused.push(count);
    }
    assert!(refused[0] == 0 && refused[1] >= 2 && refused[2] == 0, "{refused:?}");
    // Whoever is not a proxy sends no header, and needs none.
    assert!(soon(network.client.head()).await.is_ok());
}

#[tokio::test]
async fn a_proxy_that_sends_no_header_is_cut_off() {
    let trusted_proxies = vec!["127.0.0.2/32".parse().unwrap()];
    let config = ServerConfig { trusted_proxies, proxy_protocol: true, ..ServerConfig::default() };
    let network = Network::with_config(config, "http", &ClientOptions::default()).await;
    let longest = [&b"\r\n\r\n\0\r\nQUIT\n\x21\x11\xff\xff"[..], &[0; 64]].concat();
    for bytes in [&b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..], b"PROXY TCP4 nobody\r\n", &longest] {
        let mut stream = connect(network.port).await;
        stream.write_all(bytes).await.unwrap();
        let mut answer = Vec::new();
        let read = soon(stream.read_to_end(&mut answer)).await;
        assert!(read.is_err() || answer.is_empty(), "{}", answer.escape_ascii());
    }
    network.ledger.commit();
    assert!(soon(network.client.head()).await.is_ok());
}
