// Objects of docs/formats, their encodings and hashes.
import { derive } from "./blake3.js";
import { compareText, concat, hex, list32, option, tagged, text8, u32, u64, u8, utf8 } from "./bytes.js";
import { Malformed } from "./faults.js";

/** @typedef {{ layout: number, rules: number, chainId: Uint8Array, height: number, round: number, timeMs: number, logSize: number,
 *   logRoot: Uint8Array, stateRoot: Uint8Array, past: Uint8Array, validatorsHash: Uint8Array, nextValidatorsHash: Uint8Array }} Header */
/** @typedef {{ previous: Uint8Array, historyRoot: Uint8Array, batchesRoot: Uint8Array }} Past */
/** @typedef {{ member: string, key: Uint8Array }} Validator */
/** @typedef {{ number: number, firstHeight: number, validators: Validator[] }} ValidatorSet */
/** @typedef {{ validator: number, signature: Uint8Array }} CommitSignature */
/** @typedef {{ height: number, round: number, block: Uint8Array, signatures: CommitSignature[] }} Certificate */
/** @typedef {{ header: Header, certificate: Certificate, next: ValidatorSet }} Change */
/** @typedef {{ kind: "issue", commitment: Uint8Array } | { kind: string }} EntryEvent */
/** @typedef {{ issuer: string, event: { kind: string, commitment?: Uint8Array } }} Entry */
/** @typedef {{ id: string, from: number, until?: number }} IssuerTerm */
/** @typedef {{ id: string, name: string, standing: number, since: number, issuerIds: IssuerTerm[],
 *   disputed: { from: number, until: number }[], rest: Uint8Array }} Record */
/** @typedef {{ record: Record, index: number, count: number, path: Uint8Array[] }} RecordProof */
/** @typedef {{ by: "certificate", certificate: Certificate, changes: Change[] }} Certified */
/** @typedef {{ by: "sealed", path: Uint8Array[] }} Sealed */
/** @typedef {{ by: "history", path: Uint8Array[], past: Past, header: Header, certificate: Certificate, changes: Change[] }} InHistory */
/** @typedef {Certified | Sealed | InHistory} Finality */
/** @typedef {{ entry: Entry, index: number, logPath: Uint8Array[], statusLeaf: Uint8Array, statusPath: Uint8Array[],
 *   issuer: RecordProof, othersRoot: Uint8Array, header: Header, finality: Finality }} Proof */
/** @typedef {{ label: number, text: string }[]} Summary */
/** @typedef {{ form: "full", secret: Uint8Array, summary?: Summary }
 *   | { form: "paper", summaryKey: Uint8Array, summary: Summary, content: Uint8Array }
 *   | { form: "closed-summary", contentKey: Uint8Array, summary: Uint8Array }} Opening */
/** @typedef {{ document: number, opening: Opening, proof: Proof }} Receipt */
/** @typedef {{ layout: number, rules: number }} Protocol */
/** @typedef {{ blockBytesMax: number, heartbeatMs: number, protocol: Protocol, next?: { protocol: Protocol, height: number } }} Parameters */
/** @typedef {{ id: string, name: string, role: number, governanceKeys: Uint8Array[], governanceThreshold: number, issuingKey?: Uint8Array,
 *   consensusKey?: Uint8Array, networkKey?: Uint8Array, issuerIds: string[], addresses: string[], facts: { name: string, value: string }[] }} Member */
/** @typedef {{ version: number, name: string, nonce: Uint8Array, logOrigin: string,
 *   predecessor?: { chainId: Uint8Array, height: number, block: Uint8Array }, parameters: Parameters, members: Member[] }} Genesis */
/** @typedef {{ genesis: Genesis, changes: { change: Change, path: Uint8Array[] }[], header: Header, certificate: Certificate, past: Past,
 *   seals: Uint8Array[], remainder: Uint8Array[] }} TrustFile */

export const LAYOUT = 1;
export const TIME_MS_MAX = 253402300799999;
export const LOG_SIZE_MAX = 2 ** 40;
export const MEMBERS_MAX = 4096;
export const VALIDATORS_MAX = 128;
export const CHANGES_MAX = 64;
export const PATH_HASHES_MAX = 64;
export const ISSUER_IDS_MAX = 32;
export const DISPUTED_MAX = 8;
export const NAME_BYTES_MAX = 128;
export const SUMMARY_BYTES_MAX = 240;
export const RECEIPT_BYTES_MAX = 1 << 20;
export const TRUST_BYTES_MAX = 16 << 20;

export const KINDS = ["json", "bytes", "sd-jwt"];
export const STANDINGS = ["active", "frozen", "suspended", "retired"];
export const ROLES = ["observer", "issuer", "validator"];
export const STATUSES = ["active", "suspended", "confirmed", "revoked"];
export const LABELS = ["holder", "title", "awarded_on", "credits", "number", "level", "valid_until", "programme"];
const DATE_LABELS = [2, 6];

/** @param {Header} h */
export const encodeHeader = (h) =>
  concat(
    u8(h.layout), u8(h.rules), h.chainId, u64(h.height), u32(h.round), u64(h.timeMs), u64(h.logSize), h.logRoot, h.stateRoot, h.past,
    h.validatorsHash, h.nextValidatorsHash,
  );

/** @param {Header} header */
export const blockHash = (header) => derive("sanad/v1 block header", encodeHeader(header));

/** @param {Past} past */
export const pastHash = (past) => derive("sanad/v1 past", concat(past.previous, past.historyRoot, past.batchesRoot));

/** @param {ValidatorSet} set */
export const encodeSet = (set) =>
  concat(u32(set.number), u64(set.firstHeight), list32(set.validators, (v) => concat(text8(v.member), tagged(v.key))));

/** @param {ValidatorSet} set */
export const setHash = (set) => derive("sanad/v1 validator set", encodeSet(set));

/** @param {ValidatorSet} set */
export const quorum = (set) => Math.floor((2 * set.validators.length) / 3) + 1;

/** @param {ValidatorSet} set */
export const faultyMax = (set) => Math.floor((set.validators.length - 1) / 3);

/** certificate.md, "Validator set". @param {ValidatorSet} set */
export function checkSet(set) {
  const { validators } = set;
  if (validators.length < 1 || validators.length > VALIDATORS_MAX) throw new Malformed(`${validators.length} validators`);
  if ((set.number === 0) !== (set.firstHeight === 1) || set.firstHeight === 0) {
    throw new Malformed(`a set with number ${set.number} cannot begin at height ${set.firstHeight}`);
  }
  checkAscending(validators.map((v) => v.member), "validators");
  if (new Set(validators.map((v) => hex(v.key))).size !== validators.length) throw new Malformed("a consensus key stands twice");
  return set;
}

/** @param {string[]} texts @param {string} what */
export function checkAscending(texts, what) {
  for (let i = 1; i < texts.length; i++) {
    if (compareText(texts[i - 1], texts[i]) >= 0) throw new Malformed(`${what} are not in strictly ascending order`);
  }
}

/** A precommit for a block. @param {Header} header @param {number} round of the vote */
export const voteMessage = (header, round) =>
  concat(
    utf8("sanad/v1 vote"), header.chainId, u8(1), u64(header.height), u32(round), u8(1), blockHash(header), u32(header.round),
  );

/** Issuances alone. @param {string} issuer @param {Uint8Array} commitment */
export const encodeIssuance = (issuer, commitment) => concat(u8(0), text8(issuer), commitment);

/** @param {Record} r */
export const encodeRecord = (r) =>
  concat(
    text8(r.id), text8(r.name), u8(r.standing), u64(r.since),
    list32(r.issuerIds, (term) => concat(text8(term.id), u64(term.from), option(term.until, u64))),
    list32(r.disputed, (range) => concat(u64(range.from), u64(range.until))),
    r.rest,
  );

/** What a proved record must satisfy: member.md, "Record". @param {Record} record */
export function checkRecord(record) {
  checkPeopleText(record.name, 1, NAME_BYTES_MAX, "name");
  if (record.issuerIds.length > ISSUER_IDS_MAX || record.disputed.length > DISPUTED_MAX) throw new Malformed("a list is too long");
  if (record.issuerIds.some((term) => normalIssuerId(term.id) !== term.id)) throw new Malformed("an issuer id is not in normal form");
}

/** @param {Genesis} g */
export const encodeGenesis = (g) =>
  concat(
    u8(g.version), text8(g.name), g.nonce, text8(g.logOrigin),
    option(g.predecessor, (p) => concat(p.chainId, u64(p.height), p.block)),
    encodeParameters(g.parameters), list32(g.members, encodeMember),
  );

/** @param {Parameters} p */
export const encodeParameters = (p) =>
  concat(
    u32(p.blockBytesMax), u32(p.heartbeatMs), u8(p.protocol.layout), u8(p.protocol.rules),
    option(p.next, (next) => concat(u8(next.protocol.layout), u8(next.protocol.rules), u64(next.height))),
  );

/** @param {Member} m */
const encodeMember = (m) =>
  concat(
    text8(m.id), text8(m.name), u8(m.role), list32(m.governanceKeys, tagged), u8(m.governanceThreshold), option(m.issuingKey, tagged),
    option(m.consensusKey, tagged), option(m.networkKey, tagged), list32(m.issuerIds, text8), list32(m.addresses, text8),
    list32(m.facts, (fact) => concat(text8(fact.name), text8(fact.value))),
  );

/** @param {Genesis} genesis */
export const chainIdOf = (genesis) => derive("sanad/v1 genesis", encodeGenesis(genesis));

/** The first 20 bytes of a chain id, as people compare them. @param {Uint8Array} chainId */
export const fingerprint = (chainId) =>
  Array.from({ length: 10 }, (_, i) => String(chainId[2 * i] * 256 + chainId[2 * i + 1]).padStart(5, "0")).join(" ");

/** @param {Summary} summary */
export const encodeSummary = (summary) => concat(u8(summary.length), ...summary.map(({ label, text }) => concat(u8(label), text8(text))));

/** commitment.md, "Summary", given fields with known labels. @param {Summary} summary */
export function checkSummary(summary) {
  if (summary.length < 1 || summary.length > LABELS.length) throw new Malformed(`a summary of ${summary.length} fields`);
  summary.forEach(({ label, text }, i) => {
    if (i > 0 && summary[i - 1].label >= label) throw new Malformed("labels are not in strictly ascending order");
    checkPeopleText(text, 1, SUMMARY_BYTES_MAX, LABELS[label]);
    if (DATE_LABELS.includes(label) && !isDate(text)) throw new Malformed(`${LABELS[label]} is not a date`);
  });
  if (encodeSummary(summary).length > SUMMARY_BYTES_MAX) throw new Malformed(`a summary of more than ${SUMMARY_BYTES_MAX} bytes`);
  return summary;
}

/** @param {string} text */
export const isDate = (text) => /^\d{4}-\d\d-\d\d$/.test(text);

/** docs/formats/README.md, "Texts for people". @param {string} text @param {number} min @param {number} max @param {string} what */
export function checkPeopleText(text, min, max, what) {
  const length = utf8(text).length;
  if (length < min || length > max) throw new Malformed(`${what} is not a text of ${min} to ${max} bytes`);
  if (/[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/.test(text)) {
    throw new Malformed(`${what} has a character that is not allowed`);
  }
  return text;
}

/** @param {string} text */
export function checkMemberId(text) {
  if (!/^[a-z0-9](?:[a-z0-9.-]{0,30}[a-z0-9])?$/.test(text)) throw new Malformed("not a member id");
  return text;
}

/** member.md, "Issuer ids": the normal form, or null. @param {string} text */
export function normalIssuerId(text) {
  if (text.length > 128 || !/^[!-~]*$/.test(text)) return null;
  const [, scheme, rest] = /^([^:]*):(.*)$/.exec(text.split("#", 1)[0]) ?? [];
  if (scheme === undefined) return null;
  if (scheme.toLowerCase() === "did") return normalDid(rest.split("?", 1)[0]);
  return scheme.toLowerCase() === "https" ? normalUrl(rest) : null;
}

/** @param {string} rest after `did:` */
function normalDid(rest) {
  const [, given, name] = /^([A-Za-z0-9]+):(.+)$/.exec(rest) ?? [];
  if (given === undefined) return null;
  const method = given.toLowerCase();
  return `did:${method}:${method === "web" ? name.replace(/^[^:]*/, (host) => host.toLowerCase()) : name}`;
}

/** @param {string} rest after `https:` */
function normalUrl(rest) {
  const [, given, path] = /^\/\/([^/?]*)(.*)$/.exec(rest) ?? [];
  if (!given || given.includes("@")) return null;
  const host = given.toLowerCase().replace(/:443$/, "");
  if (host === "" || host.endsWith(":443")) return null;
  return `https://${host}${path === "/" ? "" : path}`;
}
