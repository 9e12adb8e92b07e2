//! How an error code travels: in a `google.rpc.Status`, which gRPC puts into `grpc-status-details-bin`.

use prost::Message;

use crate::error_code::ErrorCode;
use crate::wire;

/// Metadata key: milliseconds after which it is worth trying again (gRFC A6 "Server Pushback").
pub(crate) const RETRY_AFTER_MS: &str = "grpc-retry-pushback-ms";
/// Longest details that are read, in bytes (8 KiB).
const DETAILS_BYTES_MAX: usize = 8 << 10;
const ERROR_DETAIL_URL: &str = "type.googleapis.com/sanad.v1.ErrorDetail";

/// `google.rpc.Status`.
#[derive(Clone, PartialEq, prost::Message)]
struct RpcStatus {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(message, repeated, tag = "3")]
    details: Vec<Any>,
}

/// `google.protobuf.Any`.
#[derive(Clone, PartialEq, prost::Message)]
struct Any {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

/// The status details of an error.
pub(crate) fn encode(status: tonic::Code, message: &str, code: ErrorCode) -> Vec<u8> {
    let detail = wire::ErrorDetail { code: wire::ErrorCode::from(code).into() };
    let details = vec![Any { type_url: ERROR_DETAIL_URL.to_owned(), value: detail.encode_to_vec() }];
    RpcStatus { code: status.into(), message: message.to_owned(), details }.encode_to_vec()
}

/// The code in the status details of an error; `None` if the error is not the node's own.
pub(crate) fn decode(details: &[u8]) -> Option<ErrorCode> {
    if details.len() > DETAILS_BYTES_MAX {
        return None;
    }
    let status = RpcStatus::decode(details).ok()?;
    let detail = status.details.into_iter().find(|detail| detail.type_url == ERROR_DETAIL_URL)?;
    let detail = wire::ErrorDetail::decode(detail.value.as_slice()).ok()?;
    Some(detail.code().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_come_back() {
        for code in ErrorCode::ALL {
            let details = encode(tonic::Code::NotFound, "a sentence", *code);
            assert_eq!(decode(&details), Some(*code), "{code}");
        }
        assert_eq!(decode(&encode(tonic::Code::Ok, "", ErrorCode::Unknown)), Some(ErrorCode::Unknown));
    }

    #[test]
    fn details_of_strangers_are_ignored() {
        assert_eq!(decode(&[]), None);
        assert_eq!(decode(&[0xff; 40]), None);
        assert_eq!(
            decode(&encode(tonic::Code::NotFound, &"x".repeat(DETAILS_BYTES_MAX), ErrorCode::Fork)),
            None
        );
        let any = Any { type_url: "type.googleapis.com/google.rpc.ErrorInfo".to_owned(), value: Vec::new() };
        let other = RpcStatus { details: vec![any], ..RpcStatus::default() };
        assert_eq!(decode(&other.encode_to_vec()), None);
        // A code of a later version.
        let detail = wire::ErrorDetail { code: 9999 }.encode_to_vec();
        let any = Any { type_url: ERROR_DETAIL_URL.to_owned(), value: detail };
        let later = RpcStatus { details: vec![any], ..RpcStatus::default() };
        assert_eq!(decode(&later.encode_to_vec()), Some(ErrorCode::Unknown));
    }
}
