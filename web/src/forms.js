// JSON forms to objects: docs/formats/README.md, "JSON forms", and the page of each object.
import { unhex } from "./bytes.js";
import { Malformed, NewerVerifier } from "./faults.js";
import { isObject, parseForm } from "./json.js";
import {
  CHANGES_MAX, DISPUTED_MAX, ISSUER_IDS_MAX, KINDS, LABELS, MEMBERS_MAX, NAME_BYTES_MAX, PATH_HASHES_MAX, RECEIPT_BYTES_MAX, ROLES, STANDINGS, TRUST_BYTES_MAX,
  VALIDATORS_MAX, checkMemberId, checkPeopleText, checkSet, checkSummary, normalIssuerId,
} from "./layout.js";
import { STATUS_LEAF_BYTES } from "./trees.js";
import { GENESIS_BYTES_MAX, checkGenesis } from "./genesis.js";

/** @typedef {import("./json.js").Json} Json */
/** @typedef {Json | undefined} Given */

const RECEIPT_FORMAT = "sanad-receipt/v1";
const TRUST_FORMAT = "sanad-trust/v1";
const TRUST_CHANGES_MAX = 1 << 14;
const SEALS_MAX = 1 << 16;
const U16 = 2 ** 16 - 1;
const U32 = 2 ** 32 - 1;
const DEFAULT_PARAMETERS = { blockBytesMax: 1048576, heartbeatMs: 60000, protocol: { layout: 1, rules: 1 } };

/** More changes of validators than a proof carries. */
export class TooManyChanges extends Malformed {}

// Values

/** An object with these fields and no others. @param {Given} value @param {string[]} needed @param {string[]} [optional] */
export function fields(value, needed, optional = []) {
  if (!isObject(value)) throw new Malformed("not an object");
  for (const name of needed) if (!(name in value)) throw new Malformed(`the field ${name} is missing`);
  for (const name in value) {
    if (!needed.includes(name) && !optional.includes(name)) throw new Malformed(`the field ${name} is not known`);
  }
  return value;
}

/** @template T @param {Given} value @param {number} max @param {(item: Json) => T} read */
export function items(value, max, read) {
  if (!Array.isArray(value)) throw new Malformed("not a list");
  if (value.length > max) throw new Malformed(`a list of ${value.length}`);
  return value.map(read);
}

/** A list that is left out when empty. @template T @param {Given} value @param {number} max @param {(item: Json) => T} read */
function itemsIfAny(value, max, read) {
  if (value === undefined) return [];
  const found = items(value, max, read);
  if (found.length === 0) throw new Malformed("an empty list is left out");
  return found;
}

/** @template T @param {Given} value @param {(value: Json) => T} read */
export const optional = (value, read) => (value === undefined ? undefined : read(value));

/** @param {Given} value */
export function text(value) {
  if (typeof value !== "string") throw new Malformed("not a text");
  return value;
}

/** @param {Given} value @param {number} [max] */
export function integer(value, max = Number.MAX_SAFE_INTEGER) {
  if (typeof value !== "number" || value > max) throw new Malformed("not an integer within its range");
  return value;
}

/** @param {Given} value @param {number} [length] */
export function bytes(value, length = 32) {
  const found = unhex(text(value));
  if (found.length !== length) throw new Malformed(`not ${length} bytes`);
  return found;
}

/** @param {Given} value @param {number} length */
function tagged(value, length) {
  const given = text(value);
  if (!given.startsWith("ed25519:")) throw new Malformed("an algorithm that is not known");
  return bytes(given.slice("ed25519:".length), length);
}

/** @param {Given} value */
export const key = (value) => tagged(value, 32);

/** @param {Given} value */
const signature = (value) => tagged(value, 64);

/** @param {Given} value @param {string[]} words */
export function word(value, words) {
  const place = words.indexOf(text(value));
  if (place < 0) throw new Malformed("a word that is not known");
  return place;
}

/** @param {Given} value */
const path = (value) => items(value, PATH_HASHES_MAX, (hash) => bytes(hash));

/** @param {Given} value */
function issuerId(value) {
  const id = text(value);
  if (normalIssuerId(id) !== id) throw new Malformed("an issuer id is not in normal form");
  return id;
}

/** @param {Given} value */
const memberId = (value) => checkMemberId(text(value));

// Headers and what makes them final

/** @param {Given} value @returns {import("./layout.js").Header} */
export function headerOf(value) {
  const given = fields(value, [
    "version", "chain_id", "height", "round", "time_ms", "log_size", "log_root", "state_root", "past", "validators_hash",
    "next_validators_hash",
  ]);
  return {
    ...protocol(given.version), chainId: bytes(given.chain_id), height: integer(given.height), round: integer(given.round, U32),
    timeMs: integer(given.time_ms), logSize: integer(given.log_size), logRoot: bytes(given.log_root),
    stateRoot: bytes(given.state_root), past: bytes(given.past), validatorsHash: bytes(given.validators_hash),
    nextValidatorsHash: bytes(given.next_validators_hash),
  };
}

/** @param {Given} value */
function protocol(value) {
  const given = fields(value, ["layout", "rules"]);
  return { layout: integer(given.layout, 255), rules: integer(given.rules, 255) };
}

/** @param {Given} value */
function pastOf(value) {
  const given = fields(value, ["previous", "history_root", "batches_root"]);
  return { previous: bytes(given.previous), historyRoot: bytes(given.history_root), batchesRoot: bytes(given.batches_root) };
}

/** @param {Given} value */
export function setOf(value) {
  const given = fields(value, ["number", "first_height", "validators"]);
  return checkSet({
    number: integer(given.number, U32),
    firstHeight: integer(given.first_height),
    validators: items(given.validators, VALIDATORS_MAX, (item) => {
      const validator = fields(item, ["member", "key"]);
      return { member: memberId(validator.member), key: key(validator.key) };
    }),
  });
}

/** @param {Given} value @returns {import("./layout.js").Certificate} */
export function certificateOf(value) {
  const given = fields(value, ["height", "round", "block", "signatures"]);
  return {
    height: integer(given.height),
    round: integer(given.round, U32),
    block: bytes(given.block),
    signatures: items(given.signatures, VALIDATORS_MAX, (item) => {
      const signed = fields(item, ["validator", "signature"]);
      return { validator: integer(signed.validator, U16), signature: signature(signed.signature) };
    }),
  };
}

/** @param {Given} value */
function changeOf(value) {
  const given = fields(value, ["header", "certificate", "next"]);
  return { header: headerOf(given.header), certificate: certificateOf(given.certificate), next: setOf(given.next) };
}

/** @param {Given} value */
function changesOf(value) {
  if (Array.isArray(value) && value.length > CHANGES_MAX) throw new TooManyChanges("more than 64 validator changes");
  return itemsIfAny(value, CHANGES_MAX, changeOf);
}

/** @param {Given} value @returns {import("./layout.js").Finality} */
export function finalityOf(value) {
  const by = isObject(value) ? value.by : undefined;
  if (by === "certificate") {
    const given = fields(value, ["by", "certificate"], ["validator_changes"]);
    return { by, certificate: certificateOf(given.certificate), changes: changesOf(given.validator_changes) };
  }
  if (by === "sealed") {
    const given = fields(value, ["by", "path"]);
    return { by, path: path(given.path) };
  }
  if (by !== "history") throw new Malformed("finality by what is not known");
  const given = fields(value, ["by", "path", "past", "header", "certificate"], ["validator_changes"]);
  return {
    by, path: path(given.path), past: pastOf(given.past), header: headerOf(given.header),
    certificate: certificateOf(given.certificate), changes: changesOf(given.validator_changes),
  };
}

// Receipts

/** @param {Uint8Array} data */
export function readReceiptJson(data) {
  const value = parseForm(data, RECEIPT_BYTES_MAX);
  return receiptOf(value);
}

/** @param {Given} value @returns {import("./layout.js").Receipt} */
export function receiptOf(value) {
  const given = fields(value, ["format", "document", "opening", "proof"]);
  if (given.format !== RECEIPT_FORMAT) throw new Malformed("not a receipt");
  return { document: word(given.document, KINDS), opening: openingOf(given.opening), proof: proofOf(given.proof) };
}

/** @param {Given} value @returns {import("./layout.js").Opening} */
export function openingOf(value) {
  const form = isObject(value) ? value.form : undefined;
  if (form === "full") {
    const given = fields(value, ["form", "secret"], ["summary"]);
    return { form, secret: bytes(given.secret), summary: optional(given.summary, summaryOf) };
  }
  if (form === "paper") {
    const given = fields(value, ["form", "summary_key", "summary", "content"]);
    return { form, summaryKey: bytes(given.summary_key), summary: summaryOf(given.summary), content: bytes(given.content) };
  }
  if (form !== "closed-summary") throw new Malformed("an opening that is not known");
  const given = fields(value, ["form", "content_key", "summary"]);
  return { form, contentKey: bytes(given.content_key), summary: bytes(given.summary) };
}

/** @param {Given} value */
function summaryOf(value) {
  if (!isObject(value)) throw new Malformed("not an object");
  const names = Object.keys(value);
  const unknown = names.find((name) => !LABELS.includes(name));
  if (unknown !== undefined) throw new NewerVerifier("a label of the summary that is not known");
  const summary = names.map((name) => ({ label: LABELS.indexOf(name), text: text(value[name]) }));
  return checkSummary(summary.sort((a, b) => a.label - b.label));
}

/** @param {Given} value @returns {import("./layout.js").Proof} */
export function proofOf(value) {
  const given = fields(value, [
    "entry", "index", "log_path", "status_leaf", "status_path", "issuer", "others_root", "header", "finality",
  ]);
  return {
    entry: entryOf(given.entry), index: integer(given.index), logPath: path(given.log_path),
    statusLeaf: bytes(given.status_leaf, STATUS_LEAF_BYTES), statusPath: path(given.status_path), issuer: recordProofOf(given.issuer),
    othersRoot: bytes(given.others_root), header: headerOf(given.header), finality: finalityOf(given.finality),
  };
}

/** Receipts are of issuances alone. @param {Given} value */
function entryOf(value) {
  const given = fields(value, ["issuer", "event"]);
  const event = fields(given.event, ["kind", "commitment"]);
  if (event.kind !== "issue") throw new Malformed("the entry is not an issuance");
  return { issuer: memberId(given.issuer), event: { kind: "issue", commitment: bytes(event.commitment) } };
}

/** @param {Given} value */
export function recordProofOf(value) {
  const given = fields(value, ["record", "index", "count", "path"]);
  return {
    record: recordOf(given.record), index: integer(given.index), count: integer(given.count, MEMBERS_MAX), path: path(given.path),
  };
}

/** @param {Given} value @returns {import("./layout.js").Record} */
function recordOf(value) {
  const given = fields(value, ["id", "name", "standing", "since", "issuer_ids", "disputed", "rest"]);
  return {
    id: memberId(given.id), name: checkPeopleText(text(given.name), 1, NAME_BYTES_MAX, "name"), standing: word(given.standing, STANDINGS), since: integer(given.since),
    issuerIds: items(given.issuer_ids, ISSUER_IDS_MAX, (item) => {
      const term = fields(item, ["id", "from"], ["until"]);
      return { id: issuerId(term.id), from: integer(term.from), until: optional(term.until, (until) => integer(until)) };
    }),
    disputed: items(given.disputed, DISPUTED_MAX, (item) => {
      const range = fields(item, ["from", "until"]);
      return { from: integer(range.from), until: integer(range.until) };
    }),
    rest: bytes(given.rest),
  };
}

// Genesis and trust file

/** @param {Uint8Array} data */
export const readGenesis = (data) => genesisOf(parseForm(data, GENESIS_BYTES_MAX));

/** @param {Given} value @returns {import("./layout.js").Genesis} */
export function genesisOf(value) {
  const given = fields(value, ["version", "name", "nonce", "log_origin", "members"], ["predecessor", "parameters", "signatures"]);
  checkSignatureForms(given.signatures);
  return checkGenesis({
    version: integer(given.version, 255), name: text(given.name), nonce: bytes(given.nonce), logOrigin: text(given.log_origin),
    predecessor: optional(given.predecessor, (item) => {
      const before = fields(item, ["chain_id", "height", "block"]);
      return { chainId: bytes(before.chain_id), height: integer(before.height), block: bytes(before.block) };
    }),
    parameters: given.parameters === undefined ? DEFAULT_PARAMETERS : parametersOf(given.parameters),
    members: items(given.members, Infinity, memberOf),
  });
}

/** @param {Given} value */
function parametersOf(value) {
  const given = fields(value, ["block_bytes_max", "heartbeat_ms", "protocol"], ["next_protocol"]);
  return {
    blockBytesMax: integer(given.block_bytes_max, U32), heartbeatMs: integer(given.heartbeat_ms, U32), protocol: protocol(given.protocol),
    next: optional(given.next_protocol, (item) => {
      const next = fields(item, ["protocol", "height"]);
      return { protocol: protocol(next.protocol), height: integer(next.height) };
    }),
  };
}

/** @param {Given} value @returns {import("./layout.js").Member} */
function memberOf(value) {
  const given = fields(
    value, ["id", "name", "role", "governance_keys", "governance_threshold"],
    ["issuing_key", "consensus_key", "network_key", "issuer_ids", "addresses", "facts"],
  );
  return {
    id: memberId(given.id), name: text(given.name), role: word(given.role, ROLES),
    governanceKeys: items(given.governance_keys, Infinity, key), governanceThreshold: integer(given.governance_threshold, 255),
    issuingKey: optional(given.issuing_key, key), consensusKey: optional(given.consensus_key, key),
    networkKey: optional(given.network_key, key), issuerIds: itemsIfAny(given.issuer_ids, Infinity, text),
    addresses: itemsIfAny(given.addresses, Infinity, text),
    facts: itemsIfAny(given.facts, Infinity, (item) => {
      const fact = fields(item, ["name", "value"]);
      return { name: text(fact.name), value: text(fact.value) };
    }),
  };
}

/** Verifiers do not check these signatures; a file with other fields is refused all the same. @param {Given} value */
function checkSignatureForms(value) {
  if (value === undefined) return;
  if (!isObject(value) || Object.keys(value).length === 0) throw new Malformed("signatures are left out when empty");
  for (const id in value) {
    checkMemberId(id);
    const given = fields(value[id], ["possession"], ["agreement"]);
    items(given.possession, Infinity, signature);
    if (given.agreement === undefined) continue;
    if (!isObject(given.agreement) || Object.keys(given.agreement).length === 0) throw new Malformed("agreement is left out when empty");
    for (const name in given.agreement) {
      key(name);
      signature(given.agreement[name]);
    }
  }
}

/** @param {Uint8Array} data @returns {import("./layout.js").TrustFile} */
export function readTrustJson(data) {
  const given = fields(parseForm(data, TRUST_BYTES_MAX), ["format", "genesis", "anchor", "seals", "remainder"], ["validator_changes"]);
  if (given.format !== TRUST_FORMAT) throw new Malformed("not a trust file");
  const anchor = fields(given.anchor, ["header", "certificate", "past"]);
  return {
    genesis: genesisOf(given.genesis),
    changes: itemsIfAny(given.validator_changes, TRUST_CHANGES_MAX, (item) => {
      const change = fields(item, ["header", "certificate", "next", "path"]);
      return {
        change: { header: headerOf(change.header), certificate: certificateOf(change.certificate), next: setOf(change.next) },
        path: path(change.path),
      };
    }),
    header: headerOf(anchor.header), certificate: certificateOf(anchor.certificate), past: pastOf(anchor.past),
    seals: items(given.seals, SEALS_MAX, (hash) => bytes(hash)),
    remainder: items(given.remainder, PATH_HASHES_MAX, (hash) => bytes(hash)),
  };
}

