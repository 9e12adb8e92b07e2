//! Short answers for those who watch, while strangers hold connections.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use sanad_api::{PlainLimits, serve_plain};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tonic::codegen::Bytes;
use tonic::codegen::http::{Method, Response};

use crate::network::soon;

const HOUR: Duration = Duration::from_secs(3600);
/// Longer than what a socket takes while nobody reads.
const LONG: usize = 16 << 20;
/// Nothing ends by itself.
const PATIENT: PlainLimits = PlainLimits {
    connections: 8,
    connections_per_address: 8,
    greeting_timeout: HOUR,
    head_timeout: HOUR,
    stall_timeout: HOUR,
};

fn answer(_: &Method, path: &str) -> Response<Bytes> {
    Response::new(match path {
        "/long" => Bytes::from(vec![b'x'; LONG]),
        path => Bytes::from(path.to_owned()),
    })
}

async fn serving(limits: PlainLimits) -> (SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = async move { serve_plain(listener, limits, answer).await.unwrap() };
    (address, tokio::spawn(serving))
}

fn begin(address: SocketAddr, said: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(said.as_bytes()).unwrap();
    stream
}

fn ask(address: SocketAddr) -> String {
    let mut answer = String::new();
    begin(address, "GET /readyz HTTP/1.0\r\n\r\n").read_to_string(&mut answer).unwrap();
    answer
}

fn is_closed(stream: &mut TcpStream) -> bool {
    let mut bytes = vec![0; 1 << 20];
    loop {
        match stream.read(&mut bytes) {
            Ok(0) => return true,
            Ok(_) => {}
            Err(error) => return error.kind() == ErrorKind::ConnectionReset,
        }
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    soon(tokio::task::spawn_blocking(work)).await.unwrap()
}

/// All from the address of the honest one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_newcomer_is_answered_whatever_others_hold() {
    let half = ["", "GET /readyz HTTP/1.1\r\nhost: a", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"];
    for said in half.into_iter().chain(["GET /long HTTP/1.1\r\nhost: a\r\n\r\n"]) {
        let (address, serving) = serving(PATIENT).await;
        let held = blocking(move || {
            let held: Vec<_> = (0..3 * PATIENT.connections).map(|_| begin(address, said)).collect();
            for _ in 0..3 {
                let answer = ask(address);
                assert!(answer.starts_with("HTTP/1.0 200 OK") && answer.ends_with("/readyz"), "{answer}");
            }
            held
        })
        .await;
        // With the server, all of its connections end.
        serving.abort();
        assert!(
            blocking(move || held.into_iter().all(|mut stream| is_closed(&mut stream))).await,
            "{said:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_speak_or_read_is_closed() {
    let short = Duration::from_millis(300);
    let greeting = PlainLimits { greeting_timeout: short, ..PATIENT };
    let head = PlainLimits { head_timeout: short, ..PATIENT };
    for (limits, said) in [
        (greeting, ""),
        (head, "GET /readyz HTTP/1.1\r\nhost: a"),
        (head, "GET /readyz HTTP/1.1\r\nhost: a\r\n\r\n"),
    ] {
        let (address, _serving) = serving(limits).await;
        assert!(blocking(move || is_closed(&mut begin(address, said))).await, "{said:?}");
    }
    let (address, _serving) = serving(PlainLimits { stall_timeout: short, ..PATIENT }).await;
    let read = blocking(move || {
        let mut stream = begin(address, "GET /long HTTP/1.1\r\nhost: a\r\n\r\n");
        // By the time that it reads, it has been cut: it gets what was on its way alone.
        let deadline = Instant::now() + Duration::from_secs(20);
        while stream.write_all(b" ").is_ok() {
            assert!(Instant::now() < deadline, "it is not cut");
            std::thread::sleep(Duration::from_millis(20));
        }
        let (mut bytes, mut read) = (vec![0; 1 << 20], 0);
        while let Ok(more @ 1..) = stream.read(&mut bytes) {
            read += more;
        }
        read
    })
    .await;
    assert!(read < LONG, "{read}");
}
