// From what was given to a result; no document object here.
import { newerProof, overHttp, readLatest } from "../src/export.js";
import { answerOf } from "../src/answer.js";
import { RECEIPT_MAGIC, readReceiptBinary } from "../src/binary.js";
import { startsWith, unbase64url } from "../src/bytes.js";
import { awardOf, endorsementIn, endorses, obstacleOf } from "../src/endorsement.js";
import { DocumentNeeded, Fault, Malformed } from "../src/faults.js";
import { readGenesis, readReceiptJson } from "../src/forms.js";
import { GENESIS_BYTES_MAX } from "../src/genesis.js";
import { get, readLimited, within } from "../src/http.js";
import { institutionsOf } from "../src/institutions.js";
import { entryOf, mixedFolders } from "../src/mixed.js";
import { newerFromNode } from "../src/node.js";
import { boxAddress, openBox } from "../src/open/codes.js";
import { TRUST_MAGIC, readTrust, trustFile, trustGenesis } from "../src/trust.js";
import { renewFinding, verifyReceipt } from "../src/verify.js";

/** @typedef {import("../src/open/index.js").Pair} Pair */
/** @typedef {import("../src/trust.js").Trust} Trust */
/** @typedef {import("../src/layout.js").Proof} Proof */
/** @typedef {{ name: string, newer: (held: Proof, anchorHeight: number) => Promise<Proof> }} Asked whoever answers for the status now */
/** @typedef {import("../src/institutions.js").Institutions} Institutions */
/** @typedef {import("../src/endorsement.js").Endorses} Endorses */
/** @typedef {{ pair: Pair, finding: import("../src/verify.js").Finding, asked: import("../src/answer.js").Asked, endorses: Endorses | null,
 *   institutions: Institutions | null, isMixed: boolean }} Result */

/** `unused`: names of receipts that nothing was checked with; `unread`: documents whose receipts could not be used, each with a key of words.js.
 * @typedef {{ results: Result[], unused: string[], unread: { name: string, why: string }[] }} Checked */

const BOX_BYTES_MAX = 2_098_209;
const ASK_MS_MAX = 15_000;

/** Why nothing could be said: a key of words.js. */
export class Unread extends Error {}

/** A genesis or trust file, proved. @param {Uint8Array} data @param {number} nowMs @returns {Promise<Trust>} */
export async function trustFrom(data, nowMs) {
  if (data.length > GENESIS_BYTES_MAX) throw new Malformed("too long");
  if (startsWith(data, TRUST_MAGIC) || looksLikeTrust(data)) return trustFile(readTrust(data), nowMs);
  return trustGenesis(readGenesis(data), nowMs);
}

/** @param {Uint8Array} data */
const looksLikeTrust = (data) => new TextDecoder("latin1").decode(data).includes('"sanad-trust/v1"');

/** That of the configuration. @param {string} text base64url @param {number} nowMs */
export const embeddedTrust = async (text, nowMs) => (text === "" ? null : trustFrom(unbase64url(text), nowMs));

/** Begins to read the last block at once, while what is to be checked is still on its way. @param {string} address @returns {Asked} */
export function askExport(address) {
  const source = overHttp(address);
  const latest = readLatest(source);
  // Whoever asks hears of it.
  latest.catch(() => {});
  return { name: new URL(address).host, newer: async (held, anchorHeight) => newerProof(source, await latest, held, anchorHeight) };
}

/** @param {string} address @returns {Asked} */
export const askNode = (address) => ({ name: new URL(address).host, newer: (held, anchorHeight) => newerFromNode(address, held, anchorHeight) });

/** The credential, and the endorsements that go with it. @param {Uint8Array} key @param {string} pageAddress @returns {Promise<Pair[]>} */
export async function fetchBox(key, pageAddress) {
  if (!pageAddress.startsWith("http")) throw new Unread("why-code-site");
  const answer = await get(boxAddress(key, pageAddress), { cache: "no-store" }).catch(() => {
    throw new Unread("why-offline");
  });
  if (!answer.ok || answer.body === null) throw new Unread("why-box-missing");
  const { endorsements, ...credential } = await openBox(key, await readLimited(answer.body, BOX_BYTES_MAX));
  return [{ ...credential, from: "box" }, ...endorsements.map((one) => ({ ...one, from: /** @type {const} */ ("files") }))];
}

/** What was opened together: each by itself, and then what they say of one another. Throws `Unread` where nothing of it could be checked.
 * @param {Trust} trust @param {Pair[]} pairs @param {Asked | null} source null where nobody can be asked @returns {Promise<Checked>} */
export async function checkAll(trust, pairs, source) {
  /** @type {Result[]} */
  const results = [];
  /** @type {{ pair: Pair, entry: string | null, height: number }[]} */
  const strays = [];
  const unread = [];
  /** @type {Unread | null} */
  let first = null;
  for (const pair of await withStrays(trust, pairs)) {
    try {
      results.push(await check(trust, await withNewest(trust, pair), source));
    } catch (error) {
      if (!(error instanceof Unread)) throw error;
      first ??= error;
      // A receipt beside other documents may be of one of them.
      if (pair.how === "stray") strays.push({ pair, ...(await entryIn(trust, pair.receipt)) });
      else unread.push({ name: pair.name, why: error.message });
    }
  }
  if (first !== null && results.length === 0 && (unread.length === 0 || unread.length + strays.length === 1)) throw first;
  const awards = [];
  for (const { pair } of results) if (pair.document !== null) awards.push(await awardOf(pair.name, pair.document));
  for (const result of results) {
    const { document } = result.pair;
    const isEntered = result.finding.checks.some(({ part, holds }) => part === "document" && holds);
    if (document !== null && isEntered) result.endorses = endorses(document, awards, result.finding);
  }
  const opened = results.map(({ pair, finding, asked }) => ({
    ...pair, finding, isGood: answerOf(finding, asked).decision === "yes" && obstacleOf(finding) === null,
  }));
  const items = [
    ...results.map(({ pair, finding }) => ({ ...pair, entry: entryOf(finding.proof), isEndorsement: pair.document !== null && endorsementIn(pair.document) !== null })),
    ...strays.map(({ pair, entry }) => ({ ...pair, entry, isEndorsement: false })),
  ];
  const mixed = mixedFolders(items.map((item) => ({ ...item, folder: item.folder ?? "", how: item.how ?? "files" })));
  for (const [i, result] of results.entries()) {
    result.institutions = await institutionsOf(opened[i], opened);
    // An endorsement is of another entry by its nature.
    result.isMixed = mixed.has(result.pair.folder ?? "") && !(items[i].isEndorsement && result.pair.how !== "pdf");
  }
  // An older proof of an entry that is shown adds nothing.
  const isNew = (/** @type {{ entry: string | null, height: number }} */ { entry, height }) =>
    entry === null || !results.some(({ finding: { proof } }) => proof !== null && entryOf(proof) === entry && proof.header.height >= height);
  return { results, unread, unused: strays.filter(isNew).map(({ pair }) => pair.name) };
}

/** Receipts by themselves whose document is here, and that are newer than its own, are among those beside it, whatever their names.
 * @param {Trust} trust @param {Pair[]} pairs @returns {Promise<Pair[]>} */
async function withStrays(trust, pairs) {
  const strays = pairs.filter(({ how }) => how === "stray");
  if (strays.length === 0) return pairs;
  const found = await Promise.all(strays.map(async (stray) => ({ stray, ...(await entryIn(trust, stray.receipt)) })));
  const used = new Set();
  const together = [];
  for (const pair of pairs) {
    if (pair.document === null) continue;
    const { entry, height } = await entryIn(trust, pair.receipt);
    const newer = found.filter((one) => entry !== null && one.entry === entry && one.height > height && !one.isPaper);
    newer.forEach(({ stray }) => used.add(stray));
    together.push({ ...pair, others: [...(pair.others ?? []), ...newer.map(({ stray }) => stray.receipt)] });
  }
  return [...together, ...pairs.filter((pair) => pair.document === null && !used.has(pair))];
}

/** Of several receipts beside one document that of the newest proof. All have to be of one entry: nobody who gets two may be told what one of them speaks
 * against. @param {Trust} trust @param {Pair} pair @returns {Promise<Pair>} */
async function withNewest(trust, pair) {
  const { others, ...rest } = pair;
  if (others === undefined || others.length === 0) return pair;
  const found = [];
  for (const receipt of [pair.receipt, ...others]) {
    const { proof, issuer, logIndex } = await verifyReceipt({ ...trust, nowMs: Date.now() }, receipt, pair.document);
    found.push({ receipt, entry: issuer === null ? null : logIndex, height: proof?.header.height ?? 0 });
  }
  const [first] = found;
  if (found.some(({ entry }) => entry === null || entry !== first.entry)) throw new Unread("why-receipts");
  const newest = found.reduce((a, b) => (b.height > a.height ? b : a));
  return { ...rest, receipt: newest.receipt };
}

/** The entry that a receipt is about, and the block that it speaks of; nothing where it cannot be read. @param {Trust} trust @param {Uint8Array} data */
async function entryIn(trust, data) {
  try {
    const { proof, opening } = startsWith(data, RECEIPT_MAGIC) ? await readReceiptBinary(data, trust) : readReceiptJson(data);
    return { entry: entryOf(proof), height: proof.header.height, isPaper: opening.form === "paper" };
  } catch (error) {
    if (error instanceof Malformed || error instanceof Fault) return { entry: null, height: 0, isPaper: false };
    throw error;
  }
}

/** @param {Trust} trust @param {Pair} pair @param {Asked | null} source @returns {Promise<Result>} */
async function check(trust, pair, source) {
  let finding;
  try {
    finding = await verifyReceipt({ ...trust, nowMs: Date.now() }, pair.receipt, pair.document);
  } catch (error) {
    if (error instanceof DocumentNeeded) throw new Unread("why-document-needed");
    throw error;
  }
  /** @type {Result} */
  const result = { pair, finding, asked: null, endorses: null, institutions: null, isMixed: false };
  return source === null ? result : ask(trust, result, source);
}

/** @param {Trust} trust @param {Result} result @param {Asked} source @returns {Promise<Result>} */
async function ask(trust, result, source) {
  const held = result.finding.proof;
  const isOpen = result.finding.checks.some(({ part, holds }) => holds && (part === "document" || part === "summary"));
  if (held === null || !isOpen) return result;
  try {
    const newer = await within(ASK_MS_MAX, source.newer(held, trust.header?.height ?? 0));
    await renewFinding(result.finding, { ...trust, nowMs: Date.now() }, held, newer);
    return { ...result, asked: { source: source.name } };
  } catch (error) {
    // A source that proves nothing changes no verdict.
    return { ...result, asked: { source: source.name, why: error instanceof Malformed || error instanceof Fault ? error.message : "why-unreachable" } };
  }
}
