//! Why a proof is bad, and why one was not checked. The two are never mixed up.

use sanad_core::jcs::JsonError;
use sanad_core::signature::SignatureError;

use crate::key::KeyFault;
use crate::pointer::shown;

/// A proof does not hold: whoever made it, the document is not what was signed, or the proof no proof.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProofFault {
    /// The signature does not verify.
    #[error("the signature is wrong: {0}")]
    Signature(#[from] SignatureError),
    /// An ECDSA or RSA signature does not verify.
    #[error("the signature is wrong: it is not one by this key over this message")]
    KeySignature,
    /// The key is not of the kind that the algorithm or the cryptosuite needs.
    #[error("the key is not one of {expected}, which {method} needs")]
    KeyKind {
        /// The kind that is needed.
        expected: &'static str,
        /// The algorithm or cryptosuite.
        method: &'static str,
    },
    /// A field of the proof is missing or not what it has to be.
    #[error("the proof's {field} is not {expected}")]
    Field {
        /// The field.
        field: &'static str,
        /// What it has to be.
        expected: &'static str,
    },
    /// The key that the proof names is none.
    #[error("the key that the proof names is malformed: {0}")]
    Key(#[from] KeyFault),
    /// Data Integrity: the contexts of the proof are not the first ones of the document (`eddsa-jcs-2022` 3.3.2).
    #[error("the proof was made under another @context than the document has")]
    ContextPrefix,
    /// JSON-LD refuses the document, so that nobody can have signed it as RDF.
    #[error("the document is not valid JSON-LD: {detail}")]
    JsonLd {
        /// What the JSON-LD processor says.
        detail: String,
    },
    /// The proof itself has an end, and it has passed.
    #[error("the proof expired at {}", shown(.at))]
    Expired {
        /// Its end, as it is written.
        at: String,
    },
    /// The JWT says that it is not signed.
    #[error("its algorithm is \"none\": anyone can have written it")]
    Unsecured,
    /// The JWT names extensions that must be understood.
    #[error("its header has \"crit\": {}, which no one may pass over, and which are not known here", shown(.names))]
    Critical {
        /// The names, as JSON.
        names: String,
    },
    /// A part of the JWT is malformed.
    #[error("its {part} is not {expected}")]
    Jwt {
        /// Header, payload or signature.
        part: &'static str,
        /// What it has to be.
        expected: &'static str,
    },
}

/// A proof that nothing is said of. It may be good, it may be bad.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unchecked {
    /// A type of proof that is not known.
    #[error("proofs of type {} are not known to this program", shown(.found))]
    ProofType {
        /// The type.
        found: String,
    },
    /// A Data Integrity cryptosuite that is not known.
    #[error("the cryptosuite {} is not known to this program", shown(.found))]
    Cryptosuite {
        /// Its name.
        found: String,
    },
    /// A JWT algorithm that is not known, or whose key cannot be had here.
    #[error("JWTs of the algorithm {} are not checked by this program", shown(.found))]
    Algorithm {
        /// Its name.
        found: String,
    },
    /// The JWT is of a type that is not one of credentials.
    #[error("JWTs of the type {} are not checked by this program", shown(.found))]
    JwtType {
        /// Its type.
        found: String,
    },
    /// The key is elsewhere.
    #[error(
        "the key {method} is not in the document; only did:key and keys given by value can be had offline"
    )]
    KeyElsewhere {
        /// What the proof names, or `(none named)`.
        method: String,
    },
    /// The key is of a kind that is not known.
    #[error("the key {method} is of a kind that is not known to this program")]
    KeyKind {
        /// What the proof names.
        method: String,
    },
    /// The proof builds on another proof.
    #[error(
        "the proof builds on another one (previousProof); chains of proofs are not checked by this program"
    )]
    Chain,
    /// A JSON-LD context that is not built in.
    #[error("the JSON-LD context {} is not known to this program, and contexts are never fetched", shown(.url))]
    Context {
        /// Its address.
        url: String,
    },
    /// The text of a context that has no version has changed, and only one text is built in.
    #[error(
        "the signature does not fit the first text of {url}, which has had several; nothing follows from that"
    )]
    MovingContext {
        /// Its address.
        url: String,
    },
    /// JSON-LD that this program does not read.
    #[error("{at} is {what}, which this program does not read")]
    Structure {
        /// Where, as a JSON pointer.
        at: String,
        /// What is there.
        what: &'static str,
    },
    /// The document is longer, deeper or larger than is read here.
    #[error("not checked: beyond the limits of this program, which reads at most {max} {what}")]
    TooLarge {
        /// What is counted.
        what: &'static str,
        /// The most.
        max: usize,
    },
    /// The nodes of the RDF graph are so alike that telling them apart takes too long.
    #[error("not checked: beyond the limits of this program: too many parts of the document are alike")]
    Symmetric,
    /// The document has no canonical JSON form.
    #[error("the document has no canonical JSON form: {0}")]
    Json(#[from] JsonError),
}

/// What keeps a proof from being good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Obstacle {
    Fault(ProofFault),
    Unchecked(Unchecked),
}

impl<F: Into<ProofFault>> From<F> for Obstacle {
    fn from(fault: F) -> Self {
        Self::Fault(fault.into())
    }
}

impl From<Unchecked> for Obstacle {
    fn from(why: Unchecked) -> Self {
        Self::Unchecked(why)
    }
}
