// Blocks and members of a static export, for the explorer: docs/formats/export.md.
import { Reader, equal } from "./bytes.js";
import { readHeader } from "./encodings.js";
import { STATE_BYTES_MAX, TILE_HASHES, bundleName, headHeight, needed, readState } from "./export.js";
import { Malformed } from "./faults.js";
import { TRUST_BYTES_MAX, blockHash, encodeRecord, pastHash } from "./layout.js";
import { MEMBERS, STATUS, membersRoot, rootOver, stateRoot } from "./trees.js";
import { checkFinal, readTrust } from "./trust.js";

/** @typedef {import("./export.js").Source} Source */
/** @typedef {import("./layout.js").Record} Record */

const BLOCK_BUNDLE_BYTES_MAX = 64 << 20;

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
    header, basis, members: state.members.map((member) => ({ ...member, count: null })), blocks: await lastBlocks(source, header),
  };
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
