//! Status leaves in pages of 256, each named by its root: a page that changes is another file.

use sanad_core::hash::StatusHash;
use sanad_core::ids::LogSize;
use sanad_core::merkle::{Hash, MemoryTree, TreeHash as _, root_of};
use sanad_core::status::{STATUS_LEAF_BYTES, StatusLeaf, StatusTree, leaf_count};

use crate::bundle::width_at;
use crate::error::ExportError;
use crate::folder::{ContentHash, Folder};
use crate::layout::{BUNDLE_RECORDS, status_page};
use crate::writing::Writing;

const ACTIVE: StatusLeaf = [0; STATUS_LEAF_BYTES];

/// Pages for a log of `size` entries.
pub(crate) fn page_count(size: LogSize) -> u64 {
    leaf_count(size).div_ceil(BUNDLE_RECORDS)
}

/// Page of a leaf.
pub(crate) fn page_of(leaf: u64) -> u64 {
    leaf / BUNDLE_RECORDS
}

/// Writes a page of a tree, unless everything in it is active; returns its root.
pub(crate) fn write(
    tree: &StatusTree,
    page: u64,
    size: LogSize,
    writing: &mut Writing,
) -> Result<Hash, ExportError> {
    let first = page * BUNDLE_RECORDS;
    let leaves: Vec<StatusLeaf> =
        (first..first + width_at(page, leaf_count(size))).map(|place| tree.leaf(place)).collect();
    let root = root(&leaves);
    if leaves.iter().any(|leaf| *leaf != ACTIVE) {
        writing.write(&status_page(&root), leaves.as_flattened())?;
    }
    Ok(root)
}

/// Reads the page at a place, whose root was checked.
pub(crate) fn read(
    folder: &Folder,
    root_of_page: &Hash,
    page: u64,
    size: LogSize,
) -> Result<Vec<StatusLeaf>, ExportError> {
    let width = width_at(page, leaf_count(size));
    let active = vec![ACTIVE; width as usize];
    if root(&active) == *root_of_page {
        return Ok(active);
    }
    let path = status_page(root_of_page);
    let check = |bytes: &[u8]| {
        let (leaves, rest) = bytes.as_chunks::<STATUS_LEAF_BYTES>();
        if leaves.len() as u64 != width || !rest.is_empty() {
            return Err(folder.malformed(&path, "the page has fewer leaves than it must"));
        }
        let actual = root(leaves);
        match actual == *root_of_page {
            true => Ok(leaves.to_vec()),
            false => Err(ExportError::root(folder.path(&path), "status", *root_of_page, actual)),
        }
    };
    let read = || folder.read(&path, width * STATUS_LEAF_BYTES as u64);
    folder.checked(&ContentHash::new("status", root_of_page), read, check)
}

/// Inclusion proof of a leaf, from the leaf up. A page is a subtree, so the path continues from its root.
pub(crate) fn path(leaves: &[StatusLeaf], pages: &[Hash], leaf: u64) -> Option<Vec<Hash>> {
    let within = tree(leaves).inclusion_path(leaf % BUNDLE_RECORDS).ok()?;
    let above = MemoryTree::<StatusHash>::from_leaf_hashes(pages.to_vec());
    let above = above.inclusion_path(page_of(leaf)).ok()?;
    Some([within, above].concat())
}

/// Root over all pages.
pub(crate) fn root_of_pages(pages: &[Hash]) -> Hash {
    root_of::<StatusHash>(pages)
}

fn root(leaves: &[StatusLeaf]) -> Hash {
    tree(leaves).root()
}

fn tree(leaves: &[StatusLeaf]) -> MemoryTree<StatusHash> {
    MemoryTree::from_leaf_hashes(leaves.iter().map(|leaf| StatusHash::leaf(leaf)).collect())
}
