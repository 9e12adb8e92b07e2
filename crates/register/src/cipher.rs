//! Keys and sealed values: XChaCha20-Poly1305 for values, keyed BLAKE3 for what is looked up.

use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{AeadInPlace as _, KeyInit as _, XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use crate::credential::RowNumber;

/// A column, by the name that its sealed values are bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) table: &'static str,
    pub(crate) name: &'static str,
}

/// Opens and seals values. Wiped from memory when dropped.
pub(crate) struct Sealer(XChaCha20Poly1305);

impl Sealer {
    pub(crate) fn new(key: &[u8; KEY_BYTES]) -> Self {
        Self(XChaCha20Poly1305::new(key.into()))
    }

    /// `nonce[24] || ciphertext || tag[16]`, bound to its place and to `more`.
    pub(crate) fn seal(
        &self,
        column: Column,
        row: RowNumber,
        more: &[u8],
        value: &[u8],
    ) -> Result<Vec<u8>, getrandom::Error> {
        let nonce: [u8; NONCE_BYTES] = random()?;
        let mut sealed = Vec::with_capacity(value.len() + SEAL_BYTES);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(value);
        let aad = associated(column, row, more);
        let tag = self
            .0
            .encrypt_in_place_detached(&nonce.into(), &aad, &mut sealed[NONCE_BYTES..])
            .expect("invariant: values are far below the limit of the cipher");
        sealed.extend_from_slice(&tag);
        Ok(sealed)
    }

    /// The value; `None` if it was changed or comes from another place.
    pub(crate) fn open(
        &self,
        column: Column,
        row: RowNumber,
        more: &[u8],
        sealed: &[u8],
    ) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, msg) = sealed.split_at_checked(NONCE_BYTES)?;
        let aad = &associated(column, row, more);
        self.0.decrypt(XNonce::from_slice(nonce), Payload { msg, aad }).ok().map(Zeroizing::new)
    }
}

/// The keys that follow from the register's key.
pub(crate) struct Keys {
    /// Seals the head and the keys of rows.
    pub(crate) file: Sealer,
    blind: Zeroizing<[u8; KEY_BYTES]>,
}

impl Keys {
    pub(crate) fn new(register_key: &[u8; KEY_BYTES]) -> Self {
        let file = Zeroizing::new(blake3::derive_key(FILE_CONTEXT, register_key));
        Self {
            file: Sealer::new(&file),
            blind: Zeroizing::new(blake3::derive_key(BLIND_CONTEXT, register_key)),
        }
    }

    /// What stands in an index for some texts: nobody without the key can test a guess of them.
    pub(crate) fn blind(&self, column: &str, parts: &[&[u8]]) -> [u8; BLIND_BYTES] {
        let mut hasher = blake3::Hasher::new_keyed(&self.blind);
        for part in std::iter::once(&column.as_bytes()).chain(parts) {
            // Lengths keep ("ab", "c") and ("a", "bc") apart.
            hasher.update(&(part.len() as u64).to_be_bytes());
            hasher.update(part);
        }
        *hasher.finalize().as_bytes()
    }
}

pub(crate) fn random<const N: usize>() -> Result<[u8; N], getrandom::Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

/// `table|column|row`, and what else the value is bound to.
fn associated(column: Column, row: RowNumber, more: &[u8]) -> Vec<u8> {
    let mut bytes = format!("{}|{}|{row}", column.table, column.name).into_bytes();
    if !more.is_empty() {
        bytes.push(b'|');
        bytes.extend_from_slice(more);
    }
    bytes
}

pub(crate) const KEY_BYTES: usize = 32;
pub(crate) const BLIND_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;
/// What sealing adds to a value, in bytes.
pub(crate) const SEAL_BYTES: usize = NONCE_BYTES + 16;
const FILE_CONTEXT: &str = "sanad/v1 register file";
const BLIND_CONTEXT: &str = "sanad/v1 register blind index";

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMN: Column = Column { table: "credential", name: "facts" };

    #[test]
    fn a_value_opens_in_its_own_place_alone() {
        let sealer = Sealer::new(&[7; KEY_BYTES]);
        let sealed = sealer.seal(COLUMN, RowNumber(3), b"more", b"value").unwrap();
        assert_eq!(sealed.len(), 5 + SEAL_BYTES);
        let open =
            |column, row, more: &[u8], sealed: &[u8]| sealer.open(column, RowNumber(row), more, sealed);
        assert_eq!(open(COLUMN, 3, b"more", &sealed).unwrap().as_slice(), b"value");
        assert!(open(COLUMN, 4, b"more", &sealed).is_none());
        assert!(open(COLUMN, 3, b"", &sealed).is_none());
        assert!(open(Column { name: "state", ..COLUMN }, 3, b"more", &sealed).is_none());
        assert!(Sealer::new(&[8; KEY_BYTES]).open(COLUMN, RowNumber(3), b"more", &sealed).is_none());
        for bit in 0..8 * sealed.len() {
            let mut changed = sealed.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(open(COLUMN, 3, b"more", &changed).is_none());
        }
        (0..sealed.len()).for_each(|length| assert!(open(COLUMN, 3, b"more", &sealed[..length]).is_none()));
        assert_ne!(sealed, sealer.seal(COLUMN, RowNumber(3), b"more", b"value").unwrap(), "fresh nonces");
    }

    #[test]
    fn blind_values_depend_on_key_column_and_parts() {
        let keys = Keys::new(&[1; KEY_BYTES]);
        let value = keys.blind("email", &[b"ab", b"c"]);
        assert_eq!(value, keys.blind("email", &[b"ab", b"c"]));
        assert_ne!(value, keys.blind("email", &[b"a", b"bc"]));
        assert_ne!(value, keys.blind("student", &[b"ab", b"c"]));
        assert_ne!(value, Keys::new(&[2; KEY_BYTES]).blind("email", &[b"ab", b"c"]));
    }
}
