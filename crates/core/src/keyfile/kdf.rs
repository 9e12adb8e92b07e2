//! From the passphrase to the key of the cipher: Argon2id (RFC 9106), within bounds.

use super::{KeyFileError, KeyFileLimit};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use zeroize::{Zeroize, Zeroizing};

/// Most memory that a key file may ask for, in KiB: 1 GiB.
pub const KDF_MEMORY_KIB_MAX: u32 = 1024 * 1024;

/// Most passes over the memory that a key file may ask for.
pub const KDF_ITERATIONS_MAX: u32 = 16;

/// Most lanes that a key file may ask for.
pub const KDF_LANES_MAX: u32 = 4;

/// Longest passphrase, in bytes.
pub const PASSPHRASE_BYTES_MAX: usize = 1024;

/// The cost of Argon2id: what a guess of the passphrase costs, and what opening the file costs.
///
/// Bounds are checked where the parameters are used: memory from 8 KiB a lane to
/// [`KDF_MEMORY_KIB_MAX`], iterations to [`KDF_ITERATIONS_MAX`], lanes to [`KDF_LANES_MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KdfParameters {
    /// Memory that each guess takes, in KiB (RFC 9106, `m`).
    pub memory_kib: u32,
    /// Passes over the memory.
    pub iterations: u32,
    /// Lanes, computed one after the other here.
    pub lanes: u32,
}

impl Default for KdfParameters {
    /// 64 MiB, 3 passes, 4 lanes: the second recommended option of RFC 9106, section 4, for machines that cannot give
    /// 2 GiB to a guess. Above every setting that the OWASP Password Storage Cheat Sheet calls equivalent to its minimum.
    fn default() -> Self {
        Self { memory_kib: 64 * 1024, iterations: 3, lanes: 4 }
    }
}

impl KdfParameters {
    /// Takes the numbers as a file has them, refused out of bounds before anything is allocated.
    pub(super) fn within_bounds(memory_kib: u64, iterations: u64, lanes: u64) -> Result<Self, KeyFileError> {
        let lanes = bounded(KeyFileLimit::Lanes, lanes, 1, KDF_LANES_MAX)?;
        let iterations = bounded(KeyFileLimit::Iterations, iterations, 1, KDF_ITERATIONS_MAX)?;
        // RFC 9106 3.1: at least 8 KiB a lane.
        let memory_kib_min = 8 * lanes;
        let limit = KeyFileLimit::MemoryKib;
        let memory_kib = bounded(limit, memory_kib, memory_kib_min, KDF_MEMORY_KIB_MAX)?;
        Ok(Self { memory_kib, iterations, lanes })
    }
}

/// The 32-byte key of the cipher for `passphrase` and `salt`. Wipes the memory it worked in.
pub(super) fn derive_key(
    passphrase: &[u8],
    salt: &[u8; 16],
    parameters: KdfParameters,
) -> Result<Zeroizing<[u8; 32]>, KeyFileError> {
    check_passphrase(passphrase)?;
    let parameters = KdfParameters::within_bounds(
        parameters.memory_kib.into(),
        parameters.iterations.into(),
        parameters.lanes.into(),
    )?;
    let key_bytes = Some(32);
    let argon2_parameters =
        Params::new(parameters.memory_kib, parameters.iterations, parameters.lanes, key_bytes)
            .expect("invariant: the bounds checked above are within those of Argon2");
    let mut memory = WorkingMemory::allocate(&argon2_parameters)
        .ok_or(KeyFileError::OutOfMemory { memory_kib: parameters.memory_kib })?;
    let mut key = Zeroizing::new([0; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, argon2_parameters)
        .hash_password_into_with_memory(passphrase, salt, key.as_mut_slice(), memory.0.as_mut_slice())
        .expect("invariant: lengths of passphrase, salt, key and memory are those Argon2 takes");
    Ok(key)
}

/// Returns `actual`, refused outside `minimum` to `maximum`.
fn bounded(limit: KeyFileLimit, actual: u64, minimum: u32, maximum: u32) -> Result<u32, KeyFileError> {
    match u32::try_from(actual) {
        Ok(value) if (minimum..=maximum).contains(&value) => Ok(value),
        _ => Err(KeyFileError::LimitExceeded {
            limit,
            actual,
            minimum: minimum.into(),
            maximum: maximum.into(),
        }),
    }
}

/// Refuses an empty passphrase, which would be no encryption at all, and an overlong one.
fn check_passphrase(passphrase: &[u8]) -> Result<(), KeyFileError> {
    if (1..=PASSPHRASE_BYTES_MAX).contains(&passphrase.len()) {
        return Ok(());
    }
    Err(KeyFileError::LimitExceeded {
        limit: KeyFileLimit::PassphraseBytes,
        actual: passphrase.len() as u64,
        minimum: 1,
        maximum: PASSPHRASE_BYTES_MAX as u64,
    })
}

/// The blocks Argon2 works in, from which the key could be computed; wiped when dropped.
struct WorkingMemory(Vec<Block>);

impl WorkingMemory {
    /// `None` where the machine has not got the memory: an error, rather than the end of the process.
    fn allocate(parameters: &Params) -> Option<Self> {
        let mut blocks = Vec::new();
        blocks.try_reserve_exact(parameters.block_count()).ok()?;
        blocks.resize(parameters.block_count(), Block::default());
        Some(Self(blocks))
    }
}

impl Drop for WorkingMemory {
    fn drop(&mut self) {
        for block in &mut self.0 {
            // As words, since `Block` is `Zeroize` only under a feature of `argon2`.
            let words: &mut [u64] = block.as_mut();
            words.zeroize();
        }
    }
}
