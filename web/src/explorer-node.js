// Blocks and members as a node tells of them over HTTP: docs/http.md. Each block and each record proves itself, with what it names.
import { equal, unhex } from "./bytes.js";
import { Malformed } from "./faults.js";
import { countIssued, runsIn } from "./counts.js";
import { fields, finalityOf, headerOf, recordProofOf } from "./forms.js";
import { isObject, parseForm } from "./json.js";
import { TRUST_BYTES_MAX, blockHash, encodeRecord } from "./layout.js";
import { above, read } from "./node.js";
import { checkRest, restOf } from "./rest.js";
import { MEMBERS, membersRoot, rootOf, stateRoot } from "./trees.js";
import { checkFinal } from "./trust.js";

/** @typedef {import("./trust.js").Trust} Trust */
/** @typedef {import("./json.js").Json} Json */

const BLOCKS = 20;
const MEMBERS_PAGE = 100;
const RUNS_BYTES_MAX = 8 << 20;

/** @param {string} base @param {string} path */
const ask = async (base, path) => parseForm(await read(base, path, TRUST_BYTES_MAX), TRUST_BYTES_MAX);

/** @param {Json} value @param {number} anchorHeight */
function proved(value, anchorHeight) {
  const given = fields(value, ["header", "finality"]);
  return { header: headerOf(given.header), finality: above(finalityOf(given.finality), anchorHeight) };
}

/** The last blocks, and the members, each of them proved. @param {string} base @param {Trust} trust @returns {Promise<import("./explorer.js").Ledger>} */
export async function readNode(base, trust) {
  const anchor = trust.header?.height ?? 0;
  const { header, finality } = proved(await ask(base, "v1/headers/latest"), anchor);
  const basis = await checkFinal(trust, header, finality);
  const first = Math.max(1, header.height - BLOCKS + 1);
  const { headers } = fields(await ask(base, `v1/headers?from=${first}&limit=${BLOCKS}`), ["headers"]);
  const blocks = [];
  for (const value of Array.isArray(headers) ? headers : []) {
    const block = proved(value, anchor);
    await checkFinal(trust, block.header, block.finality);
    blocks.unshift({ header: block.header, hash: blockHash(block.header) });
  }
  const members = [];
  for (const id of await memberIds(base)) members.push(await member(base, trust, id));
  return { header, basis, members, blocks };
}

/** @param {string} base @returns {Promise<string[]>} */
async function memberIds(base) {
  const ids = [];
  for (let after = ""; ; ) {
    const page = fields(await ask(base, `v1/members?limit=${MEMBERS_PAGE}${after}`), ["members", "more"]);
    for (const item of Array.isArray(page.members) ? page.members : []) {
      const record = isObject(item) && isObject(item.record) ? item.record : {};
      ids.push(String(record.id));
    }
    if (page.more !== true || ids.length === 0) return ids;
    after = `&after=${encodeURIComponent(ids[ids.length - 1])}`;
  }
}

/** @param {string} base @param {Trust} trust @param {string} id @returns {Promise<import("./explorer.js").Member>} */
async function member(base, trust, id) {
  const given = fields(await ask(base, `v1/members/${encodeURIComponent(id)}`), ["format", "proof", "rest"]);
  const proof = fields(given.proof, ["member", "status_root", "others_root", "header", "finality"]);
  const header = headerOf(proof.header);
  await checkFinal(trust, header, above(finalityOf(proof.finality), trust.header?.height ?? 0));
  const { record, index, count, path } = recordProofOf(proof.member);
  const root = await rootOf(MEMBERS, await MEMBERS.leaf(encodeRecord(record)), index, count, path);
  if (root === null || record.id !== id) throw new Malformed("the path of the record does not fit its place");
  const state = stateRoot(unhex(String(proof.status_root)), membersRoot(count, root), unhex(String(proof.others_root)));
  if (!equal(state, header.stateRoot)) throw new Malformed("the record is not that of the block");
  const rest = checkRest(restOf(given.rest), record);
  const runsFrom = async (/** @type {number} */ from) =>
    runsIn(await read(base, `v1/members/${encodeURIComponent(id)}/entries?from=${from}&size=${header.logSize}`, RUNS_BYTES_MAX));
  return { record, rest, count: () => countIssued({ record, rest }, header.logSize, runsFrom) };
}
