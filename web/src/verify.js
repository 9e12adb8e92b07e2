// Receipts to findings: docs/formats/receipt.md, "Verification", and finding.md.
import { equal, hex, startsWith } from "./bytes.js";
import { RECEIPT_MAGIC, readReceiptBinary } from "./binary.js";
import { checkCredential } from "./credential/credential.js";
import { CLOCK_TOLERANCE_MS } from "./dates.js";
import { badgeOf, checkDocument, contradictions, derivedFields, namedIssuer, openSummary } from "./document.js";
import { Fault, Malformed, NewerVerifier } from "./faults.js";
import { TooManyChanges, readReceiptJson } from "./forms.js";
import { issuerNameIn } from "./institutions.js";
import { isObject } from "./json.js";
import {
  KINDS, LABELS, MEMBERS_MAX, RECEIPT_BYTES_MAX, STANDINGS, STATUSES, blockHash, checkRecord, encodeIssuance, encodeRecord,
  normalIssuerId,
} from "./layout.js";
import { looksLike } from "./look-alikes.js";
import { LOG, MEMBERS, STATUS, STATUSES_PER_LEAF, isIncluded, membersRoot, rootOf, stateRoot } from "./trees.js";
import { checkFinal } from "./trust.js";

/** @typedef {import("./trust.js").Trust} Trust */
/** @typedef {import("./layout.js").Receipt} Receipt */
/** @typedef {{ part: string, holds: boolean, detail: string }} Check */
/**
 * @typedef {object} Finding
 * @property {string | null} verdict a word of finding.md; null while nothing is known
 * @property {string | null} reason `PART: sentence` of the check that gave the word; null where the word is the status alone
 * @property {Check[]} checks
 * @property {{ height: number, timeMs: number } | null} asOf null unless the header is proved
 * @property {{ anchor: "genesis" } | { anchor: "trust-file", height: number, timeMs: number } | null} restsOn
 * @property {number | null} existedBy milliseconds; null unless the entry is proved
 * @property {string | null} form what makes the header final; null where nothing was read
 * @property {{ id: string, name: string, standing: string, since: number } | null} issuer null unless the record is proved
 * @property {number | null} logIndex
 * @property {string | null} commitment
 * @property {Record<string, string> | null} summary null unless the commitment opens
 * @property {Record<string, string> | null} stated what the proved document says by the same rule; never from a paper receipt
 * @property {boolean} expired whether the last day that the summary gives is over
 * @property {import("./credential/credential.js").Finding | null} credential what the proved document shows by itself; null where nothing in it looks
 *   like a credential
 * @property {import("./sdjwt.js").Shown | null} claims of a proved SD-JWT
 * @property {{ claimed: string, name: string, id: string }[]} looksLike members for whom the issuer's name could be taken, and who did not enter it
 * @property {boolean} clockIsWrong whether a check fails by the clock alone: then it has to be set, whatever the word says
 * @property {string[]} signers
 * @property {number} validators
 * @property {string[]} notProved keys of sentences
 * @property {import("./layout.js").Proof | null} proof what was read, whether or not it holds; to ask about it
 */

/** Words of finding.md in rising gravity, with their exit codes. @type {Map<string, number>} */
export const WORDS = new Map([
  ["active", 0], ["confirmed", 0], ["proved", 0], ["stale", 1], ["suspended", 1], ["disputed", 1], ["revoked", 1], ["tampered", 1],
  ["not-proven", 1], ["needs-history-path", 1], ["foreign-chain", 1], ["could-not-be-checked", 2], ["renew", 2], ["needs-trust-file", 2],
  ["needs-newer-verifier", 2],
]);
const GRAVITY = [...WORDS.keys()];
/** Age at which an answer is stale. A consortium that issues nothing has a block at each heartbeat all the same. */
const ANSWER_AGE_MS_MAX = 86_400_000;

/** A finding for the bytes of a receipt. Throws `Malformed` if they do not claim to be one, or `DocumentNeeded`.
 * @param {Trust} trust @param {Uint8Array} data @param {Uint8Array | null} document @returns {Promise<Finding>} */
export async function verifyReceipt(trust, data, document) {
  const finding = blank();
  let receipt;
  try {
    receipt = startsWith(data, RECEIPT_MAGIC) ? await readReceiptBinary(data, trust) : readReceiptJson(data);
  } catch (error) {
    conclude(finding, readFault(error, data));
    return finding;
  }
  finding.proof = receipt.proof;
  hold(finding, "encoding");
  try {
    await steps(finding, trust, receipt, document);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    conclude(finding, error);
  }
  return finding;
}

/** @param {unknown} error @param {Uint8Array} data */
function readFault(error, data) {
  if (error instanceof Fault) return error;
  if (error instanceof TooManyChanges) return new Fault("validators", "needs-trust-file", error.message);
  if (error instanceof NewerVerifier) return new Fault("encoding", "needs-newer-verifier", error.message);
  if (!(error instanceof Malformed) || !isClaimed(data)) throw error;
  return new Fault("encoding", "tampered", error.message);
}

/** Whether bytes say that they are a receipt, whatever else is wrong with them. @param {Uint8Array} data */
export function isClaimed(data) {
  if (data.length > RECEIPT_BYTES_MAX) return false;
  if (startsWith(data, RECEIPT_MAGIC)) return true;
  let text;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data);
    if (!isObject(JSON.parse(text))) return false;
  } catch {
    return false;
  }
  const formats = topLevel(text).filter(([name]) => name === "format");
  return formats.length === 1 && formats[0][1] === "sanad-receipt/v1";
}

/** Members of a JSON object that are texts, as names and values, repeated ones too. @param {string} text valid JSON */
function topLevel(text) {
  /** @type {[string, string | null][]} */
  const found = [];
  const tokens = text.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{},:]/gs);
  let depth = 0;
  let name = "";
  let before = "";
  for (const [token] of tokens) {
    if (depth === 1 && token === ":") {
      name = JSON.parse(before);
      found.push([name, null]);
    } else if (depth === 1 && before === ":" && token.startsWith('"')) found[found.length - 1][1] = JSON.parse(token);
    if (token === "{" || token === "[") depth += 1;
    if (token === "}" || token === "]") depth -= 1;
    before = token;
  }
  return found;
}

/** @returns {Finding} */
export const blank = () => ({
  verdict: null, reason: null, checks: [], asOf: null, restsOn: null, existedBy: null, form: null, issuer: null, logIndex: null,
  commitment: null, summary: null, stated: null, expired: false, credential: null, claims: null, looksLike: [], clockIsWrong: false, signers: [], validators: 0,
  notProved: [], proof: null,
});

/** @param {Finding} finding @param {...string} parts */
function hold(finding, ...parts) {
  for (const part of parts) finding.checks.push({ part, holds: true, detail: "" });
}

/** Of several words the gravest stands. @param {Finding} finding @param {Fault} fault */
export function conclude(finding, fault) {
  finding.checks.push({ part: fault.part, holds: false, detail: fault.message });
  finding.clockIsWrong ||= fault.isClock;
  if (finding.verdict === null || GRAVITY.indexOf(fault.word) > GRAVITY.indexOf(finding.verdict)) {
    finding.verdict = fault.word;
    finding.reason = `${fault.part}: ${fault.message}`;
  }
}

/** @param {Finding} finding @param {Trust} trust @param {Receipt} receipt @param {Uint8Array | null} document */
async function steps(finding, trust, receipt, document) {
  const { proof, opening } = receipt;
  const status = await prove(finding, trust, proof);
  const { record } = proof.issuer;
  const commitment = /** @type {Uint8Array} */ (proof.entry.event.commitment);
  const { said, holderBound, shown } = await checkDocument(trust.chainId, record.id, commitment, receipt.document, opening, document);
  const summary = openSummary(opening);
  if (summary !== undefined) finding.summary = Object.fromEntries(summary.map(({ label, text }) => [LABELS[label], text]));
  // It is at least as late as the proven block says, whatever this device's clock does.
  const nowMs = Math.max(trust.nowMs, proof.header.timeMs);
  finding.expired = isOver(finding.summary?.valid_until, nowMs);
  hold(finding, opening.form === "paper" ? "summary" : "document");
  if (opening.form === "paper") finding.notProved.push("document-not-seen");
  if (holderBound) finding.notProved.push("holder-not-checked");
  finding.verdict = status;
  const badge = KINDS[receipt.document] === "sd-jwt" && said !== undefined ? badgeOf(said) : null;
  const derived = derivedFields(badge ?? said);
  if (derived !== null) finding.stated = Object.fromEntries([...derived].map(([label, text]) => [LABELS[label], text]));
  finding.claims = shown;
  compareSummary(finding, receipt, said);
  if (document !== null) finding.credential = await checkCredential(document, record, nowMs);
  checkIssuerId(finding, receipt, said);
  if (document !== null) await checkLookAlikes(finding, trust, record, document);
  finding.notProved.push("status-after", "truth");
}

/** Says so if the name that the document or the register has for the issuer looks like another member's: ids are unique, names are not.
 * @param {Finding} finding @param {Trust} trust @param {import("./layout.js").Record} record @param {Uint8Array} document */
async function checkLookAlikes(finding, trust, record, document) {
  const given = await issuerNameIn(document);
  // What looks like its own name speaks for nobody else.
  const names = [...(given !== null && !looksLike(given, record.name) ? [given] : []), record.name];
  for (const { id, name } of trust.genesis.members) {
    const claimed = id === record.id ? undefined : names.find((one) => looksLike(one, name));
    if (claimed !== undefined) finding.looksLike.push({ claimed, name, id });
  }
}

/** Whether the last day that a summary gives is over, in UTC. Days are written as YYYY-MM-DD, so they compare as text.
 * @param {string | undefined} day @param {number} nowMs */
export const isOver = (day, nowMs) => day !== undefined && day < new Date(nowMs).toISOString().slice(0, day.length);

/** @param {Finding} finding @param {Receipt} receipt @param {import("./json.js").Json | undefined} said */
function compareSummary(finding, receipt, said) {
  const summary = openSummary(receipt.opening);
  if (summary === undefined || said === undefined || KINDS[receipt.document] !== "json") return;
  const labels = contradictions(summary, said);
  if (labels === null) finding.notProved.push("summary-without-rule");
  else if (labels.length === 0) hold(finding, "summary");
  else conclude(finding, new Fault("summary", "not-proven", `the issuer's summary contradicts the document: ${labels.join(", ")}`));
}

/** @param {Finding} finding @param {Receipt} receipt @param {import("./json.js").Json | undefined} said */
function checkIssuerId(finding, { document, proof }, said) {
  // A JWT or a badge in a picture is kept as bytes, and names its issuer all the same.
  const named = namedIssuer(document, said) ?? (namedIssuer(document, said) === null ? null : finding.credential?.issuer);
  if (named === undefined) {
    if (said !== undefined || KINDS[document] === "bytes") finding.notProved.push("issuer-not-named");
    return;
  }
  const normal = named === null ? null : normalIssuerId(named);
  const { record } = proof.issuer;
  const isOwn = record.issuerIds.some(
    ({ id, from, until }) => id === normal && from <= proof.index && (until === undefined || proof.index < until),
  );
  if (isOwn) hold(finding, "issuer-id");
  else conclude(finding, new Fault("issuer-id", "not-proven", `the document names another issuer than ${record.id}: ${JSON.stringify(named)}`));
}

/** Steps 2 to 6: the credential status. @param {Finding} finding @param {Trust} trust @param {import("./layout.js").Proof} proof */
async function prove(finding, trust, proof) {
  const { header, finality } = proof;
  const { record } = proof.issuer;
  finding.form = finality.by;
  const basis = await checkFinal(trust, header, finality);
  hold(finding, "header", "chain", ...(finality.by === "sealed" ? [] : ["validators", "certificate"]));
  if (finality.by !== "certificate") hold(finding, "history");
  hold(finding, "anchor");
  finding.restsOn = trust.header ? { anchor: "trust-file", height: trust.header.height, timeMs: trust.header.timeMs } : { anchor: "genesis" };
  finding.asOf = { height: header.height, timeMs: header.timeMs };
  finding.signers = basis.signers;
  finding.validators = basis.validators;

  const commitment = /** @type {Uint8Array} */ (proof.entry.event.commitment);
  const leaf = await LOG.leaf(encodeIssuance(proof.entry.issuer, commitment));
  if (!(await isIncluded(LOG, leaf, proof.index, header.logSize, proof.logPath, header.logRoot))) {
    throw new Fault("inclusion", "tampered", "the entry is not in the log at that index");
  }
  hold(finding, "inclusion");
  finding.logIndex = proof.index;
  finding.commitment = hex(commitment);
  finding.existedBy = header.timeMs + 1000 + 5000 * 2 ** Math.min(Math.max(header.round - 4, 0), 12);

  if (record.id !== proof.entry.issuer) throw new Fault("issuer", "tampered", "the record is of another member than the entry's issuer");
  const members = await memberRoot(proof.issuer);
  const at = Math.floor(proof.index / STATUSES_PER_LEAF);
  const leaves = Math.ceil(header.logSize / STATUSES_PER_LEAF);
  const statuses = await rootOf(STATUS, await STATUS.leaf(proof.statusLeaf), at, leaves, proof.statusPath);
  if (statuses === null) throw new Fault("status", "tampered", "the path of the status leaf does not fit its place");
  if (!equal(stateRoot(statuses, members, proof.othersRoot), header.stateRoot)) {
    throw new Fault("state", "tampered", "status and record are not those of the block");
  }
  hold(finding, "issuer", "status", "state");
  finding.issuer = { id: record.id, name: record.name, standing: STANDINGS[record.standing], since: record.since };
  return statusOf(proof.statusLeaf, proof.index, record);
}

/** `M`. @param {import("./layout.js").RecordProof} proof */
async function memberRoot({ record, index, count, path }) {
  try {
    checkRecord(record);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    throw new Fault("issuer", "tampered", error.message);
  }
  if (count > MEMBERS_MAX) throw new Fault("issuer", "tampered", `${count} members`);
  const root = await rootOf(MEMBERS, await MEMBERS.leaf(encodeRecord(record)), index, count, path);
  if (root === null) throw new Fault("issuer", "tampered", "the path of the record does not fit its place");
  return membersRoot(count, root);
}

/** trees.md, "Status". @param {Uint8Array} leaf @param {number} index @param {import("./layout.js").Record} record */
export function statusOf(leaf, index, record) {
  const bits = (leaf[Math.floor((index % STATUSES_PER_LEAF) / 4)] >> (2 * (index % 4))) & 3;
  const isDisputed = record.disputed.some(({ from, until }) => from <= index && index < until);
  return STATUSES[bits] === "active" && isDisputed ? "disputed" : STATUSES[bits];
}

/** A receipt's finding and a newer proof of the same entry: docs/formats/finding.md, "How the word is found". Both were proved final.
 * @param {Finding} finding @param {Trust} trust @param {import("./layout.js").Proof} held @param {import("./layout.js").Proof} newer */
export async function renewFinding(finding, trust, held, newer) {
  const fresh = blank();
  const status = await prove(fresh, trust, newer);
  const before = held.header.height;
  const { height } = newer.header;
  const old = statusOf(held.statusLeaf, held.index, held.issuer.record);
  const [earlier, later] = height > before ? [old, status] : [status, old];
  const isFork = height === before ? !equal(blockHash(newer.header), blockHash(held.header)) : earlier === "revoked" && later !== "revoked";
  if (isFork) {
    conclude(finding, new Fault("online", "not-proven", "two proofs contradict each other"));
    return finding;
  }
  if (height < before) throw new Malformed("the answer is of an older block than the receipt");
  hold(finding, "online");
  // The words that the document itself gave stand; the status alone is a newer one.
  if (finding.verdict === old) finding.verdict = status;
  Object.assign(finding, { asOf: fresh.asOf, issuer: fresh.issuer, signers: fresh.signers, validators: fresh.validators, form: fresh.form, restsOn: fresh.restsOn });
  checkAge(finding, newer.header.timeMs, trust.nowMs);
  return finding;
}

/** An answer is of today, or it is none. @param {Finding} finding @param {number} timeMs @param {number} nowMs */
function checkAge(finding, timeMs, nowMs) {
  if (timeMs - nowMs >= CLOCK_TOLERANCE_MS + 1000) conclude(finding, new Fault("age", "stale", "the block is ahead of this device's clock"));
  else if (nowMs - timeMs >= ANSWER_AGE_MS_MAX + 1000) conclude(finding, new Fault("age", "stale", "the block is older than a day"));
  else hold(finding, "age");
}
