//! Strangers that flood a node from many addresses: connections that say nothing, too much, or garbage.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use rand::RngCore as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;

/// What strangers do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flood {
    /// Connections that say nothing, to every port.
    Connections,
    /// Calls that are begun and not ended.
    HalfOpenCalls,
    /// Headers without an end.
    EndlessHeaders,
    /// Subscriptions whose answers are not read.
    DeafSubscribers,
    /// Messages far longer than any limit.
    LongMessages,
    /// Reads over HTTP whose answers are not read.
    DeafReaders,
    /// Paths and queries far longer than any limit.
    LongTargets,
    /// Random bytes, to every port.
    Garbage,
}

impl Flood {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::Connections,
        Self::HalfOpenCalls,
        Self::EndlessHeaders,
        Self::DeafSubscribers,
        Self::LongMessages,
        Self::DeafReaders,
        Self::LongTargets,
        Self::Garbage,
    ];

    /// Floods a node, which listens at `[api, consensus, gossip]` and `http`, from `addresses` addresses until the set is
    /// dropped.
    pub fn begin(self, listen: [SocketAddr; 3], http: SocketAddr, addresses: u8) -> JoinSet<()> {
        let [api, ..] = listen;
        let ports = listen.into_iter().chain([http]);
        let mut attack = JoinSet::new();
        for from in (0..addresses).map(source) {
            match self {
                Self::Connections => {
                    for port in ports.clone() {
                        attack.spawn(hold(from, port, Vec::new(), 30));
                    }
                }
                Self::HalfOpenCalls => {
                    for flags in [0, END_HEADERS] {
                        let call = frame(HEADERS, flags, &call("/sanad.v1.NodeService/GetNodeStatus"));
                        attack.spawn(hold(from, api, greeting(&call), 15));
                    }
                }
                Self::EndlessHeaders => {
                    let begun = frame(HEADERS, 0, &call("/sanad.v1.NodeService/GetNodeStatus"));
                    let fields = (0..60).flat_map(|n| field(&format!("x-{n}"), &"y".repeat(100)));
                    let more = frame(CONTINUATION, 0, &fields.collect::<Vec<u8>>());
                    attack.spawn(pour(from, api, greeting(&begun), more, usize::MAX));
                    let line = b"X-Endless: and so on and so on and so on\r\n".repeat(20);
                    for port in [api, http] {
                        let begun = b"GET / HTTP/1.1\r\n".to_vec();
                        attack.spawn(pour(from, port, begun, line.clone(), usize::MAX));
                    }
                }
                Self::DeafSubscribers => {
                    let call = call("/sanad.v1.LedgerService/SubscribeBlocks");
                    let message = frame(DATA, END_STREAM, &[0, 0, 0, 0, 2, 8, 1]);
                    let subscribe = [frame(HEADERS, END_HEADERS, &call), message].concat();
                    attack.spawn(hold(from, api, greeting(&subscribe), 20));
                }
                Self::LongMessages => {
                    let submit =
                        frame(HEADERS, END_HEADERS, &call("/sanad.v1.SubmissionService/SubmitBatch"));
                    let length = 50_u32 << 20;
                    let begun = frame(DATA, 0, &[&[0][..], &length.to_be_bytes()].concat());
                    let part = frame(DATA, 0, &vec![7; 16 << 10]);
                    let start = greeting(&[submit, begun].concat());
                    attack.spawn(pour(from, api, start, part, length as usize));
                }
                Self::DeafReaders => {
                    let read = b"GET /v1/headers?from=1&limit=100 HTTP/1.1\r\nHost: node\r\n\r\n".repeat(100);
                    attack.spawn(hold(from, http, read, 20));
                }
                Self::LongTargets => {
                    attack.spawn(pour(from, http, b"GET /".to_vec(), vec![b'a'; 16 << 10], usize::MAX));
                    let query = "from=1&".repeat(300);
                    let whole =
                        format!("GET /v1/entries?{query} HTTP/1.1\r\nHost: node\r\n\r\n").into_bytes();
                    attack.spawn(pour(from, http, whole.clone(), whole, usize::MAX));
                }
                Self::Garbage => {
                    for port in ports.clone() {
                        attack.spawn(garbage(from, port));
                    }
                }
            }
        }
        attack
    }
}

/// Whoever floods comes from elsewhere than the honest, who all share 127.0.0.1.
fn source(number: u8) -> IpAddr {
    IpAddr::from([127, 77, number % 4, 10 + number])
}

async fn connect(from: IpAddr, to: SocketAddr) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((from, 0).into())?;
    tokio::time::timeout(Duration::from_secs(2), socket.connect(to)).await?
}

// HTTP/2, RFC 9113.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// A frame of the first stream; settings are the connection's.
fn frame(kind: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
    let stream = u32::from(kind != SETTINGS);
    let mut frame = (payload.len() as u32).to_be_bytes()[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// A header field, literal and not indexed (RFC 7541 6.2.2).
fn field(name: &str, value: &str) -> Vec<u8> {
    let mut field = vec![0, name.len() as u8];
    field.extend(name.as_bytes());
    field.push(value.len() as u8);
    field.extend(value.as_bytes());
    field
}

fn call(path: &str) -> Vec<u8> {
    let fields = [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", path),
        (":authority", "node"),
        ("content-type", "application/grpc"),
        ("te", "trailers"),
    ];
    fields.iter().flat_map(|(name, value)| field(name, value)).collect()
}

/// The start of a connection: preface, settings, and a first frame.
fn greeting(first: &[u8]) -> Vec<u8> {
    [PREFACE, &frame(SETTINGS, 0, &[]), first].concat()
}

/// Writes `start`, then `again` for as long as the other end takes it; then anew.
async fn pour(from: IpAddr, to: SocketAddr, start: Vec<u8>, again: Vec<u8>, most: usize) {
    loop {
        if let Ok(mut stream) = connect(from, to).await
            && stream.write_all(&start).await.is_ok()
        {
            let mut left = most;
            while left > 0 && !again.is_empty() {
                let written = tokio::time::timeout(Duration::from_secs(2), stream.write_all(&again)).await;
                if !matches!(written, Ok(Ok(()))) {
                    break;
                }
                left = left.saturating_sub(again.len());
            }
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Holds connections that say `start`, and opens another for each that is closed. Reads nothing.
async fn hold(from: IpAddr, to: SocketAddr, start: Vec<u8>, count: usize) {
    let mut held: Vec<TcpStream> = Vec::new();
    loop {
        held.retain(|stream| {
            let mut byte = [0];
            match stream.try_read(&mut byte) {
                Ok(read) => read > 0,
                Err(error) => error.kind() == std::io::ErrorKind::WouldBlock,
            }
        });
        while held.len() < count {
            let Ok(mut stream) = connect(from, to).await else { break };
            if stream.write_all(&start).await.is_err() {
                break;
            }
            held.push(stream);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn garbage(from: IpAddr, to: SocketAddr) {
    loop {
        if let Ok(mut stream) = connect(from, to).await {
            let mut bytes = vec![0; 64 << 10];
            rand::rng().fill_bytes(&mut bytes);
            let _ = tokio::time::timeout(Duration::from_secs(1), stream.write_all(&bytes)).await;
            let _ = tokio::time::timeout(Duration::from_millis(100), stream.read(&mut bytes)).await;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
