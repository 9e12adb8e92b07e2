//! Blocks that a peer is asked for, one at a time: to repair a damaged one, and to learn how far the others are.
//!
//! Request: `u64` height, 0 for the head. Response: `u8` 0 if there is none, 2 if the peer cannot say, 1 if there is one; then the `u32` round in which the block was
//! first proposed, and certificate and payload, each with a `u32` length; the head comes without payload.

use std::io;

use futures::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use libp2p::StreamProtocol;
use libp2p::request_response;
use sanad_core::codec;
use sanad_core::genesis::BLOCK_BYTES_LIMIT;
use sanad_core::ids::Height;
use sanad_core::validators::{CERTIFICATE_BYTES_MAX, CommitCertificate};

use super::NoAnswer;

/// Name of the protocol, with its version.
pub(super) const PROTOCOL: StreamProtocol = StreamProtocol::new("/sanad/blocks/1");

/// Which block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// The last one, without its payload.
    Head,
    /// The one of a height.
    Block(Height),
}

/// A block as a peer has it. Nothing of it is checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockCopy {
    /// Round in which it was first proposed.
    pub round: u32,
    /// Its certificate.
    pub certificate: CommitCertificate,
    /// Its payload; empty for a head.
    pub payload: Vec<u8>,
}

/// What a peer says: it has the block, it has none, or it cannot say.
pub(super) type Told = Result<Option<BlockCopy>, NoAnswer>;

#[derive(Clone, Default)]
pub(super) struct BlockCodec;

#[async_trait::async_trait]
impl request_response::Codec for BlockCodec {
    type Protocol = StreamProtocol;
    type Request = Wanted;
    type Response = Told;

    async fn read_request<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<Wanted>
    where
        T: AsyncRead + Unpin + Send,
    {
        let mut height = [0; 8];
        io.read_exact(&mut height).await?;
        Ok(match u64::from_be_bytes(height) {
            0 => Wanted::Head,
            height => Wanted::Block(Height(height)),
        })
    }

    async fn read_response<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<Told>
    where
        T: AsyncRead + Unpin + Send,
    {
        let mut found = [0];
        io.read_exact(&mut found).await?;
        match found {
            [NONE] => return Ok(Ok(None)),
            [FOUND] => {}
            _ => return Ok(Err(NoAnswer)),
        }
        let round = read_u32(io).await?;
        let certificate = read_bytes(io, CERTIFICATE_BYTES_MAX).await?;
        let certificate =
            codec::decode(&certificate, CERTIFICATE_BYTES_MAX).map_err(|_| invalid("no certificate"))?;
        let payload = read_bytes(io, BLOCK_BYTES_LIMIT as usize).await?;
        Ok(Ok(Some(BlockCopy { round, certificate, payload })))
    }

    async fn write_request<T>(&mut self, _: &StreamProtocol, io: &mut T, wanted: Wanted) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        let height = match wanted {
            Wanted::Head => 0,
            Wanted::Block(height) => height.0,
        };
        io.write_all(&height.to_be_bytes()).await?;
        io.close().await
    }

    async fn write_response<T>(&mut self, _: &StreamProtocol, io: &mut T, told: Told) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        match told {
            Err(NoAnswer) => io.write_all(&[UNSAID]).await?,
            Ok(None) => io.write_all(&[NONE]).await?,
            Ok(Some(BlockCopy { round, certificate, payload })) => {
                io.write_all(&[FOUND]).await?;
                io.write_all(&round.to_be_bytes()).await?;
                for part in [&codec::encode(&certificate), &payload] {
                    io.write_all(&(part.len() as u32).to_be_bytes()).await?;
                    io.write_all(part).await?;
                }
            }
        }
        io.close().await
    }
}

async fn read_u32<T: AsyncRead + Unpin + Send>(io: &mut T) -> io::Result<u32> {
    let mut bytes = [0; 4];
    io.read_exact(&mut bytes).await?;
    Ok(u32::from_be_bytes(bytes))
}

async fn read_bytes<T: AsyncRead + Unpin + Send>(io: &mut T, limit: usize) -> io::Result<Vec<u8>> {
    let length = read_u32(io).await? as usize;
    if length > limit {
        return Err(invalid("a certificate or payload is too long"));
    }
    let mut bytes = vec![0; length];
    io.read_exact(&mut bytes).await?;
    Ok(bytes)
}

const NONE: u8 = 0;
const FOUND: u8 = 1;
const UNSAID: u8 = 2;

fn invalid(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use futures::io::Cursor;
    use libp2p::request_response::Codec as _;
    use sanad_core::hash::BlockHash;

    use super::*;

    #[tokio::test]
    async fn blocks_round_trip_and_lengths_are_checked_first() {
        let certificate =
            CommitCertificate { height: Height(7), round: 2, block: BlockHash([3; 32]), signatures: vec![] };
        let copy = BlockCopy { round: 1, certificate, payload: vec![4; 100] };
        for told in [Err(NoAnswer), Ok(None), Ok(Some(copy))] {
            let mut wire = Cursor::new(Vec::new());
            BlockCodec.write_response(&PROTOCOL, &mut wire, told.clone()).await.unwrap();
            wire.set_position(0);
            assert_eq!(BlockCodec.read_response(&PROTOCOL, &mut wire).await.unwrap(), told);
        }
        for wanted in [Wanted::Head, Wanted::Block(Height(9))] {
            let mut wire = Cursor::new(Vec::new());
            BlockCodec.write_request(&PROTOCOL, &mut wire, wanted).await.unwrap();
            wire.set_position(0);
            assert_eq!(BlockCodec.read_request(&PROTOCOL, &mut wire).await.unwrap(), wanted);
        }
        let long = [&[1, 0, 0, 0, 0][..], &[0xff; 4]].concat();
        assert!(BlockCodec.read_response(&PROTOCOL, &mut Cursor::new(long)).await.is_err());
    }
}
