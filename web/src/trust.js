// What a verifier trusts, and when a header counts: docs/formats/trust-file.md and certificate.md.
import { Reader, equal, hex, startsWith } from "./bytes.js";
import { signatureHolds } from "./ed25519.js";
import { Fault, Malformed, NewerVerifier } from "./faults.js";
import { readTrustJson } from "./forms.js";
import { checkGenesis, firstSet } from "./genesis.js";
import {
  CHANGES_MAX, LAYOUT, LOG_SIZE_MAX, TIME_MS_MAX, TRUST_BYTES_MAX, blockHash, chainIdOf, faultyMax, pastHash, quorum, setHash,
  voteMessage,
} from "./layout.js";
import { readCertificate, readGenesis, readHeader, readSet } from "./encodings.js";
import { HISTORY, SEAL_HEADERS, foldHistory, isIncluded } from "./trees.js";

/** @typedef {import("./layout.js").Header} Header */
/** @typedef {import("./layout.js").ValidatorSet} ValidatorSet */
/** @typedef {import("./layout.js").Certificate} Certificate */
/** @typedef {import("./layout.js").Change} Change */
/** @typedef {import("./layout.js").Genesis} Genesis */
/** @typedef {{ chainId: Uint8Array, genesis: Genesis, sets: ValidatorSet[], header: Header | null, seals: Uint8Array[], nowMs: number }} Trust
 * `header` is the anchor; null with the genesis alone */
/** @typedef {{ signers: string[], validators: number }} Basis who signed, and of how many */

export const TRUST_MAGIC = Uint8Array.of(0xf5, 0x73, 0x6e, 0x74);
const AHEAD_MS_MAX = 300_000;
const AGE_MS_MAX = 31_536_000_000;
const TRUST_CHANGES_MAX = 1 << 14;
const SEALS_MAX = 1 << 16;
const HASHES_MAX = 64;

/** @param {Genesis} genesis @param {number} nowMs @returns {Trust} */
export const trustGenesis = (genesis, nowMs) => ({
  chainId: chainIdOf(genesis), genesis, sets: [firstSet(genesis)], header: null, seals: [], nowMs,
});

/** A trust file in either encoding. @param {Uint8Array} data */
export function readTrust(data) {
  if (data.length > TRUST_BYTES_MAX) throw new Malformed("longer than a trust file may be");
  return startsWith(data, TRUST_MAGIC) ? readTrustBinary(data) : readTrustJson(data);
}

/** @param {Uint8Array} data @returns {import("./layout.js").TrustFile} */
function readTrustBinary(data) {
  const read = new Reader(data.subarray(TRUST_MAGIC.length));
  if (read.u8() !== 1) throw new NewerVerifier("a trust file of another version");
  const genesis = readGenesis(read);
  const changes = read.list32(TRUST_CHANGES_MAX, () => ({
    change: { header: readHeader(read), certificate: readCertificate(read), next: readSet(read) },
    path: read.list32(HASHES_MAX, () => read.hash()),
  }));
  const file = {
    genesis, changes, header: readHeader(read), certificate: readCertificate(read),
    past: { previous: read.hash(), historyRoot: read.hash(), batchesRoot: read.hash() },
    seals: read.list32(SEALS_MAX, () => read.hash()), remainder: read.list32(HASHES_MAX, () => read.hash()),
  };
  read.finish();
  checkGenesis(genesis);
  return file;
}

/** "Verification of a trust file". @param {import("./layout.js").TrustFile} file @param {number} nowMs @returns {Promise<Trust>} */
export async function trustFile(file, nowMs) {
  const trust = trustGenesis(file.genesis, nowMs);
  const anchor = file.header;
  checkForm(trust, anchor);
  if (!equal(pastHash(file.past), anchor.past)) throw new Fault("history", "tampered", "what the anchor's past is said to be is not what it is");
  const sets = [...trust.sets];
  let below = 0;
  for (const { change, path } of file.changes) {
    const { height } = change.header;
    if (!(below < height && height <= anchor.height)) throw new Fault("validators", "tampered", `the change at height ${height} is out of order`);
    below = height;
    sets.push(await followOne(trust, sets[sets.length - 1], change));
    if (height < anchor.height) await checkHistory(change.header, anchor.height, file.past.historyRoot, path);
    else if (!equal(blockHash(change.header), blockHash(anchor)) || path.length > 0) {
      throw new Fault("validators", "tampered", "a change at the anchor's height is not the anchor");
    }
  }
  await checkCertificate(anchor, file.certificate, /** @type {ValidatorSet} */ (sets.findLast((s) => s.firstHeight <= anchor.height)));
  if (!equal(setHash(sets[sets.length - 1]), anchor.nextValidatorsHash)) {
    throw new Fault("validators", "not-proven", "the changes do not lead to the validators after the anchor");
  }
  const root = await foldHistory(anchor.height - 1, file.seals, file.remainder);
  if (root === null || !equal(root, file.past.historyRoot)) {
    throw new Fault("history", "tampered", "seals and remainder are not those of the anchor");
  }
  return { ...trust, sets, header: anchor, seals: file.seals };
}

/** The set that decides a height, as far as it is known. @param {Trust} trust @param {number} height */
export function setAt(trust, height) {
  const known = (trust.header?.height ?? 0) + 1;
  return height > known ? null : (trust.sets.findLast((set) => set.firstHeight <= height) ?? null);
}

/** @param {Trust} trust @param {number} number */
export const setNumbered = (trust, number) => trust.sets.find((set) => set.number === number) ?? null;

/** "When a header counts". @param {Trust} trust @param {Header} header @param {import("./layout.js").Finality} finality @returns {Promise<Basis>} */
export async function checkFinal(trust, header, finality) {
  checkForm(trust, header);
  if (finality.by === "sealed") return checkSealed(trust, header, finality.path);
  if (finality.by === "certificate") return checkCertified(trust, header, finality.certificate, finality.changes);
  const newer = finality.header;
  checkForm(trust, newer);
  const basis = await checkCertified(trust, newer, finality.certificate, finality.changes);
  if (!equal(pastHash(finality.past), newer.past)) {
    throw new Fault("history", "tampered", `what the past of height ${newer.height} is said to be is not what it is`);
  }
  await checkHistory(header, newer.height, finality.past.historyRoot, finality.path);
  checkAnchor(trust, header);
  return basis;
}

/** header.md, steps 1 to 3. @param {Trust} trust @param {Header} header */
export function checkForm(trust, header) {
  if (header.layout !== LAYOUT) throw new Fault("header", "needs-newer-verifier", `a header of layout ${header.layout}`);
  if (header.height === 0 || header.timeMs > TIME_MS_MAX || header.logSize > LOG_SIZE_MAX) {
    throw new Fault("header", "tampered", "a header that no block can have");
  }
  if (!equal(header.chainId, trust.chainId)) throw new Fault("chain", "foreign-chain", `a block of chain ${hex(header.chainId)}`);
}

/** @param {Trust} trust @param {Header} header */
function checkAnchor(trust, header) {
  if (trust.header?.height === header.height && !equal(blockHash(header), blockHash(trust.header))) {
    throw new Fault("history", "not-proven", `the header at height ${header.height} is not the one of the trust file`);
  }
}

/** @param {Trust} trust @param {Header} header @param {Uint8Array[]} path @returns {Promise<Basis>} */
async function checkSealed(trust, header, path) {
  if (trust.header === null) throw new Fault("anchor", "needs-trust-file", "a sealed header needs a trust file");
  const seal = Math.floor((header.height - 1) / SEAL_HEADERS);
  if (seal >= trust.seals.length) throw new Fault("anchor", "renew", `the trust file has no seal over height ${header.height}`);
  const leaf = await HISTORY.leaf(blockHash(header));
  if (!(await isIncluded(HISTORY, leaf, (header.height - 1) % SEAL_HEADERS, SEAL_HEADERS, path, trust.seals[seal]))) {
    throw new Fault("history", "tampered", `height ${header.height} is not under the seal`);
  }
  return { signers: [], validators: setAt(trust, header.height)?.validators.length ?? 0 };
}

/** @param {Trust} trust @param {Header} header @param {Certificate} certificate @param {Change[]} changes @returns {Promise<Basis>} */
async function checkCertified(trust, header, certificate, changes) {
  if (changes.length > CHANGES_MAX) throw new Fault("validators", "needs-trust-file", `${changes.length} validator changes`);
  const anchor = trust.header;
  let validators;
  if (anchor === null) {
    validators = await follow(trust, trust.sets[0], 0, changes, header.height);
    if (changes.length === 0 && header.height > 1 && !equal(setHash(validators), header.validatorsHash)) {
      throw new Fault("anchor", "needs-trust-file", `the genesis does not know the validators of height ${header.height}`);
    }
    await checkCertificate(header, certificate, validators);
  } else if (header.height > anchor.height) {
    checkFresh(trust, anchor);
    const first = changes.findIndex((change) => change.header.height > anchor.height);
    const further = first < 0 ? [] : changes.slice(first);
    validators = await follow(trust, trust.sets[trust.sets.length - 1], anchor.height, further, header.height);
    if (further.length === 0 && header.height > anchor.height + 1 && !equal(setHash(validators), header.validatorsHash)) {
      throw new Fault("anchor", "renew", `the trust file does not know the validators of height ${header.height}`);
    }
    await checkCertificate(header, certificate, validators);
  } else {
    checkAnchor(trust, header);
    validators = /** @type {ValidatorSet} */ (setAt(trust, header.height));
    await checkCertificate(header, certificate, validators);
    if (header.height < anchor.height) checkCurrent(trust, anchor, certificate, validators);
  }
  const members = validators.validators;
  return { signers: certificate.signatures.map(({ validator }) => members[validator].member), validators: members.length };
}

/** Enough of the signers still hold their key after the anchor. @param {Trust} trust @param {Header} anchor
 * @param {Certificate} certificate @param {ValidatorSet} validators */
function checkCurrent(trust, anchor, certificate, validators) {
  const current = trust.sets[trust.sets.length - 1].validators;
  const standing = certificate.signatures.filter(({ validator }) => {
    const signer = validators.validators[validator];
    return current.some((v) => v.member === signer.member && equal(v.key, signer.key));
  });
  if (standing.length < faultyMax(validators) + 1) {
    throw new Fault("history", "needs-history-path", `${standing.length} of its signers still hold their key, too few`);
  }
  checkFresh(trust, anchor);
}

/** RFC 3339; a time that no date has stays a number. @param {number} ms */
const utc = (ms) => (Math.abs(ms) <= 8_640_000_000_000_000 ? new Date(ms).toISOString() : `${ms} ms after 1970`);

/** @param {Trust} trust @param {Header} anchor */
function checkFresh(trust, anchor) {
  const [now, time] = [trust.nowMs, anchor.timeMs].map(utc);
  if (trust.nowMs < anchor.timeMs - AHEAD_MS_MAX) {
    const fault = new Fault("anchor", "renew", `this device's clock is wrong: it says ${now}, before the trust file's header of ${time}; set the clock`);
    fault.isClock = true;
    throw fault;
  }
  if (trust.nowMs > anchor.timeMs + AGE_MS_MAX) {
    throw new Fault("anchor", "renew", `the trust file's header is of ${time} and by this device's clock, ${now}, no longer vouches for signatures`);
  }
}

/** @param {Trust} trust @param {ValidatorSet} set @param {number} above @param {Change[]} changes @param {number} below */
async function follow(trust, set, above, changes, below) {
  let validators = set;
  let at = above;
  for (const change of changes) {
    const { height } = change.header;
    if (!(at < height && height < below)) throw new Fault("validators", "tampered", `the change at height ${height} is out of order`);
    at = height;
    validators = await followOne(trust, validators, change);
  }
  return validators;
}

/** certificate.md, "Validator change", steps 2 to 5. @param {Trust} trust @param {ValidatorSet} validators @param {Change} change */
async function followOne(trust, validators, { header, certificate, next }) {
  checkForm(trust, header);
  await checkCertificate(header, certificate, validators);
  if (!equal(setHash(next), header.nextValidatorsHash)) {
    throw new Fault("validators", "tampered", `not the validators that height ${header.height} names as the next`);
  }
  const follows = next.number === validators.number + 1 && next.firstHeight > validators.firstHeight && next.firstHeight === header.height + 1;
  if (!follows) throw new Fault("validators", "tampered", `the set after height ${header.height} does not follow`);
  return next;
}

/** certificate.md, "Verification of a certificate". @param {Header} header @param {Certificate} certificate @param {ValidatorSet} set */
export async function checkCertificate(header, certificate, set) {
  if (!equal(setHash(set), header.validatorsHash)) {
    throw new Fault("validators", "not-proven", `the validators of height ${header.height} are not those that are trusted`);
  }
  if (certificate.height !== header.height || !equal(certificate.block, blockHash(header))) {
    throw new Fault("certificate", "tampered", "the certificate is for another block");
  }
  const { signatures } = certificate;
  if (signatures.length < quorum(set)) {
    throw new Fault("certificate", "not-proven", `${signatures.length} signatures at height ${header.height}, ${quorum(set)} needed`);
  }
  if (signatures.some((s, i) => i > 0 && signatures[i - 1].validator >= s.validator)) {
    throw new Fault("certificate", "tampered", "signatures are not in strictly ascending order of validator");
  }
  const message = voteMessage(header, certificate.round);
  const good = await Promise.all(
    signatures.map(async ({ validator, signature }) => {
      const signer = set.validators[validator];
      return signer !== undefined && signatureHolds(signer.key, signature, message);
    }),
  );
  signatures.forEach(({ validator }, i) => {
    if (validator >= set.validators.length) throw new Fault("certificate", "not-proven", `validator ${validator} is not in the set`);
    if (good[i]) return;
    const reason = good.includes(true) ? `the signature of ${set.validators[validator].member} is wrong` : "none of the signatures is over this block";
    throw new Fault("certificate", "tampered", reason);
  });
}

/** history.md, step 3. @param {Header} header @param {number} newer @param {Uint8Array} root @param {Uint8Array[]} path */
async function checkHistory(header, newer, root, path) {
  const leaf = await HISTORY.leaf(blockHash(header));
  if (!(await isIncluded(HISTORY, leaf, header.height - 1, newer - 1, path, root))) {
    throw new Fault("history", "tampered", `height ${header.height} is not in the history of height ${newer}`);
  }
}
