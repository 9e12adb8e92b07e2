//! Strangers that flood a node from many addresses, and an issuer that wants all of it: blocks go on, honest callers are
//! answered, and neither memory nor descriptors run out.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rand::RngCore as _;
use rustix::process::{Resource, getrlimit, setrlimit};
use sanad_api::{Client, ClientOptions, Wait};
use sanad_e2e::{Issuer, Net, issue, poll};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;

/// The node that is flooded.
const FLOODED: usize = 1;
/// Files that each node may have open.
const FILES_MAX: usize = 768;
const ADDRESSES: u8 = 20;
/// Time of each flood. `SANAD_FLOOD_SECONDS` replaces it.
const FLOOD: Duration = Duration::from_secs(6);
/// Blocks under a flood, of those without, in percent.
const BLOCKS_PERCENT_MIN: u64 = 80;
/// The same, where every block is full: some 10,000 entries each.
const FULL_BLOCKS_PERCENT_MIN: u64 = 20;
/// What a flood may add to a node's memory, in bytes: the budgets of `configs/node.toml`, and room for the allocator.
const MEMORY_ADDED_MAX: u64 = 512 << 20;
/// Longest an honest call takes.
const PATIENCE: Duration = Duration::from_secs(10);

fn flood_time() -> Duration {
    let seconds = std::env::var("SANAD_FLOOD_SECONDS").ok();
    let seconds = seconds.map(|text| text.parse().expect("SANAD_FLOOD_SECONDS is a number of seconds"));
    seconds.map_or(FLOOD, Duration::from_secs)
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

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
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
    [PREFACE, &frame(SETTINGS, 0, 0, &[]), first].concat()
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

/// Submits the longest batches, one after the other, without waiting for blocks.
async fn greed(client: Client, issuer: Issuer) {
    let mut next = issuer.next(&client, Vec::new()).await;
    loop {
        next.events = (0..1500).map(|n| issue(&format!("greed/{}/{n}", next.sequence))).collect();
        let batch = next.clone().sign(&issuer.key);
        while let Err(error) = client.submit(&batch, Wait::Accepted).await {
            if !error.is_retryable() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        (next.sequence, next.previous) = (next.sequence.next(), batch.id());
    }
}

/// An honest issuer and an honest reader, each with one call at a time.
struct Honest {
    stop: AtomicBool,
    entered: AtomicU64,
    read: AtomicU64,
}

async fn honest(client: Client, issuer: Issuer, honest: Arc<Honest>) {
    let reading = async {
        while !honest.stop.load(Ordering::Relaxed) {
            let asked = Instant::now();
            client.node_status().await.unwrap();
            assert!(asked.elapsed() < PATIENCE, "{:?}", asked.elapsed());
            honest.read.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let issuing = async {
        let mut next = issuer.next(&client, Vec::new()).await;
        while !honest.stop.load(Ordering::Relaxed) {
            next.events = vec![issue(&format!("honest/{}", next.sequence))];
            let batch = next.clone().sign(&issuer.key);
            let asked = Instant::now();
            client.submit(&batch, Wait::Final).await.unwrap();
            assert!(asked.elapsed() < PATIENCE, "{:?}", asked.elapsed());
            (next.sequence, next.previous) = (next.sequence.next(), batch.id());
            honest.entered.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    };
    tokio::join!(reading, issuing);
}

struct Process(u32);

impl Process {
    fn of(net: &Net, node: usize) -> Self {
        let pid = std::fs::read_to_string(net.node_path(node, "node.pid")).unwrap();
        Self(pid.trim().parse().unwrap())
    }

    fn files(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.0)).unwrap().count()
    }

    fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0)).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn floods_cost_the_network_little() {
    let mut own = getrlimit(Resource::Nofile);
    own.current = own.maximum;
    setrlimit(Resource::Nofile, own).unwrap();
    let net = Net::start_with_open_files(FILES_MAX, &["--heartbeat-ms", "500"]);
    let [api, consensus, gossip] = net.listen_addresses(FLOODED);
    let process = Process::of(&net, FLOODED);
    let options = ClientOptions { timeout: Duration::from_secs(30), ..ClientOptions::default() };
    let client = Client::connect(&net.url(FLOODED), &options).await.unwrap();
    let counts = Arc::new(Honest {
        stop: AtomicBool::new(false),
        entered: AtomicU64::new(0),
        read: AtomicU64::new(0),
    });
    let serving = tokio::spawn(honest(client.clone(), net.issuer("node-1"), Arc::clone(&counts)));
    // At another node, so that it is not the flooded one's callers that see the height.
    let watcher = net.client(2).await;
    let height = async || watcher.node_status().await.unwrap().head.height.0;
    poll("the first honest batch", || (counts.entered.load(Ordering::Relaxed) > 0).then_some(()));

    let time = flood_time();
    let quiet = {
        let before = height().await;
        tokio::time::sleep(time).await;
        height().await - before
    };
    let memory = process.memory();
    println!("no flood: {quiet} blocks in {time:?}, {} MB, {} files", memory >> 20, process.files());
    assert!(quiet > 2);

    let subscribe = [
        frame(HEADERS, END_HEADERS, 1, &call("/sanad.v1.LedgerService/SubscribeBlocks")),
        frame(DATA, END_STREAM, 1, &[0, 0, 0, 0, 2, 8, 1]),
    ];
    let submit = frame(HEADERS, END_HEADERS, 1, &call("/sanad.v1.SubmissionService/SubmitBatch"));
    let long = 50_u32 << 20;
    let message = frame(DATA, 0, 1, &[&[0][..], &long.to_be_bytes()].concat());
    let part = frame(DATA, 0, 1, &vec![7; 16 << 10]);
    let fields = (0..60).flat_map(|n| field(&format!("x-{n}"), &"y".repeat(100))).collect::<Vec<u8>>();
    let more = frame(CONTINUATION, 0, 1, &fields);
    let half = frame(HEADERS, 0, 1, &call("/sanad.v1.NodeService/GetNodeStatus"));
    let open = frame(HEADERS, END_HEADERS, 1, &call("/sanad.v1.NodeService/GetNodeStatus"));

    for flood in [
        "connections",
        "half-open calls",
        "endless headers",
        "deaf subscribers",
        "long messages",
        "garbage",
        "greed",
    ] {
        let mut attack = JoinSet::new();
        for number in 0..ADDRESSES {
            let from = source(number);
            match flood {
                "connections" => {
                    for port in [api, consensus, gossip] {
                        attack.spawn(hold(from, port, Vec::new(), 30));
                    }
                }
                "half-open calls" => {
                    attack.spawn(hold(from, api, greeting(&half), 15));
                    attack.spawn(hold(from, api, greeting(&open), 15));
                }
                "endless headers" => {
                    attack.spawn(pour(from, api, greeting(&half), more.clone(), usize::MAX));
                    let line = b"X-Endless: and so on and so on and so on\r\n".repeat(20);
                    attack.spawn(pour(from, api, b"GET / HTTP/1.1\r\n".to_vec(), line, usize::MAX));
                }
                "deaf subscribers" => {
                    attack.spawn(hold(from, api, greeting(&subscribe.concat()), 20));
                }
                "long messages" => {
                    let start = greeting(&[&submit[..], &message].concat());
                    attack.spawn(pour(from, api, start, part.clone(), long as usize));
                }
                "garbage" => {
                    for port in [api, consensus, gossip] {
                        attack.spawn(garbage(from, port));
                    }
                }
                // One issuer, at another node.
                _ if number == 0 => {
                    let client = Client::connect(&net.url(2), &options).await.unwrap();
                    attack.spawn(greed(client, net.issuer("node-2")));
                }
                _ => {}
            }
        }
        let (before, started) = (height().await, Instant::now());
        let honest_before = (counts.entered.load(Ordering::Relaxed), counts.read.load(Ordering::Relaxed));
        let (mut files, mut added) = (0, 0);
        while started.elapsed() < time {
            tokio::time::sleep(Duration::from_millis(200)).await;
            files = files.max(process.files());
            added = added.max(process.memory().saturating_sub(memory));
            assert!(!serving.is_finished(), "{flood}: an honest call failed");
        }
        let blocks = height().await - before;
        let entered = counts.entered.load(Ordering::Relaxed) - honest_before.0;
        let read = counts.read.load(Ordering::Relaxed) - honest_before.1;
        println!(
            "{flood}: {blocks} blocks, {files} files, {} MB more, {entered} honest batches, {read} honest reads",
            added >> 20
        );
        // Blocks that are full of what an issuer has a right to enter take their time on every node.
        let percent = if flood == "greed" { FULL_BLOCKS_PERCENT_MIN } else { BLOCKS_PERCENT_MIN };
        assert!(100 * blocks >= percent * quiet, "{flood}: {blocks} blocks, {quiet} without it");
        assert!(files < FILES_MAX - 32, "{flood}: {files} files are open");
        assert!(added < MEMORY_ADDED_MAX, "{flood}: {added} bytes");
        assert!(entered > 0 && read > 0, "{flood}: {entered} honest batches, {read} honest reads");
        attack.shutdown().await;
    }
    counts.stop.store(true, Ordering::Relaxed);
    serving.await.unwrap();
    let entered = counts.entered.load(Ordering::Relaxed);
    net.wait_for_equal_heads(entered);
}
