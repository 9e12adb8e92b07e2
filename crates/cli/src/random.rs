//! Randomness, from the operating system alone.

/// Fresh random bytes.
pub(crate) fn bytes<const N: usize>() -> anyhow::Result<[u8; N]> {
    Ok(sanad_issuer::random_bytes()?)
}
