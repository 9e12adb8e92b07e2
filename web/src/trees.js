// docs/formats/trees.md: one proof code for all trees.
import { derive } from "./blake3.js";
import { concat, equal, u64, u8 } from "./bytes.js";
import { sha256 } from "./ed25519.js";

/** @typedef {Uint8Array | Promise<Uint8Array>} Hash */
/** @typedef {{ leaf: (data: Uint8Array) => Hash, node: (left: Uint8Array, right: Uint8Array) => Hash, empty: () => Hash }} Tree */

/** @param {string} leaf @param {string} node @returns {Tree} */
const derived = (leaf, node) => ({
  leaf: (data) => derive(leaf, data),
  node: (left, right) => derive(node, concat(left, right)),
  empty: () => derive(node, new Uint8Array(0)),
});

/** @type {Tree} */
export const LOG = {
  leaf: (data) => sha256(concat(u8(0), data)),
  node: (left, right) => sha256(concat(u8(1), left, right)),
  empty: () => sha256(new Uint8Array(0)),
};
export const STATUS = derived("sanad/v1 status leaf", "sanad/v1 status node");
export const MEMBERS = derived("sanad/v1 member leaf", "sanad/v1 member node");
export const HISTORY = derived("sanad/v1 history leaf", "sanad/v1 history node");
export const PARTS = derived("sanad/v1 part", "sanad/v1 parts node");
export const GOVERNANCE = derived("sanad/v1 governance leaf", "sanad/v1 governance node");

export const STATUSES_PER_LEAF = 256;
export const STATUS_LEAF_BYTES = 64;
export const SEAL_HEADERS = 65536;

const half = (/** @type {number} */ n) => Math.floor(n / 2);
const isOdd = (/** @type {number} */ n) => n % 2 === 1;

/** Hashes of an inclusion path. Requires `index < size`. @param {number} index @param {number} size */
export function pathLength(index, size) {
  let length = 0;
  for (let last = size - 1; last > 0; index = half(index), last = half(last)) if (isOdd(index) || index < last) length += 1;
  return length;
}

/**
 * The root that a path leads to; null if its length does not fit the place.
 * @param {Tree} tree @param {Uint8Array} leaf @param {number} index @param {number} size @param {Uint8Array[]} path
 */
export async function rootOf(tree, leaf, index, size, path) {
  if (!(index < size) || path.length !== pathLength(index, size)) return null;
  let node = leaf;
  let next = 0;
  for (let last = size - 1; last > 0; index = half(index), last = half(last)) {
    if (isOdd(index)) node = await tree.node(path[next++], node);
    else if (index < last) node = await tree.node(node, path[next++]);
  }
  return node;
}

/** @param {Tree} tree @param {Uint8Array} leaf @param {number} index @param {number} size @param {Uint8Array[]} path @param {Uint8Array} root */
export async function isIncluded(tree, leaf, index, size, path, root) {
  const found = await rootOf(tree, leaf, index, size, path);
  return found !== null && equal(found, root);
}

/** The root over leaf hashes, or over the roots of complete subtrees of one size. @param {Tree} tree @param {Uint8Array[]} leaves @returns {Promise<Uint8Array>} */
export async function rootOver(tree, leaves) {
  if (leaves.length === 0) return tree.empty();
  let level = leaves;
  while (level.length > 1) {
    const above = [];
    for (let i = 0; i < level.length; i += 2) {
      above.push(i + 1 < level.length ? await tree.node(level[i], level[i + 1]) : level[i]);
    }
    level = above;
  }
  return level[0];
}

/** The path of a leaf in a tree over these leaves. @param {Tree} tree @param {Uint8Array[]} leaves @param {number} index */
export async function pathOver(tree, leaves, index) {
  const path = [];
  let level = leaves;
  for (let at = index; level.length > 1; at = half(at)) {
    const beside = isOdd(at) ? at - 1 : at + 1;
    if (beside < level.length) path.push(level[beside]);
    const above = [];
    for (let i = 0; i < level.length; i += 2) {
      above.push(i + 1 < level.length ? await tree.node(level[i], level[i + 1]) : level[i]);
    }
    level = above;
  }
  return path;
}

/** The root of a history; null if seals and remainder are not as many as `size` asks for.
 * @param {number} size @param {Uint8Array[]} seals @param {Uint8Array[]} remainder */
export async function foldHistory(size, seals, remainder) {
  const rest = size % SEAL_HEADERS;
  const bits = rest.toString(2).replaceAll("0", "").length;
  if (seals.length !== Math.floor(size / SEAL_HEADERS) || remainder.length !== bits) return null;
  const peaks = [];
  for (let taken = 0; taken < seals.length; ) {
    const count = 2 ** Math.floor(Math.log2(seals.length - taken));
    peaks.push(await rootOver(HISTORY, seals.slice(taken, taken + count)));
    taken += count;
  }
  peaks.push(...remainder);
  if (peaks.length === 0) return HISTORY.empty();
  let root = peaks[peaks.length - 1];
  for (let i = peaks.length - 2; i >= 0; i--) root = await HISTORY.node(peaks[i], root);
  return root;
}

/** `M`. @param {number} count @param {Uint8Array} root */
export const membersRoot = (count, root) => derive("sanad/v1 members", concat(u64(count), root));

/** @param {Uint8Array} status @param {Uint8Array} members @param {Uint8Array} others */
export function stateRoot(status, members, others) {
  const node = (/** @type {Uint8Array} */ l, /** @type {Uint8Array} */ r) => derive("sanad/v1 state node", concat(l, r));
  return node(node(status, members), others);
}
