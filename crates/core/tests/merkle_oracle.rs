//! The trees beside a naive, recursive RFC 6962.

// Clippy lets #[test] functions do so by configuration, but not what they call.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use sanad_core::merkle::{
    Frontier, Hash, MemoryTree, MissingNode, NodeSource, NotASubtree, PathError, Rfc6962, SubtreeError,
    TreeHash, consistency_path, consistency_path_length, inclusion_path, inclusion_path_length, root_at,
    root_from_inclusion, root_of, subtree_root, verify_consistency, verify_inclusion,
};

/// A second hash, so that nothing leans on SHA-256 and its prefixes.
struct Blake3Domains;

impl TreeHash for Blake3Domains {
    fn empty() -> Hash {
        blake3::derive_key("sanad test empty", &[])
    }

    fn leaf(data: &[u8]) -> Hash {
        blake3::derive_key("sanad test leaf", data)
    }

    fn node(left: &Hash, right: &Hash) -> Hash {
        blake3::derive_key("sanad test node", &[*left, *right].concat())
    }
}

/// RFC 6962 2.1 over leaf hashes.
fn oracle_root<H: TreeHash>(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => H::empty(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(oracle_split(leaves.len()));
            H::node(&oracle_root::<H>(left), &oracle_root::<H>(right))
        }
    }
}

/// RFC 6962 2.1.1.
fn oracle_inclusion<H: TreeHash>(index: usize, leaves: &[Hash]) -> Vec<Hash> {
    if leaves.len() == 1 {
        return Vec::new();
    }
    let middle = oracle_split(leaves.len());
    let (left, right) = leaves.split_at(middle);
    let (mut path, sibling) = if index < middle {
        (oracle_inclusion::<H>(index, left), right)
    } else {
        (oracle_inclusion::<H>(index - middle, right), left)
    };
    path.push(oracle_root::<H>(sibling));
    path
}

/// RFC 6962 2.1.2, `SUBPROOF(m, D[n], b)`.
fn oracle_consistency<H: TreeHash>(old: usize, leaves: &[Hash], known: bool) -> Vec<Hash> {
    if old == leaves.len() {
        return match known {
            true => Vec::new(),
            false => vec![oracle_root::<H>(leaves)],
        };
    }
    let middle = oracle_split(leaves.len());
    let (left, right) = leaves.split_at(middle);
    let (mut path, sibling) = if old <= middle {
        (oracle_consistency::<H>(old, left, known), right)
    } else {
        (oracle_consistency::<H>(old - middle, right, false), left)
    };
    path.push(oracle_root::<H>(sibling));
    path
}

fn oracle_split(leaves: usize) -> usize {
    let mut middle = 1;
    while middle * 2 < leaves {
        middle *= 2;
    }
    middle
}

fn leaf_hashes<H: TreeHash>(seed: u64, size: usize) -> Vec<Hash> {
    (0..size as u64).map(|index| H::leaf(&[seed.to_be_bytes(), index.to_be_bytes()].concat())).collect()
}

/// Roots, and the inclusion of every leaf.
fn check_tree<H: TreeHash>(leaves: &[Hash], full: &MemoryTree<H>) {
    let size = leaves.len() as u64;
    let root = oracle_root::<H>(leaves);
    let frontier: Frontier<H> = leaves.iter().copied().collect();
    let tree = MemoryTree::<H>::from_leaf_hashes(leaves.to_vec());
    let restored = Frontier::<H>::from_peaks(size, frontier.peaks().to_vec()).unwrap();
    assert_eq!((frontier.size(), tree.size()), (size, size));
    assert_eq!(frontier, restored);
    assert_eq!([frontier.root(), restored.root(), tree.root(), root_of::<H>(leaves)], [root; 4]);
    assert_eq!(root_at::<H, _>(full, size), Ok(root));
    for (index, leaf) in leaves.iter().enumerate() {
        let path = oracle_inclusion::<H>(index, leaves);
        let index = index as u64;
        assert_eq!(inclusion_path::<H, _>(full, index, size).unwrap(), path);
        assert_eq!(tree.inclusion_path(index).unwrap(), path);
        assert_eq!(inclusion_path_length(index, size), path.len());
        assert_eq!(root_from_inclusion::<H>(*leaf, index, size, &path), Ok(root));
        assert_eq!(verify_inclusion::<H>(*leaf, index, size, &path, &root), Ok(()));
    }
    assert_eq!(
        inclusion_path::<H, _>(full, size, size),
        Err(PathError::IndexBeyondSize { index: size, size })
    );
}

/// Consistency from every older size.
fn check_history<H: TreeHash>(leaves: &[Hash], full: &MemoryTree<H>) {
    let new_size = leaves.len() as u64;
    let new_root = oracle_root::<H>(leaves);
    let mut frontier = Frontier::<H>::new();
    for (old, leaf) in leaves.iter().enumerate() {
        frontier.append(*leaf);
        let old_size = old as u64 + 1;
        let path = oracle_consistency::<H>(old + 1, leaves, true);
        assert_eq!(consistency_path::<H, _>(full, old_size, new_size).unwrap(), path);
        assert_eq!(consistency_path_length(old_size, new_size), path.len());
        let old_root = frontier.root();
        assert_eq!(verify_consistency::<H>(old_size, &old_root, new_size, &new_root, &path), Ok(()));
    }
    assert_eq!(consistency_path::<H, _>(full, 0, new_size), Ok(Vec::new()));
    assert_eq!(
        consistency_path::<H, _>(full, new_size + 1, new_size),
        Err(PathError::OldBeyondNew { old_size: new_size + 1, new_size })
    );
}

#[test]
fn all_small_trees() {
    let leaves = leaf_hashes::<Rfc6962>(0, 70);
    let full = MemoryTree::<Rfc6962>::from_leaf_hashes(leaves.clone());
    for size in 0..=leaves.len() {
        check_tree::<Rfc6962>(&leaves[..size], &full);
        check_history::<Rfc6962>(&leaves[..size], &full);
    }
}

#[test]
fn nodes_and_ranges() {
    let leaves = leaf_hashes::<Rfc6962>(0, 21);
    let tree = MemoryTree::<Rfc6962>::from_leaf_hashes(leaves.clone());
    let (level, index) = (4, 1);
    assert_eq!(tree.node(2, 4), Ok(oracle_root::<Rfc6962>(&leaves[16..20])));
    assert_eq!(tree.node(level, index), Err(MissingNode { level, index }));
    assert!(tree.node(63, u64::MAX).is_err());
    for start in 0..=21_u64 {
        for end in 0..=21_u64 {
            let whole = start <= end && (start == end || start % (1 << (end - start).ilog2()) == 0);
            let expected = match whole {
                true => Ok(oracle_root::<Rfc6962>(&leaves[start as usize..end as usize])),
                false => Err(SubtreeError::Range(NotASubtree { start, end })),
            };
            assert_eq!(subtree_root::<Rfc6962, _>(&tree, start, end), expected);
        }
    }
    // More leaves than the source holds: its error, not an answer.
    assert!(root_at::<Rfc6962, _>(&tree, 22).is_err());
    assert!(matches!(inclusion_path::<Rfc6962, _>(&tree, 3, u64::MAX), Err(PathError::Source(_))));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn random_trees(seed: u64, size in 0_usize..320, later in 0_usize..40) {
        let leaves = leaf_hashes::<Blake3Domains>(seed, size + later);
        let full = MemoryTree::<Blake3Domains>::from_leaf_hashes(leaves.clone());
        check_tree::<Blake3Domains>(&leaves[..size], &full);
        check_history::<Blake3Domains>(&leaves[..size], &full);
    }
}

#[test]
fn noted_subtrees_are_those_of_the_tree() {
    let leaves: Vec<Hash> = (0..150u64).map(|leaf| Rfc6962::leaf(&leaf.to_be_bytes())).collect();
    for level in 1..=7 {
        let whole: Vec<Hash> = leaves.chunks_exact(1 << level).map(oracle_root::<Rfc6962>).collect();
        // However the leaves are cut into runs.
        for run in [1, 3, 64, 150] {
            let mut frontier = Frontier::<Rfc6962>::new();
            let noted: Vec<Hash> =
                leaves.chunks(run).flat_map(|run| frontier.extend_noting(run, level)).collect();
            assert_eq!(noted, whole, "level {level}, runs of {run}");
            assert_eq!(frontier.root(), oracle_root::<Rfc6962>(&leaves));
        }
    }
}
