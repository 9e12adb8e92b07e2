//! A relay to a node that lies: what one connection is answered first goes through unchanged, later answers do not.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

/// Passes everything on, but changes the last byte of each long piece of every answer after the first of a connection.
/// Returns where it listens. Requires a tokio runtime, and ends with it.
pub fn liar(target: SocketAddr) -> SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    let listener = TcpListener::from_std(listener).unwrap();
    tokio::spawn(async move {
        while let Ok((inbound, _)) = listener.accept().await {
            let outbound = TcpStream::connect(target).await.unwrap();
            let ((mut asking, answered), (answers, mut asked)) =
                (inbound.into_split(), outbound.into_split());
            tokio::spawn(async move { tokio::io::copy(&mut asking, &mut asked).await });
            tokio::spawn(lie(answers, answered));
        }
    });
    address
}

/// Reads frames of HTTP/2 (RFC 9113, 4.1), and changes those that carry data.
async fn lie(mut from: OwnedReadHalf, mut to: OwnedWriteHalf) -> std::io::Result<()> {
    loop {
        let mut head = [0; HEAD_BYTES];
        from.read_exact(&mut head).await?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        let mut payload = vec![0; length];
        from.read_exact(&mut payload).await?;
        if head[3] == DATA && stream > FIRST_STREAM && length > LONG_BYTES {
            payload[length - 1] ^= 1;
        }
        to.write_all(&[&head[..], &payload].concat()).await?;
    }
}

const HEAD_BYTES: usize = 9;
const DATA: u8 = 0;
const FIRST_STREAM: u32 = 1;
/// Shorter frames may be the beginning of a message, whose length must stay as it is.
const LONG_BYTES: usize = 64;
