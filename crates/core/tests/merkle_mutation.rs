//! Proofs that were changed, and sizes at the edge: refused, never a panic.

// Clippy lets #[test] functions do so by configuration, but not what they call.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use sanad_core::merkle::{
    CONSISTENCY_HASHES_MAX, FRONTIER_LEAVES_MAX, Frontier, FrontierError, Hash, MemoryTree, PROOF_HASHES_MAX,
    ProofError, Rfc6962, TreeHash, consistency_path, consistency_path_length, inclusion_path,
    inclusion_path_length, root_at, root_from_inclusion, verify_consistency, verify_inclusion,
};

const SIZE: u64 = 300;

fn tree() -> MemoryTree<Rfc6962> {
    let leaves = (0..SIZE).map(|index| Rfc6962::leaf(&index.to_be_bytes()));
    MemoryTree::from_leaf_hashes(leaves.collect())
}

/// The tree as it was at each size.
fn roots(tree: &MemoryTree<Rfc6962>) -> Vec<Hash> {
    let roots = (0..=SIZE).map(|size| root_at::<Rfc6962, _>(tree, size).unwrap());
    roots.collect()
}

/// Every way to spoil a path that keeps it made of hashes.
fn spoiled(path: &[Hash], bit: usize) -> Vec<Vec<Hash>> {
    let mut all = vec![[path, &[[7; 32]]].concat(), [&[[7; 32]], path].concat(), path.repeat(2), Vec::new()];
    for at in 0..path.len() {
        let mut flipped = path.to_vec();
        flipped[at][bit / 8] ^= 1 << (bit % 8);
        let mut removed = path.to_vec();
        removed.remove(at);
        let mut swapped = path.to_vec();
        swapped.swap(at, 0);
        all.extend([flipped, removed, swapped]);
    }
    all.retain(|candidate| candidate != path);
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn changed_inclusion_is_refused(size in 1..=SIZE, at: prop::sample::Index, bit in 0_usize..256) {
        let (index, tree) = (at.index(size as usize) as u64, tree());
        let leaf = tree.leaf_hashes()[index as usize];
        let root = roots(&tree)[size as usize];
        let path = inclusion_path::<Rfc6962, _>(&tree, index, size).unwrap();
        let verify = |leaf, index, size, path: &[Hash], root: &Hash| {
            verify_inclusion::<Rfc6962>(leaf, index, size, path, root)
        };
        prop_assert_eq!(verify(leaf, index, size, &path, &root), Ok(()));
        for path in spoiled(&path, bit) {
            prop_assert!(verify(leaf, index, size, &path, &root).is_err());
        }
        for other in (0..SIZE + 20).filter(|other| *other != index) {
            prop_assert!(verify(leaf, other, size, &path, &root).is_err());
        }
        for (other, other_root) in roots(&tree).iter().enumerate() {
            if other as u64 != size {
                prop_assert!(verify(leaf, index, size, &path, other_root).is_err());
                prop_assert!(verify(leaf, index, other as u64, &path, other_root).is_err());
            }
        }
        let mut changed = leaf;
        changed[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(verify(changed, index, size, &path, &root).is_err());
    }

    #[test]
    fn changed_consistency_is_refused(
        new_size in 2..=SIZE,
        at: prop::sample::Index,
        bit in 0_usize..256,
    ) {
        let old_size = at.index(new_size as usize - 1) as u64 + 1;
        let tree = tree();
        let roots = roots(&tree);
        let (old_root, new_root) = (roots[old_size as usize], roots[new_size as usize]);
        let path = consistency_path::<Rfc6962, _>(&tree, old_size, new_size).unwrap();
        let verify = verify_consistency::<Rfc6962>;
        prop_assert_eq!(verify(old_size, &old_root, new_size, &new_root, &path), Ok(()));
        for path in spoiled(&path, bit) {
            prop_assert!(verify(old_size, &old_root, new_size, &new_root, &path).is_err());
        }
        prop_assert!(verify(old_size, &new_root, new_size, &old_root, &path).is_err());
        prop_assert!(verify(new_size, &new_root, old_size, &old_root, &path).is_err());
        for (other, root) in roots.iter().enumerate() {
            let other = other as u64;
            if other != old_size {
                prop_assert!(verify(old_size, root, new_size, &new_root, &path).is_err());
                prop_assert!(verify(other, root, new_size, &new_root, &path).is_err());
            }
            if other != new_size {
                prop_assert!(verify(old_size, &old_root, new_size, root, &path).is_err());
                prop_assert!(verify(old_size, &old_root, other, root, &path).is_err());
            }
        }
    }

    #[test]
    fn no_input_panics(index: u64, size: u64, hashes in 0_usize..200) {
        let path = vec![[1; 32]; hashes];
        let _ = root_from_inclusion::<Rfc6962>([0; 32], index, size, &path);
        let _ = verify_consistency::<Rfc6962>(index, &[0; 32], size, &[0; 32], &path);
        // And with the length that takes it past the first check.
        let path = vec![[1; 32]; inclusion_path_length(index, size)];
        prop_assert!(path.len() <= PROOF_HASHES_MAX);
        prop_assert_eq!(
            root_from_inclusion::<Rfc6962>([0; 32], index, size, &path).is_ok(),
            index < size
        );
        let path = vec![[1; 32]; consistency_path_length(index, size)];
        prop_assert!(path.len() <= CONSISTENCY_HASHES_MAX);
        prop_assert!(
            verify_consistency::<Rfc6962>(index, &[0; 32], size, &[0; 32], &path).is_err()
        );
    }
}

#[test]
fn the_largest_sizes() {
    let path = [[1; 32]; CONSISTENCY_HASHES_MAX + 1];
    for (index, length) in [(0, 64), ((1 << 63) - 1, 64), (1 << 63, 64), (u64::MAX - 1, 63)] {
        assert_eq!(inclusion_path_length(index, u64::MAX), length);
        let root = root_from_inclusion::<Rfc6962>([0; 32], index, u64::MAX, &path[..length]);
        assert!(root.is_ok());
    }
    let (index, size) = (u64::MAX, u64::MAX);
    assert_eq!(
        root_from_inclusion::<Rfc6962>([0; 32], index, size, &[]),
        Err(ProofError::IndexBeyondSize { index, size })
    );
    assert_eq!(consistency_path_length((1 << 63) - 1, u64::MAX), 65);
    assert_eq!(consistency_path_length(1 << 63, u64::MAX), 1);
    let max = PROOF_HASHES_MAX;
    assert_eq!(
        root_from_inclusion::<Rfc6962>([0; 32], 9, 0, &path[..max + 1]),
        Err(ProofError::PathBeyondMax { max, actual: 65 })
    );
    let max = CONSISTENCY_HASHES_MAX;
    assert_eq!(
        verify_consistency::<Rfc6962>(2, &[0; 32], 1, &[0; 32], &path),
        Err(ProofError::PathBeyondMax { max, actual: 66 })
    );
}

#[test]
fn old_tree_without_leaves() {
    let (empty, other) = (Rfc6962::empty(), [9; 32]);
    let verify = verify_consistency::<Rfc6962>;
    assert_eq!(verify(0, &empty, 0, &empty, &[]), Ok(()));
    assert!(matches!(verify(0, &other, 0, &other, &[]), Err(ProofError::OldRootMismatch { .. })));
    assert!(matches!(verify(0, &empty, 0, &other, &[]), Err(ProofError::RootMismatch { .. })));
    let new_size = 1;
    assert_eq!(verify(0, &empty, new_size, &other, &[]), Err(ProofError::EmptyOldTree { new_size }));
    assert!(verify(0, &empty, 0, &empty, &[other]).is_err());
    assert!(verify(1, &other, 1, &other, &[other]).is_err());
}

#[test]
fn peaks_that_are_no_frontier() {
    let (size, expected, actual) = (5, 2, 3);
    assert_eq!(
        Frontier::<Rfc6962>::from_peaks(size, vec![[0; 32]; actual]),
        Err(FrontierError::PeakCount { size, expected, actual })
    );
    assert!(Frontier::<Rfc6962>::from_peaks(u64::MAX, vec![[0; 32]; 64]).is_err());
    let mut largest = Frontier::<Rfc6962>::from_peaks(FRONTIER_LEAVES_MAX, vec![[0; 32]]).unwrap();
    largest.append([1; 32]);
    assert_eq!(largest.peaks(), [[0; 32], [1; 32]]);
}

/// The roots of the tree that Certificate Transparency implementations share as a test.
#[test]
fn golden_roots() {
    let leaves =
        ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
    let mut frontier = Frontier::<Rfc6962>::new();
    let mut roots = vec![hex::encode(frontier.root())];
    for leaf in leaves {
        frontier.append(Rfc6962::leaf(&hex::decode(leaf).unwrap()));
        roots.push(hex::encode(frontier.root()));
    }
    assert_eq!(
        roots,
        [
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ]
    );
}
