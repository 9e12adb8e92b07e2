// BLAKE3 (github.com/BLAKE3-team/BLAKE3-specs): hash and derive_key, 32 bytes of output.
import { utf8 } from "./bytes.js";

const IV = Uint32Array.of(
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
);
const CHUNK_BYTES = 1024;
const BLOCK_BYTES = 64;
const CHUNK_START = 1;
const CHUNK_END = 2;
const PARENT = 4;
const ROOT = 8;
const DERIVE_KEY_CONTEXT = 32;
const DERIVE_KEY_MATERIAL = 64;
const PERMUTATION = [2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8];

/** The order of message words in each of the seven rounds. */
const SCHEDULE = Array.from({ length: 7 }, (_, round) => {
  let order = Array.from({ length: 16 }, (_, i) => i);
  for (let i = 0; i < round; i++) order = PERMUTATION.map((from) => order[from]);
  return order;
});

const state = new Uint32Array(16);

/** @param {number} a @param {number} b @param {number} c @param {number} d @param {number} x @param {number} y */
function mix(a, b, c, d, x, y) {
  const v = state;
  let t;
  v[a] = v[a] + v[b] + x;
  t = v[d] ^ v[a];
  v[d] = (t >>> 16) | (t << 16);
  v[c] = v[c] + v[d];
  t = v[b] ^ v[c];
  v[b] = (t >>> 12) | (t << 20);
  v[a] = v[a] + v[b] + y;
  t = v[d] ^ v[a];
  v[d] = (t >>> 8) | (t << 24);
  v[c] = v[c] + v[d];
  t = v[b] ^ v[c];
  v[b] = (t >>> 7) | (t << 25);
}

/**
 * @param {Uint32Array} cv @param {Uint32Array} words @param {number} counter @param {number} length @param {number} flags
 * @returns {Uint32Array} the next chaining value
 */
function compress(cv, words, counter, length, flags) {
  state.set(cv);
  state.set(IV.subarray(0, 4), 8);
  state[12] = counter;
  state[13] = Math.floor(counter / 2 ** 32);
  state[14] = length;
  state[15] = flags;
  for (const m of SCHEDULE) {
    mix(0, 4, 8, 12, words[m[0]], words[m[1]]);
    mix(1, 5, 9, 13, words[m[2]], words[m[3]]);
    mix(2, 6, 10, 14, words[m[4]], words[m[5]]);
    mix(3, 7, 11, 15, words[m[6]], words[m[7]]);
    mix(0, 5, 10, 15, words[m[8]], words[m[9]]);
    mix(1, 6, 11, 12, words[m[10]], words[m[11]]);
    mix(2, 7, 8, 13, words[m[12]], words[m[13]]);
    mix(3, 4, 9, 14, words[m[14]], words[m[15]]);
  }
  return Uint32Array.from({ length: 8 }, (_, i) => state[i] ^ state[i + 8]);
}

/** Little-endian words of a block, padded with zeros. @param {Uint8Array} block */
function wordsOf(block) {
  const padded = new Uint8Array(BLOCK_BYTES);
  padded.set(block);
  const view = new DataView(padded.buffer);
  return Uint32Array.from({ length: 16 }, (_, i) => view.getUint32(4 * i, true));
}

/** @param {Uint8Array} chunk @param {number} counter @param {Uint32Array} key @param {number} flags @param {number} last */
function chunkValue(chunk, counter, key, flags, last) {
  let cv = key;
  const blocks = Math.max(1, Math.ceil(chunk.length / BLOCK_BYTES));
  for (let i = 0; i < blocks; i++) {
    const block = chunk.subarray(i * BLOCK_BYTES, (i + 1) * BLOCK_BYTES);
    const edge = (i === 0 ? CHUNK_START : 0) | (i === blocks - 1 ? CHUNK_END | last : 0);
    cv = compress(cv, wordsOf(block), counter, block.length, flags | edge);
  }
  return cv;
}

/** The value of a subtree. @param {Uint8Array} data @param {number} counter @param {Uint32Array} key @param {number} flags @param {number} last
 * @returns {Uint32Array} */
function subtree(data, counter, key, flags, last) {
  if (data.length <= CHUNK_BYTES) return chunkValue(data, counter, key, flags, last);
  let left = CHUNK_BYTES;
  while (2 * left < data.length) left *= 2;
  const words = new Uint32Array(16);
  words.set(subtree(data.subarray(0, left), counter, key, flags, 0));
  words.set(subtree(data.subarray(left), counter + left / CHUNK_BYTES, key, flags, 0), 8);
  return compress(key, words, 0, BLOCK_BYTES, flags | PARENT | last);
}

/** @param {Uint32Array} words */
function bytesOf(words) {
  const view = new DataView(new ArrayBuffer(32));
  words.forEach((word, i) => view.setUint32(4 * i, word, true));
  return new Uint8Array(view.buffer);
}

/** @param {Uint8Array} data */
export const blake3 = (data) => bytesOf(subtree(data, 0, IV, 0, ROOT));

/** @type {Map<string, Uint32Array>} */
const contextKeys = new Map();

/** `derive` of docs/formats/README.md. Contexts are constants of the program. @param {string} context @param {Uint8Array} data */
export function derive(context, data) {
  let key = contextKeys.get(context);
  if (key === undefined) {
    key = subtree(utf8(context), 0, IV, DERIVE_KEY_CONTEXT, ROOT);
    contextKeys.set(context, key);
  }
  return bytesOf(subtree(data, 0, key, DERIVE_KEY_MATERIAL, ROOT));
}
