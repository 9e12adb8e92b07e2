//! The header of the PROXY protocol, with which a trusted proxy begins a connection: who is connected to it.
//!
//! <https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt>. As it demands, a header is never guessed at: the
//! configuration says whether there is one.

use std::io;
use std::net::IpAddr;

use ppp::{HeaderResult, v1, v2};
use tokio::io::{AsyncRead, AsyncReadExt as _};

/// Reads a header, and not a byte more. `None`: the proxy calls for itself, or does not say for whom.
///
/// # Errors
/// I/O, or there is no such header.
pub(super) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<IpAddr>> {
    let mut header = vec![0; v2::PROTOCOL_PREFIX.len()];
    stream.read_exact(&mut header).await?;
    if header == v2::PROTOCOL_PREFIX {
        let mut rest = [0; 4];
        stream.read_exact(&mut rest).await?;
        header.extend_from_slice(&rest);
        let bytes = usize::from(u16::from_be_bytes([rest[2], rest[3]]));
        if bytes > V2_BYTES_MAX {
            return Err(wrong());
        }
        let start = header.len();
        header.resize(start + bytes, 0);
        stream.read_exact(&mut header[start..]).await?;
    } else if header.starts_with(v1::PROTOCOL_PREFIX.as_bytes()) {
        while !header.ends_with(b"\r\n") {
            if header.len() >= V1_BYTES_MAX {
                return Err(wrong());
            }
            header.push(stream.read_u8().await?);
        }
    }
    match HeaderResult::parse(&header) {
        HeaderResult::V1(Ok(header)) => Ok(match header.addresses {
            v1::Addresses::Tcp4(addresses) => Some(addresses.source_address.into()),
            v1::Addresses::Tcp6(addresses) => Some(addresses.source_address.into()),
            v1::Addresses::Unknown => None,
        }),
        HeaderResult::V2(Ok(header)) => Ok(match (header.command, header.addresses) {
            (v2::Command::Local, _) => None,
            (_, v2::Addresses::IPv4(addresses)) => Some(addresses.source_address.into()),
            (_, v2::Addresses::IPv6(addresses)) => Some(addresses.source_address.into()),
            _ => None,
        }),
        _ => Err(wrong()),
    }
}

fn wrong() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "no header of the PROXY protocol")
}

/// Longest header of version 1, in bytes, as the specification has it.
const V1_BYTES_MAX: usize = 107;
/// Longest header of version 2 after its first 16 bytes: what fits into one packet beside them, by the specification.
const V2_BYTES_MAX: usize = 520;

#[cfg(test)]
mod tests {
    use super::*;

    async fn read_all(bytes: &[u8]) -> (io::Result<Option<IpAddr>>, usize) {
        let mut rest = bytes;
        let read = read(&mut rest).await;
        (read, rest.len())
    }

    /// Version 2 with a command, an address family and what follows.
    fn v2(command: u8, family: u8, body: &[u8]) -> Vec<u8> {
        let length = (body.len() as u16).to_be_bytes();
        [b"\r\n\r\n\0\r\nQUIT\n", &[0x20 | command, family][..], &length, body].concat()
    }

    #[tokio::test]
    async fn both_versions_name_the_caller_and_nothing_after_them_is_read() {
        let v4: Option<IpAddr> = Some([192, 0, 2, 7].into());
        let v6: Option<IpAddr> = Some("2001:db8::7".parse().unwrap());
        let body_4 = [192, 0, 2, 7, 10, 0, 0, 1, 0, 80, 1, 187];
        let body_6 =
            [&"2001:db8::7".parse::<std::net::Ipv6Addr>().unwrap().octets()[..], &[0; 16], &[0, 80, 1, 187]]
                .concat();
        let with_tlv = [&body_4[..], &[4, 0, 3, 1, 2, 3]].concat();
        let cases = [
            (b"PROXY TCP4 192.0.2.7 10.0.0.1 5000 443\r\n".to_vec(), v4),
            (b"PROXY TCP6 2001:db8::7 ::1 5000 443\r\n".to_vec(), v6),
            (b"PROXY UNKNOWN\r\n".to_vec(), None),
            (v2(1, 0x11, &body_4), v4),
            (v2(1, 0x11, &with_tlv), v4),
            (v2(1, 0x21, &body_6), v6),
            (v2(0, 0x00, &[]), None),
            (v2(0, 0x11, &body_4), None),
        ];
        for (header, expected) in cases {
            let (read, rest) = read_all(&[&header[..], b"PRI * HTTP/2.0"].concat()).await;
            assert_eq!((read.unwrap(), rest), (expected, 14), "{}", header.escape_ascii());
        }
    }

    #[tokio::test]
    async fn what_is_no_header_is_refused() {
        let endless = [&b"PROXY TCP4 "[..], &[b'1'; 200]].concat();
        let huge = [&v2(1, 0x11, &[])[..14], &[0xff, 0xff], &[0; 600]].concat();
        let other_version = [&b"\r\n\r\n\0\r\nQUIT\n"[..], &[0x31, 0x11, 0, 0]].concat();
        for bytes in [
            &b"PRI * HTTP/2.0\r\n\r\nSM"[..],
            b"PROXY TCP4 300.0.2.7 10.0.0.1 5000 443\r\n",
            b"PROXY TCP4 192.0.2.7 10.0.0.1",
            b"PROXY",
            b"",
            &endless,
            &huge,
            &other_version,
            &v2(1, 0x11, &[1, 2, 3]),
        ] {
            assert!(read_all(bytes).await.0.is_err(), "{}", bytes.escape_ascii());
        }
        assert!(read_all(&huge).await.1 >= 600, "the body is not even read");
    }
}
