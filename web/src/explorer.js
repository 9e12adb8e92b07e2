// Blocks and members of a static export, for the explorer: docs/formats/export.md.
import { Reader, equal } from "./bytes.js";
import { countIssued } from "./counts.js";
import { readHeader } from "./encodings.js";
import { STATE_BYTES_MAX, TILE_HASHES, bundleName, headHeight, needed, readState } from "./export.js";
import { Malformed } from "./faults.js";
import { TRUST_BYTES_MAX, blockHash, encodeRecord, pastHash } from "./layout.js";
import { MEMBERS, STATUS, membersRoot, rootOver, stateRoot } from "./trees.js";
import { checkFinal, readTrust } from "./trust.js";

/** @typedef {import("./export.js").Source} Source */
/** @typedef {import("./layout.js").Record} Record */

const BLOCK_BUNDLE_BYTES_MAX = 64 << 20;
/** 256 entries of at most 16,384 bytes, with their lengths. */
const ENTRIES_BYTES_MAX = 256 * (16_384 + 2);
/** Up to 262,144 entries are read to count those of one member. */
const COUNTED_BUNDLES_MAX = 1024;

/** @typedef {{ record: Record, rest: import("./rest.js").Rest, count: null | (() => Promise<import("./counts.js").Counts>) }} Member
 * `count` where the entries can be had */
/** @typedef {{ header: import("./layout.js").Header, basis: import("./trust.js").Basis, members: Member[],
 *   blocks: { header: import("./layout.js").Header, hash: Uint8Array }[] }} Ledger */

/** The last block, the members after it and the blocks before it, each of them proved. @param {Source} source
 * @param {import("./trust.js").Trust} trust @returns {Promise<Ledger>} */
export async function readLedger(source, trust) {
  const height = await headHeight(source);
  const file = readTrust(await needed(source, `trust/${height}.trust`, TRUST_BYTES_MAX));
  const { header, certificate } = file;
  const anchor = trust.header?.height ?? 0;
  const changes = file.changes.map(({ change }) => change).filter(({ header: at }) => at.height > anchor && at.height < header.height);
  const basis = await checkFinal(trust, header, { by: "certificate", certificate, changes });
  const state = await readState(await needed(source, `state/${height}`, STATE_BYTES_MAX));
  const leaves = await Promise.all(state.records.map((record) => MEMBERS.leaf(encodeRecord(record))));
  const members = membersRoot(leaves.length, await rootOver(MEMBERS, leaves));
  if (!equal(stateRoot(await rootOver(STATUS, state.pageRoots), members, state.othersRoot), header.stateRoot)) {
    throw new Malformed("the members are not those of the block");
  }
  return {
    header, basis, members: state.members.map((member) => ({ ...member, count: counter(source, header.logSize, member, state.others) })), blocks: await lastBlocks(source, header),
  };
}

/** From the bundles of entries. Nothing proves which of them concern the member, but whether these are all of them; null where they are too many to be
 * read. @param {Source} source @param {number} logSize @param {{ record: Record, rest: import("./rest.js").Rest }} member
 * @param {{ member: string, index: number }[]} others */
function counter(source, logSize, member, others) {
  if (logSize > COUNTED_BUNDLES_MAX * TILE_HASHES) return null;
  const byOthers = new Set(others.filter((other) => other.member === member.record.id).map(({ index }) => index));
  return () => countIssued(member, logSize, async (from) => {
    for (let number = Math.floor(from / TILE_HASHES); number * TILE_HASHES < logSize; number++) {
      const first = number * TILE_HASHES;
      const entries = await entriesOf(source, number, Math.min(TILE_HASHES, logSize - first));
      const found = entries.flatMap((entry, i) => {
        const read = new Reader(entry);
        read.u8();
        const concerns = read.text8() === member.record.id || byOthers.has(first + i);
        return concerns && first + i >= from ? [{ first: first + i, entries: [entry] }] : [];
      });
      if (found.length > 0) return found;
    }
    return [];
  });
}

/** @param {Source} source @param {number} number @param {number} width */
async function entriesOf(source, number, width) {
  const path = `tile/entries/${bundleName(number)}`;
  const partial = width < TILE_HASHES ? await source(`${path}.p/${width}`, ENTRIES_BYTES_MAX) : null;
  const read = new Reader(partial ?? (await needed(source, path, ENTRIES_BYTES_MAX)));
  return Array.from({ length: width }, () => read.take(read.u16()));
}

/** The final header and those before it in its bundle, each named by the one after it. @param {Source} source
 * @param {import("./layout.js").Header} last */
async function lastBlocks(source, last) {
  const number = Math.floor((last.height - 1) / TILE_HASHES);
  const width = last.height - number * TILE_HASHES;
  const path = `block/${bundleName(number)}`;
  const partial = width < TILE_HASHES ? await source(`${path}.p/${width}`, BLOCK_BUNDLE_BYTES_MAX) : null;
  const read = new Reader(partial ?? (await needed(source, path, BLOCK_BUNDLE_BYTES_MAX)));
  const records = Array.from({ length: width }, () => new Reader(read.take(read.u32())));
  const blocks = [];
  let expected = blockHash(last);
  for (const record of records.reverse()) {
    const header = readHeader(record);
    const past = { previous: record.hash(), historyRoot: record.hash(), batchesRoot: record.hash() };
    if (!equal(blockHash(header), expected) || !equal(pastHash(past), header.past)) throw new Malformed("a block is not the one before the next");
    blocks.push({ header, hash: expected });
    expected = past.previous;
  }
  return blocks;
}
