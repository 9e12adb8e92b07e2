use std::path::PathBuf;

use sanad_core::hash::ChainId;
use sanad_core::signature::PublicKey;

use super::Position;

/// Why the guard does not open, or does not let a message be signed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GuardError {
    /// There is no guard file.
    #[error(
        "there is no signing guard at {path}. If the key {key} has ever signed on this chain, bring its guard \
         back from the machine it ran on, or run `sanad-node recover`; where too few validators can answer it, have the member's \
         governance key replace the key (`sanad member rotate-key`). `sanad-node init` is only for a key that has never signed",
        path = path.display()
    )]
    Missing {
        /// Where it should be.
        path: PathBuf,
        /// The validator's key.
        key: PublicKey,
    },
    /// There is one already.
    #[error("there is a signing guard at {path} already; it is never overwritten", path = path.display())]
    AlreadyExists {
        /// The file.
        path: PathBuf,
    },
    /// Another process holds it.
    #[error(
        "the signing guard {path} is in use by another process; a validator key must run in one place only",
        path = path.display()
    )]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// Neither slot is intact.
    #[error(
        "the signing guard {path} is damaged, so what the key signed last is unknown. `sanad-node recover` puts it aside, \
         and has the node wait for its peers' word before it votes again",
        path = path.display()
    )]
    Corrupt {
        /// The file.
        path: PathBuf,
    },
    /// Another version of this program wrote it.
    #[error(
        "the signing guard {path} was written by another version of this program; use that one, or a newer one",
        path = path.display()
    )]
    OtherVersion {
        /// The file.
        path: PathBuf,
    },
    /// It guards another key.
    #[error("the signing guard {path} is for the key {actual}, not {expected}", path = path.display())]
    OtherKey {
        /// The file.
        path: PathBuf,
        /// The key of this validator.
        expected: PublicKey,
        /// The key in the file.
        actual: PublicKey,
    },
    /// It guards a key on another chain.
    #[error("the signing guard {path} is for the chain {actual}, not {expected}", path = path.display())]
    OtherChain {
        /// The file.
        path: PathBuf,
        /// The chain of this node.
        expected: ChainId,
        /// The chain in the file.
        actual: ChainId,
    },
    /// The file cannot be read or written.
    #[error("the signing guard {path} cannot be used: {source}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The key may have signed more than is here.
    #[error(
        "the signing guard {path} is a copy, or was set back, so the key may have signed more than it knows; peers have to \
         show how far that can be",
        path = path.display()
    )]
    Lost {
        /// The file.
        path: PathBuf,
    },
    /// Another message was signed at this position.
    #[error("the key has signed another message at {position}")]
    Conflict {
        /// The position.
        position: Position,
    },
    /// The key has signed at a higher position.
    #[error("the key has signed up to {last}, and does not sign at {asked} any more")]
    Regression {
        /// The highest position signed.
        last: Position,
        /// The position that was asked for.
        asked: Position,
    },
}
