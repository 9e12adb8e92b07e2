//! Randomness, from the operating system alone.

/// The operating system gives no random bytes.
#[derive(Debug, thiserror::Error)]
#[error("the operating system gives no random bytes: nothing secret can be made on this machine now")]
pub struct NoRandomness(#[from] getrandom::Error);

/// Fresh random bytes.
///
/// # Errors
/// [`NoRandomness`].
pub fn random_bytes<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

/// Puts `items` into a random order, so that the order they came in tells nothing.
pub(crate) fn shuffle<T>(items: &mut [T]) -> Result<(), NoRandomness> {
    use rand::SeedableRng as _;
    let mut generator = rand::rngs::StdRng::from_seed(random_bytes()?);
    shuffle_with(items, &mut generator);
    Ok(())
}

fn shuffle_with<T>(items: &mut [T], generator: &mut impl rand::Rng) {
    use rand::seq::SliceRandom as _;
    items.shuffle(generator);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use rand::SeedableRng as _;

    use super::*;

    #[test]
    fn shuffling_keeps_everything_and_reaches_every_order() {
        let mut generator = rand::rngs::StdRng::seed_from_u64(7);
        let mut seen = BTreeMap::<Vec<u8>, u32>::new();
        for _ in 0..6000 {
            let mut items = vec![1, 2, 3];
            shuffle_with(&mut items, &mut generator);
            *seen.entry(items).or_default() += 1;
        }
        assert_eq!(seen.len(), 6);
        assert!(seen.values().all(|count| (850..1150).contains(count)), "{seen:?}");
    }

    #[test]
    fn random_bytes_differ() {
        assert_ne!(random_bytes::<32>().unwrap(), random_bytes::<32>().unwrap());
        let mut items: Vec<u32> = (0..1000).collect();
        shuffle(&mut items).unwrap();
        assert_ne!(items, (0..1000).collect::<Vec<_>>());
    }
}
