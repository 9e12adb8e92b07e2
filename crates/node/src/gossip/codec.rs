//! Messages of the exchange. A request offers batches by their ids, or carries batches; the response has one byte for
//! each of them.
//!
//! Request: `u8` kind, `u32` count, then for each batch of an offer its id, its `u32` length and its issuer (`u8` length
//! and text), for each batch sent its `u32` length and bytes. Response: `u32` count, then one `u8` each.

use std::io;
use std::sync::Arc;

use futures::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use libp2p::StreamProtocol;
use libp2p::request_response;
use sanad_core::batch::{BATCH_BYTES_MAX, SignedBatch};
use sanad_core::hash::BatchId;
use sanad_core::ids::MEMBER_ID_BYTES_MAX;

use crate::pool::Offered;

/// Name of the protocol, with its version.
pub(super) const PROTOCOL: StreamProtocol = StreamProtocol::new("/sanad/batches/3");
/// Longest message, in bytes.
const MESSAGE_BYTES_MAX: usize = 1 << 20;
/// Bytes of batches in a message, without what frames them.
pub(super) const BATCHES_BYTES_MAX: usize = MESSAGE_BYTES_MAX - HEAD_BYTES - 4 * MESSAGE_BATCHES_MAX;
/// Most batches of a message.
pub(super) const MESSAGE_BATCHES_MAX: usize = 4096;

/// A request. Batches are shared when they are sent, and plain bytes when they were read.
#[derive(Clone, Debug)]
pub(super) enum Request {
    /// Batches that the sender has.
    Offer(Vec<Offered>),
    /// Batches to write.
    Outgoing(Vec<Arc<SignedBatch>>),
    /// Encoded batches that were read.
    Incoming(Vec<Vec<u8>>),
}

/// What becomes of one batch of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// The receiver needs nothing more of it.
    Settled,
    /// The receiver asks for an offered batch.
    Wanted,
    /// Not now: no room, or another peer is sending it. To be offered again.
    Later,
}

impl Request {
    /// Bytes of the request on the wire.
    pub(super) fn wire_bytes(&self) -> usize {
        HEAD_BYTES
            + match self {
                Self::Offer(offered) => {
                    offered.iter().map(|offered| OFFER_BYTES + offered.issuer.as_str().len()).sum::<usize>()
                }
                Self::Outgoing(batches) => batches.iter().map(|batch| 4 + batch.bytes().len()).sum(),
                Self::Incoming(batches) => batches.iter().map(|batch| 4 + batch.len()).sum(),
            }
    }

    /// Batches that it offers or carries.
    pub(super) fn count(&self) -> usize {
        match self {
            Self::Offer(offered) => offered.len(),
            Self::Outgoing(batches) => batches.len(),
            Self::Incoming(batches) => batches.len(),
        }
    }
}

#[derive(Clone, Default)]
pub(super) struct Codec;

#[async_trait::async_trait]
impl request_response::Codec for Codec {
    type Protocol = StreamProtocol;
    type Request = Request;
    type Response = Vec<Answer>;

    async fn read_request<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<Request>
    where
        T: AsyncRead + Unpin + Send,
    {
        let mut kind = [0];
        io.read_exact(&mut kind).await?;
        let count = read_count(io).await?;
        match kind {
            [OFFER] => {
                let mut offered = Vec::new();
                for _ in 0..count {
                    offered.push(read_offered(io).await?);
                }
                Ok(Request::Offer(offered))
            }
            [BATCHES] => {
                let mut batches = Vec::new();
                let mut room = MESSAGE_BYTES_MAX - HEAD_BYTES;
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
                Ok(Request::Incoming(batches))
            }
            _ => Err(invalid("unknown kind of message")),
        }
    }

    async fn read_response<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<Vec<Answer>>
    where
        T: AsyncRead + Unpin + Send,
    {
        let mut bytes = vec![0; read_count(io).await?];
        io.read_exact(&mut bytes).await?;
        let answer = |byte| match byte {
            0 => Ok(Answer::Settled),
            1 => Ok(Answer::Wanted),
            2 => Ok(Answer::Later),
            _ => Err(invalid("unknown answer")),
        };
        bytes.into_iter().map(answer).collect()
    }

    async fn write_request<T>(&mut self, _: &StreamProtocol, io: &mut T, request: Request) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        let mut message = Vec::with_capacity(request.wire_bytes());
        message.push(if let Request::Offer(_) = request { OFFER } else { BATCHES });
        message.extend_from_slice(&(request.count() as u32).to_be_bytes());
        match request {
            Request::Offer(offered) => {
                for Offered { id, issuer, bytes } in offered {
                    message.extend_from_slice(&id.0);
                    message.extend_from_slice(&(bytes as u32).to_be_bytes());
                    message.push(issuer.as_str().len() as u8);
                    message.extend_from_slice(issuer.as_str().as_bytes());
                }
            }
            Request::Outgoing(batches) => {
                for batch in batches {
                    message.extend_from_slice(&(batch.bytes().len() as u32).to_be_bytes());
                    message.extend_from_slice(batch.bytes());
                }
            }
            Request::Incoming(_) => return Err(invalid("a message that was read is not sent on")),
        }
        io.write_all(&message).await?;
        io.close().await
    }

    async fn write_response<T>(
        &mut self,
        _: &StreamProtocol,
        io: &mut T,
        answers: Vec<Answer>,
    ) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        let mut message = Vec::with_capacity(4 + answers.len());
        message.extend_from_slice(&(answers.len() as u32).to_be_bytes());
        message.extend(answers.into_iter().map(|answer| answer as u8));
        io.write_all(&message).await?;
        io.close().await
    }
}

async fn read_offered<T: AsyncRead + Unpin + Send>(io: &mut T) -> io::Result<Offered> {
    let mut id = [0; 32];
    io.read_exact(&mut id).await?;
    let bytes = read_u32(io).await? as usize;
    let (mut length, mut text) = ([0], [0; MEMBER_ID_BYTES_MAX]);
    io.read_exact(&mut length).await?;
    let text = text.get_mut(..usize::from(length[0])).ok_or_else(|| invalid("an issuer is too long"))?;
    io.read_exact(text).await?;
    let issuer = std::str::from_utf8(text).ok().and_then(|text| text.parse().ok());
    let issuer = issuer.ok_or_else(|| invalid("an issuer is not a member id"))?;
    Ok(Offered { id: BatchId(id), issuer, bytes })
}

async fn read_u32<T: AsyncRead + Unpin + Send>(io: &mut T) -> io::Result<u32> {
    let mut bytes = [0; 4];
    io.read_exact(&mut bytes).await?;
    Ok(u32::from_be_bytes(bytes))
}

async fn read_count<T: AsyncRead + Unpin + Send>(io: &mut T) -> io::Result<usize> {
    match read_u32(io).await? as usize {
        count if count > MESSAGE_BATCHES_MAX => Err(invalid("too many batches in a message")),
        count => Ok(count),
    }
}

fn invalid(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

const OFFER: u8 = 1;
const BATCHES: u8 = 2;
/// Kind and count.
const HEAD_BYTES: usize = 5;
/// Id and length of a batch, and the length of its issuer.
const OFFER_BYTES: usize = 37;

#[cfg(test)]
mod tests {
    use futures::io::Cursor;
    use libp2p::request_response::Codec as _;
    use sanad_core::ids::MemberId;
    use sanad_testkit::{Ledger, issue};

    use super::*;

    fn batch() -> Arc<SignedBatch> {
        Arc::new(Ledger::new().signed("issuer", vec![issue(0)]))
    }

    #[tokio::test]
    async fn messages_round_trip() {
        let mut wire = Cursor::new(Vec::new());
        let request = Request::Outgoing(vec![batch(), batch()]);
        let length = request.wire_bytes();
        Codec.write_request(&PROTOCOL, &mut wire, request).await.unwrap();
        assert_eq!(wire.get_ref().len(), length);
        wire.set_position(0);
        match Codec.read_request(&PROTOCOL, &mut wire).await.unwrap() {
            Request::Incoming(read) => assert_eq!(read, vec![batch().bytes().to_vec(); 2]),
            other => panic!("{other:?}"),
        }

        let mut wire = Cursor::new(Vec::new());
        let issuer: MemberId = "issuer".parse().unwrap();
        let offered = vec![
            Offered { id: batch().id(), issuer: issuer.clone(), bytes: 7 },
            Offered { id: BatchId([9; 32]), issuer, bytes: BATCH_BYTES_MAX },
        ];
        let request = Request::Offer(offered.clone());
        let length = request.wire_bytes();
        Codec.write_request(&PROTOCOL, &mut wire, request).await.unwrap();
        assert_eq!(wire.get_ref().len(), length);
        wire.set_position(0);
        match Codec.read_request(&PROTOCOL, &mut wire).await.unwrap() {
            Request::Offer(read) => assert_eq!(read, offered),
            other => panic!("{other:?}"),
        }

        let mut wire = Cursor::new(Vec::new());
        let answers = vec![Answer::Wanted, Answer::Settled, Answer::Later];
        Codec.write_response(&PROTOCOL, &mut wire, answers.clone()).await.unwrap();
        wire.set_position(0);
        assert_eq!(Codec.read_response(&PROTOCOL, &mut wire).await.unwrap(), answers);
    }

    #[tokio::test]
    async fn bad_messages_are_refused_before_memory_is_taken() {
        for message in [
            &[1, 0xff, 0xff, 0xff, 0xff][..],
            &[2, 0xff, 0xff, 0xff, 0xff],
            &[2, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff],
            &[2, 0, 0, 0, 2, 0, 0, 0, 1],
            &[3, 0, 0, 0, 0],
            &[&[1, 0, 0, 0, 1][..], &[0; 36], &[33], &[b'a'; 33]].concat(),
            &[&[1, 0, 0, 0, 1][..], &[0; 36], &[1, b'A']].concat(),
            &[2, 0, 0],
        ] {
            let read = Codec.read_request(&PROTOCOL, &mut Cursor::new(message.to_vec())).await;
            assert!(read.is_err(), "{message:?}");
        }
    }
}
