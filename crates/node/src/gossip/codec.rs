//! Messages of the exchange: batches one way, a count the other way.

use std::io;
use std::sync::Arc;

use futures::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use libp2p::StreamProtocol;
use libp2p::request_response;
use sanad_core::batch::{BATCH_BYTES_MAX, SignedBatch};

/// Name of the protocol, with its version.
pub(super) const PROTOCOL: StreamProtocol = StreamProtocol::new("/sanad/batches/1");
/// Longest message, in bytes: `u32` count, then `u32` length and bytes of each batch.
pub(super) const MESSAGE_BYTES_MAX: usize = 1 << 20;
/// Most batches of a message.
const MESSAGE_BATCHES_MAX: u32 = 4096;

/// Batches on their way to a peer.
#[derive(Clone, Debug, Default)]
pub(super) struct Outgoing(pub(super) Vec<Arc<SignedBatch>>);

/// What a request is: batches to write, or the encoded batches that were read.
#[derive(Clone, Debug)]
pub(super) enum Batches {
    Outgoing(Outgoing),
    Incoming(Vec<Vec<u8>>),
}

/// How many batches of a message were taken.
#[derive(Clone, Copy, Debug)]
pub(super) struct Taken(pub(super) u32);

/// Bytes that a batch takes in a message.
pub(super) fn message_bytes(batch: &SignedBatch) -> usize {
    4 + batch.bytes().len()
}

#[derive(Clone, Default)]
pub(super) struct Codec;

#[async_trait::async_trait]
impl request_response::Codec for Codec {
    type Protocol = StreamProtocol;
    type Request = Batches;
    type Response = Taken;

    async fn read_request<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<Batches>
    where
        T: AsyncRead + Unpin + Send,
    {
        let count = read_u32(io).await?;
        if count > MESSAGE_BATCHES_MAX {
            return Err(invalid("too many batches in a message"));
        }
        let mut batches = Vec::new();
        let mut room = MESSAGE_BYTES_MAX - 4;
        for _ in 0..count {
            let length = read_u32(io).await? as usize;
            if length > BATCH_BYTES_MAX || length + 4 > room {
                return Err(invalid("a batch or message is too long"));
            }
            room -= length + 4;
            let mut bytes = vec![0; length];
            io.read_exact(&mut bytes).await?;
            batches.push(bytes);
        }
        Ok(Batches::Incoming(batches))
    }

    async fn read_response<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<Taken>
    where
        T: AsyncRead + Unpin + Send,
    {
        read_u32(io).await.map(Taken)
    }

    async fn write_request<T>(&mut self, _: &StreamProtocol, io: &mut T, batches: Batches) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        let Batches::Outgoing(Outgoing(batches)) = batches else {
            return Err(invalid("a message that was read is not sent on"));
        };
        let length: usize = batches.iter().map(|batch| message_bytes(batch)).sum();
        let mut message = Vec::with_capacity(4 + length);
        message.extend_from_slice(&(batches.len() as u32).to_be_bytes());
        for batch in batches {
            message.extend_from_slice(&(batch.bytes().len() as u32).to_be_bytes());
            message.extend_from_slice(batch.bytes());
        }
        io.write_all(&message).await?;
        io.close().await
    }

    async fn write_response<T>(&mut self, _: &StreamProtocol, io: &mut T, taken: Taken) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        io.write_all(&taken.0.to_be_bytes()).await?;
        io.close().await
    }
}

async fn read_u32<T: AsyncRead + Unpin + Send>(io: &mut T) -> io::Result<u32> {
    let mut bytes = [0; 4];
    io.read_exact(&mut bytes).await?;
    Ok(u32::from_be_bytes(bytes))
}

fn invalid(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use futures::io::Cursor;
    use libp2p::request_response::Codec as _;
    use sanad_core::batch::{Batch, NO_BATCH};
    use sanad_core::event::Event;
    use sanad_core::hash::{ChainId, Commitment};
    use sanad_core::ids::Sequence;
    use sanad_core::signature::SecretKey;

    use super::*;

    fn batch() -> Arc<SignedBatch> {
        let batch = Batch {
            chain_id: ChainId([1; 32]),
            issuer: "issuer".parse().unwrap(),
            sequence: Sequence(0),
            previous: NO_BATCH,
            events: vec![Event::Issue { commitment: Commitment([2; 32]) }],
        };
        Arc::new(batch.sign(&SecretKey::from_seed(&[3; 32])))
    }

    #[tokio::test]
    async fn messages_round_trip() {
        let mut wire = Cursor::new(Vec::new());
        let request = Batches::Outgoing(Outgoing(vec![batch(), batch()]));
        Codec.write_request(&PROTOCOL, &mut wire, request).await.unwrap();
        wire.set_position(0);
        match Codec.read_request(&PROTOCOL, &mut wire).await.unwrap() {
            Batches::Incoming(read) => assert_eq!(read, vec![batch().bytes().to_vec(); 2]),
            Batches::Outgoing(_) => unreachable!("read messages are incoming"),
        }
    }

    #[tokio::test]
    async fn bad_messages_are_refused_before_memory_is_taken() {
        for message in [
            &[0xff, 0xff, 0xff, 0xff][..],
            &[0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff],
            &[0, 0, 0, 2, 0, 0, 0, 1],
            &[0, 0],
        ] {
            let read = Codec.read_request(&PROTOCOL, &mut Cursor::new(message.to_vec())).await;
            assert!(read.is_err(), "{message:?}");
        }
    }
}
