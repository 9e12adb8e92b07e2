// The binary receipt: docs/formats/receipt.md. What it leaves out is computed, so a changed part shows in the signatures.
import { Reader, equal, hex, utf8 } from "./bytes.js";
import { Fault, Malformed, NewerVerifier } from "./faults.js";
import { TooManyChanges } from "./forms.js";
import {
  CHANGES_MAX, DISPUTED_MAX, ISSUER_IDS_MAX, LABELS, LAYOUT, MEMBERS_MAX, NAME_BYTES_MAX, RECEIPT_BYTES_MAX, SUMMARY_BYTES_MAX,
  VALIDATORS_MAX, blockHash, checkMemberId, checkSet, checkSummary, encodeIssuance, encodeRecord, normalIssuerId, pastHash, quorum,
  setHash,
} from "./layout.js";
import { LOG, MEMBERS, STATUS, STATUSES_PER_LEAF, STATUS_LEAF_BYTES, membersRoot, pathLength, rootOf, stateRoot } from "./trees.js";
import { setAt, setNumbered } from "./trust.js";

/** @typedef {import("./layout.js").Header} Header */
/** @typedef {import("./layout.js").ValidatorSet} ValidatorSet */
/** @typedef {import("./trust.js").Trust} Trust */
/** @typedef {Pick<Header, "rules" | "height" | "round" | "timeMs" | "past" | "logSize">} HeaderStart */

export const RECEIPT_MAGIC = Uint8Array.of(0xf5, 0x73, 0x6e, 0x64);
const VERSION = 1;
const SEAL_PATH_HASHES = 16;
const SPARSE_BYTES_MAX = 55;
const U32_MAX = 2 ** 32 - 1;

class ReceiptReader extends Reader {
  /** Unsigned LEB128 of at most 64 bits, in its shortest form. @param {number} [max] */
  number(max = Infinity) {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.u8();
      value |= BigInt(byte & 0x7f) << shift;
      if (value >= 1n << 64n || Number(value) > max || shift > 63n) throw new Malformed("a number out of its range");
      if (byte < 0x80) {
        if (byte === 0 && shift > 0n) throw new Malformed("a number that is longer than needed");
        return Number(value);
      }
    }
  }

  /** The places of the bits that are set, those beyond `count` too. @param {number} count */
  places(count) {
    const data = this.take(Math.ceil(count / 8));
    return Array.from({ length: 8 * data.length }, (_, i) => i).filter((i) => (data[i >> 3] >> (i & 7)) & 1);
  }

  /** Validators by their places in a set. @param {number} count */
  bitmap(count) {
    const places = this.places(count);
    if (places.some((place) => place >= count)) throw new Fault("certificate", "not-proven", "a validator beyond the set is named");
    return places;
  }

  /** @param {number} index @param {number} size */
  path(index, size) {
    if (!(index < size)) throw new Malformed(`index ${index} is not in a tree of ${size} leaves`);
    return this.hashes(pathLength(index, size));
  }
}

/** @param {Uint8Array} data @param {Trust} trust @returns {Promise<import("./layout.js").Receipt>} */
export async function readReceiptBinary(data, trust) {
  if (data.length > RECEIPT_BYTES_MAX) throw new Malformed("longer than a receipt may be");
  const read = new ReceiptReader(data);
  if (!equal(read.take(4), RECEIPT_MAGIC)) throw new Malformed("not a binary receipt");
  if (read.u8() !== VERSION) throw new NewerVerifier("a binary receipt of another version");
  const chain = read.take(8);
  if (!equal(chain, trust.chainId.subarray(0, 8))) throw new Fault("chain", "foreign-chain", `a receipt of chain ${hex(chain)}…`);
  const flags = read.u8();
  const document = flags & 3;
  const finality = (flags >> 4) & 3;
  if (flags & 128 || document === 3 || finality === 3) throw new Malformed("unknown flags");
  const opening = readOpening(read, (flags >> 2) & 3);
  const commitment = read.hash();

  const start = finality === 1 ? null : readChanges(read, trust);
  const newer = finality === 2 && start !== null ? readNewer(read, trust, start.validators) : null;
  const headerStart = readHeaderStart(read);
  const { height, logSize } = headerStart;
  const own = newer !== null ? read.hash() : setHash(start !== null ? start.validators : sealedSet(trust, height));
  const following = flags & 64 ? read.hash() : own;
  if (flags & 64 && equal(following, own)) throw new Malformed("the next validators hash is given and need not be");

  const index = read.number();
  const logPath = read.path(index, logSize);
  const statusLeaf = readStatusLeaf(read);
  const place = Math.floor(index / STATUSES_PER_LEAF);
  const leaves = Math.ceil(logSize / STATUSES_PER_LEAF);
  const statusPath = read.path(place, leaves);
  const record = readRecord(read);
  const memberIndex = read.number();
  const count = read.number(MEMBERS_MAX);
  const memberPath = read.path(memberIndex, count);
  const othersRoot = read.hash();

  const leaf = await LOG.leaf(encodeIssuance(record.id, commitment));
  const logRoot = fits(await rootOf(LOG, leaf, index, logSize, logPath));
  const status = fits(await rootOf(STATUS, await STATUS.leaf(statusLeaf), place, leaves, statusPath));
  const members = fits(await rootOf(MEMBERS, await MEMBERS.leaf(encodeRecord(record)), memberIndex, count, memberPath));
  const header = headerFrom(trust, headerStart, logRoot, stateRoot(status, membersRoot(count, members), othersRoot), own, following);
  const end = readEnd(read, header, start, newer);
  read.finish();
  return {
    document, opening,
    proof: {
      entry: { issuer: record.id, event: { kind: "issue", commitment } }, index, logPath, statusLeaf, statusPath,
      issuer: { record, index: memberIndex, count, path: memberPath }, othersRoot, header, finality: end,
    },
  };
}

/** @param {Uint8Array | null} root */
function fits(root) {
  if (root === null) throw new Malformed("a path does not fit its place");
  return root;
}

/** @param {ReceiptReader} read @param {Header} header @param {ReturnType<typeof readChanges> | null} start
 * @param {ReturnType<typeof readNewer> | null} newer @returns {import("./layout.js").Finality} */
function readEnd(read, header, start, newer) {
  if (start === null) return { by: "sealed", path: read.hashes(SEAL_PATH_HASHES) };
  const { changes, validators } = start;
  if (newer === null) return { by: "certificate", certificate: readCertificate(read, header, validators), changes };
  const path = read.path(Math.max(header.height - 1, 0), Math.max(newer.header.height - 1, 0));
  return { by: "history", path, past: newer.past, header: newer.header, certificate: newer.certificate, changes };
}

/** @param {ReceiptReader} read @param {number} code @returns {import("./layout.js").Opening} */
function readOpening(read, code) {
  if (code === 0) return { form: "full", secret: read.hash() };
  if (code === 1) return { form: "full", secret: read.hash(), summary: readSummary(read) };
  if (code === 2) return { form: "paper", summaryKey: read.hash(), summary: readSummary(read), content: read.hash() };
  return { form: "closed-summary", contentKey: read.hash(), summary: read.hash() };
}

/** @param {Reader} read */
export function readSummary(read) {
  const start = read.at;
  const count = read.u8();
  if (count < 1 || count > LABELS.length) throw new Malformed("a summary has 1 to 8 fields");
  const summary = Array.from({ length: count }, () => ({ label: read.u8(), text: read.text8() }));
  if (read.at - start > SUMMARY_BYTES_MAX) throw new Malformed("the summary is too long");
  if (summary.some(({ label }) => label >= LABELS.length)) throw new NewerVerifier("a label of the summary that is not known");
  return checkSummary(summary);
}

/** @param {Trust} trust @param {string} what */
const notKnown = (trust, what) => new Fault("anchor", trust.header === null ? "needs-trust-file" : "renew", `${what} is not known`);

/** @param {Trust} trust @param {number} height */
function sealedSet(trust, height) {
  const set = setAt(trust, height);
  if (set === null) throw notKnown(trust, `the validator set of height ${height}`);
  return set;
}

/** @param {ReceiptReader} read @param {Trust} trust */
function readChanges(read, trust) {
  const number = read.number();
  let validators = setNumbered(trust, number);
  if (validators === null) throw notKnown(trust, `validator set ${number}`);
  const count = read.number();
  if (count > CHANGES_MAX) throw new TooManyChanges("more than 64 validator changes");
  const changes = [];
  for (let i = 0; i < count; i++) {
    const start = readHeaderStart(read);
    const logRoot = read.hash();
    const state = read.hash();
    const next = readNextSet(read, validators, start.height);
    const header = headerFrom(trust, start, logRoot, state, setHash(validators), setHash(next));
    changes.push({ header, certificate: readCertificate(read, header, validators), next });
    validators = next;
  }
  return { changes, validators };
}

/** @param {ReceiptReader} read @param {ValidatorSet} former @param {number} height */
function readNextSet(read, former, height) {
  const leaving = read.bitmap(former.validators.length);
  const count = read.number(VALIDATORS_MAX);
  /** @type {import("./layout.js").Validator[]} */
  const coming = [];
  for (let i = 0; i < count; i++) {
    const validator = { member: checkMemberId(read.text8()), key: read.hash() };
    if (former.validators.some((v) => v.member === validator.member && equal(v.key, validator.key))) {
      throw new Malformed("a validator comes that was one before");
    }
    if (i > 0 && coming[i - 1].member >= validator.member) throw new Malformed("validators that come are not in order");
    coming.push(validator);
  }
  const staying = former.validators.filter((_, place) => !leaving.includes(place));
  const validators = [...staying, ...coming].sort((a, b) => (a.member < b.member ? -1 : Number(a.member > b.member)));
  const next = { number: former.number + 1, firstHeight: height + 1, validators };
  try {
    checkSet(next);
    if (next.firstHeight <= former.firstHeight) throw new Malformed("it begins no later than the set before");
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    throw new Fault("validators", "tampered", `the validators after height ${height}: ${error.message}`);
  }
  return next;
}

/** @param {ReceiptReader} read @param {Trust} trust @param {ValidatorSet} validators */
function readNewer(read, trust, validators) {
  const given = { rules: read.u8(), height: read.number(), round: read.number(U32_MAX), timeMs: read.number(), logSize: read.number() };
  const logRoot = read.hash();
  const state = read.hash();
  const past = { previous: read.hash(), historyRoot: read.hash(), batchesRoot: read.hash() };
  const header = headerFrom(trust, { ...given, past: pastHash(past) }, logRoot, state, setHash(validators), read.hash());
  return { header, past, certificate: readCertificate(read, header, validators) };
}

/** @param {ReceiptReader} read @returns {HeaderStart} */
function readHeaderStart(read) {
  return {
    rules: read.u8(), height: read.number(), round: read.number(U32_MAX), timeMs: read.number(), past: read.hash(), logSize: read.number(),
  };
}

/** @param {Trust} trust @param {HeaderStart} start @param {Uint8Array} logRoot @param {Uint8Array} state @param {Uint8Array} own
 * @param {Uint8Array} following @returns {Header} */
const headerFrom = (trust, start, logRoot, state, own, following) => ({
  ...start, layout: LAYOUT, chainId: trust.chainId, logRoot, stateRoot: state, validatorsHash: own, nextValidatorsHash: following,
});

/** @param {ReceiptReader} read @param {Header} header @param {ValidatorSet} validators */
function readCertificate(read, header, validators) {
  const round = read.number(U32_MAX);
  const signers = read.bitmap(validators.validators.length);
  if (signers.length !== quorum(validators)) {
    throw new Fault("certificate", "not-proven", `${signers.length} signatures, not the ${quorum(validators)} that suffice`);
  }
  const signatures = signers.map((validator) => ({ validator, signature: read.take(64) }));
  return { height: header.height, round, block: blockHash(header), signatures };
}

/** @param {ReceiptReader} read */
function readStatusLeaf(read) {
  const form = read.u8();
  if (form > 1) throw new Malformed("a status leaf of another form");
  if (form === 1) {
    const leaf = read.take(STATUS_LEAF_BYTES);
    if (leaf.filter((byte) => byte !== 0).length <= SPARSE_BYTES_MAX) throw new Malformed("a status leaf could be sparse");
    return leaf;
  }
  const leaf = new Uint8Array(STATUS_LEAF_BYTES);
  const places = read.places(STATUS_LEAF_BYTES);
  if (places.length > SPARSE_BYTES_MAX) throw new Malformed("a status leaf should be whole");
  for (const place of places) {
    leaf[place] = read.u8();
    if (leaf[place] === 0) throw new Malformed("a byte of the status leaf is given and is 0");
  }
  return leaf;
}

/** @param {ReceiptReader} read @returns {import("./layout.js").Record} */
function readRecord(read) {
  const flags = read.u8();
  if (flags > 15) throw new Malformed("unknown flags of the record");
  const id = checkMemberId(read.text8());
  const name = read.text8();
  // What the name says is checked when it is proved.
  if (name === "" || utf8(name).length > NAME_BYTES_MAX) throw new Malformed("a name of no or too many bytes");
  const since = read.number();
  const issuerIds = [];
  for (let left = flags & 4 ? countOf(read, ISSUER_IDS_MAX) : 0; left > 0; left--) {
    const given = read.text8();
    if (normalIssuerId(given) !== given) throw new Malformed("an issuer id is not in normal form");
    issuerIds.push({ id: given, from: read.number(), until: read.number() || undefined });
  }
  const disputed = [];
  for (let left = flags & 8 ? countOf(read, DISPUTED_MAX) : 0; left > 0; left--) disputed.push({ from: read.number(), until: read.number() });
  return { id, name, standing: flags & 3, since, issuerIds, disputed, rest: read.hash() };
}

/** @param {ReceiptReader} read @param {number} max */
function countOf(read, max) {
  const count = read.number();
  if (count < 1 || count > max) throw new Malformed(`a list of ${count}`);
  return count;
}
