//! Relays between nodes: they count bytes, and can be cut, silent or slow.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;

/// What a relay does with what it is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// Passes everything on.
    Open,
    /// Ends its connections, and every new one at once.
    Cut,
    /// Keeps its connections, and everything that is sent, until it is open again: what a broken network looks like.
    Silent,
    /// Passes each piece of up to 64 KiB on after this time.
    Slow(Duration),
}

/// A relay to an address. Ends when it is dropped.
pub struct Relay {
    address: SocketAddr,
    bytes: Arc<AtomicU64>,
    link: watch::Sender<Link>,
}

impl Relay {
    /// Listens on an address of its own, away from the ports of nodes. Requires a tokio runtime.
    pub fn start(target: SocketAddr) -> Self {
        let listener = std::net::TcpListener::bind((OWN_ADDRESS, 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let (link, state) = watch::channel(Link::Open);
        let bytes = Arc::new(AtomicU64::new(0));
        tokio::spawn(serve(TcpListener::from_std(listener).unwrap(), target, state, Arc::clone(&bytes)));
        Self { address, bytes, link }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Bytes passed on so far, in both directions.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::SeqCst)
    }

    /// From now on does this.
    pub fn set(&self, link: Link) {
        self.link.send_replace(link);
    }
}

async fn serve(
    listener: TcpListener,
    target: SocketAddr,
    state: watch::Receiver<Link>,
    bytes: Arc<AtomicU64>,
) {
    let mut end = state.clone();
    loop {
        tokio::select! {
            Ok((inbound, _)) = listener.accept() => {
                tokio::spawn(pass(inbound, target, state.clone(), Arc::clone(&bytes)));
            }
            // The relay was dropped.
            Err(_) = end.wait_for(|_| false) => return,
        }
    }
}

async fn pass(
    inbound: TcpStream,
    target: SocketAddr,
    mut state: watch::Receiver<Link>,
    bytes: Arc<AtomicU64>,
) {
    let connecting = async {
        let link = state.wait_for(|link| *link != Link::Silent).await.ok().map(|link| *link);
        if link? == Link::Cut {
            return None;
        }
        let socket = TcpSocket::new_v4().ok()?;
        socket.bind((OWN_ADDRESS, 0).into()).ok()?;
        socket.connect(target).await.ok()
    };
    let Some(outbound) = connecting.await else { return };
    let ((from_one, to_one), (from_other, to_other)) = (inbound.into_split(), outbound.into_split());
    tokio::select! {
        () = pump(from_one, to_other, state.clone(), &bytes) => {}
        () = pump(from_other, to_one, state.clone(), &bytes) => {}
        _ = state.wait_for(|link| *link == Link::Cut) => {}
    }
}

async fn pump(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut state: watch::Receiver<Link>,
    bytes: &AtomicU64,
) {
    let mut buffer = vec![0; PIECE_BYTES];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        let Ok(link) = state.wait_for(|link| *link != Link::Silent).await.map(|link| *link) else { return };
        if let Link::Slow(time) = link {
            tokio::time::sleep(time).await;
        }
        bytes.fetch_add(read as u64, Ordering::SeqCst);
        if to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}

const OWN_ADDRESS: std::net::IpAddr = std::net::IpAddr::V4(std::net::Ipv4Addr::new(127, 0, 1, 1));
const PIECE_BYTES: usize = 64 << 10;
