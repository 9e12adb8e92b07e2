// The status now, from a static export: docs/formats/export.md. What comes back is a proof, which is checked like any other.
import { derive } from "./blake3.js";
import { Reader, concat, equal, hex, list32, option, tagged, u64, u8 } from "./bytes.js";
import { readParameters } from "./encodings.js";
import { Malformed } from "./faults.js";
import { fields } from "./forms.js";
import { skipGovernanceItem } from "./governance.js";
import { get, readLimited } from "./http.js";
import { parseForm } from "./json.js";
import { MEMBERS_MAX, TRUST_BYTES_MAX, checkMemberId, encodeParameters, encodeRecord } from "./layout.js";
import { GOVERNANCE, LOG, MEMBERS, PARTS, STATUS, STATUSES_PER_LEAF, STATUS_LEAF_BYTES, pathOver, rootOver } from "./trees.js";
import { checkRest, readRest } from "./rest.js";
import { readTrust } from "./trust.js";

/** @typedef {(path: string, max: number) => Promise<Uint8Array | null>} Source a file of the export; null if it is not there */
/** @typedef {import("./layout.js").Record} Record */

const HEAD_BYTES_MAX = 1024;
export const STATE_BYTES_MAX = 64 << 20;
export const TILE_HASHES = 256;
const PAGE_LEAVES = 256;
const PAGE_ROOTS_MAX = 1 << 20;
const INDEX_RUNS_MAX = 64;
const ITEMS_MAX = 1 << 20;
const PARTS_COUNT = 8;

/** The last block of an export, and the state after it. Nothing of it is proved yet. @param {Source} source */
export async function readLatest(source) {
  const height = await headHeight(source);
  const [trusted, stated] = await Promise.all([
    needed(source, `trust/${height}.trust`, TRUST_BYTES_MAX), needed(source, `state/${height}`, STATE_BYTES_MAX),
  ]);
  return { height, file: readTrust(trusted), state: await readState(stated) };
}

/** A proof of the same entry as of the last block of an export. @param {Source} source @param {Awaited<ReturnType<typeof readLatest>>} latest
 * @param {import("./layout.js").Proof} older @param {number} anchorHeight of what the verifier trusts @returns {Promise<import("./layout.js").Proof>} */
export async function newerProof(source, { height, file, state }, older, anchorHeight) {
  const { header, certificate } = file;
  if (older.index >= header.logSize) throw new Malformed("the export is behind the receipt");
  const [path, status] = await Promise.all([
    logPath(source, older.index, header.logSize), statusProof(source, older.index, header.logSize, state.pageRoots),
  ]);
  const place = state.records.findIndex((record) => record.id === older.entry.issuer);
  if (place < 0) throw new Malformed("the issuer is not in the export");
  const members = await Promise.all(state.records.map((record) => MEMBERS.leaf(encodeRecord(record))));
  return {
    entry: older.entry, index: older.index, logPath: path, ...status,
    issuer: {
      record: state.records[place], index: place, count: members.length, path: await pathOver(MEMBERS, members, place),
    },
    othersRoot: state.othersRoot, header,
    finality: {
      by: "certificate", certificate,
      changes: file.changes.map(({ change }) => change).filter(({ header: at }) => at.height > anchorHeight && at.height < height),
    },
  };
}

/** @param {Source} source @param {string} path @param {number} max */
export async function needed(source, path, max) {
  const data = await source(path, max);
  if (data === null) throw new Malformed(`the export has no ${path}`);
  return data;
}

/** The head only says what to read. @param {Source} source */
export async function headHeight(source) {
  const head = await needed(source, "head", HEAD_BYTES_MAX);
  const end = head.indexOf(0x0a);
  const given = fields(parseForm(head.subarray(0, end < 0 ? undefined : end), HEAD_BYTES_MAX), [
    "format", "chain_id", "height", "block", "log_size", "manifest",
  ]);
  if (given.format !== "sanad-export/v2" || typeof given.height !== "number") throw new Malformed("not the head of an export");
  return given.height;
}

/** @param {Uint8Array} data */
export async function readState(data) {
  const read = new Reader(data);
  const members = read.list32(MEMBERS_MAX, () => {
    const record = readRecord(read);
    return { record, rest: checkRest(readRest(read), record) };
  });
  const parameters = readParameters(read);
  read.list32(INDEX_RUNS_MAX, () => read.u32());
  const pageRoots = read.list32(PAGE_ROOTS_MAX, () => read.hash());
  /** @type {Uint8Array[]} */
  let items = [];
  /** Entries that concern a member and were signed by another. @type {{ member: string, index: number }[]} */
  let others = [];
  if (read.at < data.length) {
    items = read.list32(ITEMS_MAX, () => {
      const start = read.at;
      skipGovernanceItem(read);
      return data.slice(start, read.at);
    });
    others = read.list32(MEMBERS_MAX, () => ({ member: read.text8(), index: read.u64() }));
  }
  read.finish();
  return { members, others, records: members.map(({ record }) => record), pageRoots, othersRoot: await othersRoot(items, parameters) };
}

/** trees.md, "Parts". @param {Uint8Array[]} items @param {import("./layout.js").Parameters} parameters */
async function othersRoot(items, parameters) {
  const none = new Uint8Array(32);
  const governance = items.length === 0 ? none : await rootOver(GOVERNANCE, await Promise.all(items.map(GOVERNANCE.leaf)));
  const roots = [governance, derive("sanad/v1 parameters", encodeParameters(parameters))];
  const counts = [items.length, 1];
  const parts = Array.from({ length: PARTS_COUNT }, (_, number) => concat(u8(number), u64(counts[number] ?? 0), roots[number] ?? none));
  return rootOver(PARTS, await Promise.all(parts.map(PARTS.leaf)));
}

/** @param {Reader} read @returns {Record} */
function readRecord(read) {
  const id = checkMemberId(read.text8());
  return {
    id, name: read.text8(), standing: read.u8(), since: read.u64(),
    issuerIds: read.list32(MEMBERS_MAX, () => ({ id: read.text8(), from: read.u64(), until: read.option(() => read.u64()) })),
    disputed: read.list32(MEMBERS_MAX, () => ({ from: read.u64(), until: read.u64() })),
    rest: read.hash(),
  };
}

/** @param {Source} source @param {number} index @param {number} size @param {Uint8Array[]} pageRoots */
async function statusProof(source, index, size, pageRoots) {
  const leaves = Math.ceil(size / STATUSES_PER_LEAF);
  const at = Math.floor(index / STATUSES_PER_LEAF);
  const page = Math.floor(at / PAGE_LEAVES);
  const root = pageRoots[page];
  if (root === undefined) throw new Malformed("the export has no page of this status");
  const count = Math.min(PAGE_LEAVES, leaves - page * PAGE_LEAVES);
  // A page in which everything is active is no file.
  const data = (await source(`status/${hex(root)}`, PAGE_LEAVES * STATUS_LEAF_BYTES)) ?? new Uint8Array(count * STATUS_LEAF_BYTES);
  if (data.length !== count * STATUS_LEAF_BYTES) throw new Malformed("a page of statuses of another length");
  const parts = Array.from({ length: count }, (_, i) => data.slice(i * STATUS_LEAF_BYTES, (i + 1) * STATUS_LEAF_BYTES));
  const hashes = await Promise.all(parts.map(STATUS.leaf));
  const statusPath = [...(await pathOver(STATUS, hashes, at % PAGE_LEAVES)), ...(await pathOver(STATUS, pageRoots, page))];
  return { statusLeaf: parts[at % PAGE_LEAVES], statusPath };
}

/** @param {Source} source @param {number} index @param {number} size */
async function logPath(source, index, size) {
  const log = new LogTiles(source, size);
  const path = [];
  for (let level = 0; Math.floor((size - 1) / 2 ** level) > 0; level++) {
    const at = Math.floor(index / 2 ** level);
    const beside = at % 2 === 0 ? at + 1 : at - 1;
    if (beside * 2 ** level < size) path.push(log.node(level, beside));
  }
  return Promise.all(path);
}

class LogTiles {
  /** @param {Source} source @param {number} size */
  constructor(source, size) {
    this.source = source;
    this.size = size;
    /** @type {Map<string, Promise<Uint8Array>>} */
    this.tiles = new Map();
  }

  /** The root over the leaves from `index * 2^level` on, at most 2^level of them. @param {number} level @param {number} index @returns {Promise<Uint8Array>} */
  async node(level, index) {
    if ((index + 1) * 2 ** level <= this.size) return this.complete(level, index);
    const left = await this.node(level - 1, 2 * index);
    if ((2 * index + 1) * 2 ** (level - 1) >= this.size) return left;
    return LOG.node(left, await this.node(level - 1, 2 * index + 1));
  }

  /** @param {number} level @param {number} index */
  async complete(level, index) {
    const count = 2 ** (level % 8);
    const first = index * count;
    const tile = await this.tile(Math.floor(level / 8), Math.floor(first / TILE_HASHES));
    const hashes = Array.from({ length: count }, (_, i) => tile.slice(32 * ((first % TILE_HASHES) + i)).slice(0, 32));
    return rootOver(LOG, hashes);
  }

  /** @param {number} level @param {number} number */
  tile(level, number) {
    const known = this.tiles.get(`${level}/${number}`) ?? this.fetch(level, number);
    this.tiles.set(`${level}/${number}`, known);
    return known;
  }

  /** @param {number} level @param {number} number */
  async fetch(level, number) {
    const path = `tile/${level}/${bundleName(number)}`;
    const width = Math.floor(this.size / TILE_HASHES ** level) - number * TILE_HASHES;
    const partial = width < TILE_HASHES ? await this.source(`${path}.p/${width}`, 32 * TILE_HASHES) : null;
    // An incomplete tile is gone once the whole one is there.
    const tile = partial ?? (await needed(this.source, path, 32 * TILE_HASHES));
    if (tile.length < 32 * Math.min(width, TILE_HASHES)) throw new Malformed("a tile that is too short");
    return tile;
  }
}

/** 1234067 is x001/x234/067. @param {number} number */
export function bundleName(number) {
  const digits = String(number).padStart(3, "0");
  const padded = digits.padStart(Math.ceil(digits.length / 3) * 3, "0");
  return /** @type {string[]} */ (padded.match(/\d{3}/g)).map((group, i, all) => (i < all.length - 1 ? `x${group}` : group)).join("/");
}

/** Files below an address, without cookies and redirects. @param {string} base ends with `/` @returns {Source} */
export const overHttp = (base) => async (path, max) => {
  const answer = await get(new URL(path, base), { cache: path === "head" ? "no-store" : "default" });
  if (answer.status === 404 || answer.status === 410) return null;
  if (!answer.ok || answer.body === null) throw new Malformed(`the export answers with ${answer.status}`);
  return readLimited(answer.body, max);
};
