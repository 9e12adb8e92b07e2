// A document as a credential: whether its own signature is good and it is in force, as crates/credential and docs/credentials.md have it. What the
// ledger proves of it is another question.
import { startsWith, utf8 } from "../bytes.js";
import { guessKind } from "../document.js";
import { Malformed } from "../faults.js";
import { canonical, isObject, parseDocument } from "../json.js";
import { KINDS, normalIssuerId } from "../layout.js";
import { inflate } from "../open/inflate.js";
import { SD_JWT_BYTES_MAX, readSdJwt } from "../sdjwt.js";
import { visible } from "../visible.js";
import { PNG, unbake } from "./badge.js";
import { contexts } from "./context.js";
import { decodeLeniently, disguised } from "./disguise.js";
import { NotRead } from "./faults.js";
import { checkProofs } from "./integrity.js";
import { checkJwt, checkSdJwt } from "./jwt.js";
import { isIdOf } from "./keys.js";
import { faultsOf } from "./model.js";
import { CREDENTIAL_BYTES_MAX, TooLarge, hasType, canonicalForm, idOf, isCredential, latin, looksLikeCredential, objectOf, textOrNull } from "./read.js";
import { below, listOf } from "./rdf.js";
import { validityOf } from "./validity.js";

/** @typedef {import("../json.js").Json} Json */
/** @typedef {import("../json.js").JsonObject} JsonObject */
/** @typedef {import("./jwt.js").Own} Own */
/** @typedef {import("./integrity.js").Circumstances} Circumstances */
/** @typedef {{ part: string, word: string, detail: string }} Check */
/** @typedef {{ word: string, checks: Check[], issuer: string | undefined, validity: import("./validity.js").Validity | null, method: string | undefined,
 *   beyondLimits: boolean }} Finding
 * `word` is one of docs/formats/finding.md, "Credential"; `beyondLimits`: larger than what is read, so that nothing in it was looked at */

/** In rising gravity; from `not-yet-valid` on they speak against it. */
const WORDS = ["good", "key-unproven", "not-checked", "unsigned", "not-yet-valid", "expired", "not-covered", "malformed", "inconsistent", "bad"];
const FORMS_AROUND = ["VerifiablePresentation", "EnvelopedVerifiablePresentation"];
const SHOWN_MAX = 200;

/** Whether something speaks against the credential. @param {Finding} finding */
export const isAgainst = ({ word }) => WORDS.indexOf(word) >= WORDS.indexOf("not-yet-valid");

/** Null if nothing in it looks like a credential. @param {Uint8Array} document @param {import("../layout.js").Record} record of the member that entered it
 * @param {number} nowMs @returns {Promise<Finding | null>} */
export async function checkCredential(document, record, nowMs) {
  /** @type {Circumstances} */
  const circumstances = {
    nowMs,
    isIssuersKey: (key, issuer, method) =>
      issuer !== undefined && record.issuerIds.some(({ id, until }) => until === undefined && id === normalIssuerId(issuer)) &&
      isIdOf(key, issuer) && (method === undefined || method.split("#")[0] === issuer),
  };
  try {
    const baked = await unbake(document);
    const own = await read(baked ?? document, circumstances);
    if (own === null && baked !== null) throw new NotRead("a badge of something that is not a credential");
    return own && conclude(own);
  } catch (error) {
    if (!(error instanceof NotRead)) throw error;
    return finding([{ part: "form", word: "not-checked", detail: error.message }], { issuer: undefined, validity: null, method: undefined, beyondLimits: error instanceof TooLarge });
  }
}

/** @param {Check[]} checks @param {Omit<Finding, "word" | "checks">} rest @returns {Finding} */
function finding(checks, rest) {
  const gravest = checks.reduce((most, { word }) => Math.max(most, WORDS.indexOf(word)), 0);
  return { word: WORDS[gravest], checks, ...rest };
}

/** @param {Uint8Array} document @param {Circumstances} circumstances @returns {Promise<Own | null>} */
async function read(document, circumstances) {
  if (document[0] === 0xef && document[1] === 0xbb && document[2] === 0xbf) return refuse(holdsCredential(document), "starts with a byte order mark");
  const kind = KINDS[guessKind(document)];
  if (kind === "json") return readJson(document, circumstances);
  if (kind === "sd-jwt") return readSd(document, circumstances);
  if (/^[ \t\n\f\r]*\[/.test(latin(document.subarray(0, 1024)))) return refuse(holdsCredential(document) || holdsCredential(rewritten(document)), "a list, not one credential");
  const text = textOrNull(document)?.replace(/^[ \t\n\f\r]+|[ \t\n\f\r]+$/g, "");
  return (text !== undefined && (await checkJwt(text, circumstances))) || readOther(document);
}

/** @param {boolean} isOne @param {string} why @returns {null} */
function refuse(isOne, why) {
  if (isOne) throw new NotRead(why);
  return null;
}

/** The JSON in it, written without escapes that need not be. @param {Uint8Array} document */
function rewritten(document) {
  try {
    return utf8(canonical(parseDocument(document)));
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return new Uint8Array(0);
  }
}

/** @param {Uint8Array} document @param {Circumstances} circumstances @returns {Promise<Own | null>} */
async function readSd(document, circumstances) {
  let given;
  try {
    given = await readSdJwt(document);
  } catch (error) {
    if (error instanceof Malformed) throw new (document.length > SD_JWT_BYTES_MAX ? TooLarge : NotRead)(`not a valid SD-JWT: ${error.message}`);
    throw error;
  }
  return checkSdJwt(given, circumstances);
}

/** @param {Uint8Array} document @param {Circumstances} circumstances @returns {Promise<Own | null>} */
async function readJson(document, circumstances) {
  let [object, written] = [/** @type {JsonObject} */ ({}), document];
  try {
    const form = canonicalForm(document);
    written = form.text;
    object = objectOf(form);
  } catch (error) {
    if (!(error instanceof NotRead)) throw error;
    // What has a canonical form shows in it, without escapes, whether it is one.
    if ((written === document && error instanceof TooLarge) || holdsCredential(written)) throw error;
    return null;
  }
  if (isCredential(object)) {
    const proofs = await checkProofs(object, circumstances);
    const validity = validityOf(object, circumstances.nowMs);
    return { credential: object, issuer: idOf(object.issuer), proofs, counted: proofs.length, validity, mismatches: [], notes: [] };
  }
  if (hasType(object, ...FORMS_AROUND)) throw new NotRead("a presentation, which may hold credentials");
  if (hasType(object, "Assertion") && listOf(object["@context"]).includes("https://w3id.org/openbadges/v2")) {
    throw new NotRead("an Open Badges 2.0 assertion, which is not a W3C credential");
  }
  if (hasType(object, "EnvelopedVerifiableCredential")) return readEnvelope(object, circumstances);
  // RFC 7515, 7.2.
  if ("payload" in object && ("signature" in object || "signatures" in object)) {
    const sd = await readSdJwt(document).catch((error) => {
      throw error instanceof Malformed ? new NotRead("a JSON serialisation of a JWS that is not an SD-JWT") : error;
    });
    return checkSdJwt(sd, circumstances);
  }
  // Names may be written with escapes: what was read counts, too.
  return refuse(holdsCredential(document) || holdsCredential(written), "JSON that only mentions a credential");
}

/** VC Data Model 2.0, 4.13.2. @param {JsonObject} envelope @param {Circumstances} circumstances */
async function readEnvelope(envelope, circumstances) {
  const isAlone = Object.keys(envelope).every((name) => ["@context", "id", "type"].includes(name));
  const id = isAlone && typeof envelope.id === "string" ? envelope.id : "";
  const inner = /^data:application\/vc\+(?:sd-)?jwt,(.*)$/s.exec(id)?.[1];
  const own = inner === undefined ? null : await read(utf8(inner), circumstances);
  if (own === null) throw new NotRead("an envelope around a credential");
  return own;
}

/** Texts that another reader might take for a credential. @param {Uint8Array} given @returns {Promise<null>} */
async function readOther(given) {
  const document = given.subarray(0, CREDENTIAL_BYTES_MAX);
  const [first, second] = document;
  const isZlib = (first & 0x8f) === 8 && (first * 256 + second) % 31 === 0;
  if ((first === 0x1f && second === 0x8b) || isZlib) {
    // What cannot be inflated to its end holds nothing that is looked for.
    const inflated = await inflate(document, isZlib ? "deflate" : "gzip", CREDENTIAL_BYTES_MAX).catch(() => new Uint8Array(0));
    return refuse(holdsCredential(inflated), "a compressed credential");
  }
  const isMarked = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  const isWide = isMarked || (document.length > 1 && (first === 0) !== (second === 0));
  if (isWide) return refuse(holdsCredential(document.subarray(isMarked ? 2 : 0).filter((byte) => byte !== 0)), "text in UTF-16");
  const start = new TextDecoder().decode(document).replace(/^[\s\p{Cc}]+/u, "").replace(/^\ufeff+/, "");
  if (start.startsWith('"')) {
    const inner = rewritten(utf8(start.trimEnd()));
    return refuse(holdsCredential(inner.length > 0 ? utf8(String(JSON.parse(new TextDecoder().decode(inner)))) : utf8(start)), "a credential in quotation marks");
  }
  if (/^[{[]/.test(start)) return refuse(holdsCredential(utf8(start)), "characters around JSON that do not belong there");
  const text = textOrNull(document);
  if (text === null) {
    // Pages, archives and pictures may mention what they do not hold.
    const isOther = startsWith(document, PNG.subarray(0, 4)) || /^(%PDF|PK\x03\x04)/.test(latin(document.subarray(0, 4)));
    return refuse(!isOther && looksLikeCredential(latin(document)), "a credential in CBOR, or among other bytes");
  }
  const why = disguised(text);
  if (why !== null) throw new NotRead(why);
  if (text.includes("{") && looksLikeCredential(text)) throw new NotRead("characters around JSON that do not belong there");
  const digits = text.replace(/\s/g, "");
  const decoded = /^(?:[\da-fA-F]{2})*$/.test(digits) ? Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16)) : unescaped(text);
  refuse(decoded !== null && holdsCredential(decoded), "a credential in hexadecimal digits or percent-encoded");
  const trimmed = text.trim();
  const base64 = decodeLeniently(trimmed.startsWith("data:") ? trimmed.slice(trimmed.indexOf(",") + 1) : text);
  return refuse(base64 !== null && holdsCredential(base64), "a credential in base64");
}

/** @param {string} text */
const unescaped = (text) => (text.includes("%") ? utf8(text.replace(/%([\da-fA-F]{2})/g, (_, digits) => String.fromCharCode(parseInt(digits, 16)))) : null);

/** Whether a text looks like a credential, or a JWT in it does. @param {Uint8Array} data */
function holdsCredential(data) {
  if (looksLikeCredential(latin(data))) return true;
  const text = textOrNull(data);
  return text !== null && disguised(text) !== null;
}

/** @param {Own} own @returns {Promise<Finding>} */
async function conclude({ credential, issuer, proofs, counted, validity, mismatches }) {
  const known = await contexts();
  const strange = strangeContexts(credential, known);
  /** @type {Check[]} */
  const checks = [{ part: "contexts", word: strange.length === 0 ? "good" : "not-checked", detail: strange.join("; ") }];
  const faults = faultsOf(credential, known);
  checks.push({ part: "model", word: faults.length === 0 ? "good" : "malformed", detail: faults.join("; ") });
  checks.push(...ofProofs(proofs, counted), ofValidity(validity));
  checks.push({ part: "claims", word: mismatches.length === 0 ? "good" : "inconsistent", detail: mismatches.join("; ") });
  const shown = issuer === undefined ? undefined : visible([...issuer].slice(0, SHOWN_MAX).join("") + ([...issuer].length > SHOWN_MAX ? "…" : ""));
  return finding(checks, { issuer: shown, validity, method: proofs[0]?.method, beyondLimits: false });
}

/** Signature, key and cover are those of one proof, the best one; any bad proof counts. @param {import("./integrity.js").Proof[]} proofs @param {number} counted
 * @returns {Check[]} */
function ofProofs(proofs, counted) {
  const bad = proofs.find(({ signature }) => signature === "bad");
  if (bad !== undefined) return [{ part: "signature", word: "bad", detail: `${bad.method}: ${bad.reason}` }];
  const good = proofs.slice(0, counted).filter(({ signature }) => signature === "good");
  if (good.length === 0) {
    const [first] = proofs;
    if (first === undefined) return [{ part: "signature", word: "unsigned", detail: "there is no proof in the document" }];
    return [{ part: "signature", word: "not-checked", detail: `${first.method}: ${first.reason}` }];
  }
  const rank = (/** @type {import("./integrity.js").Proof} */ proof) => Number(proof.isIssuers) * 2 + Number(proof.uncovered.length === 0);
  const best = good.reduce((a, b) => (rank(b) >= rank(a) ? b : a));
  return [
    { part: "signature", word: "good", detail: best.method },
    { part: "key", word: best.isIssuers ? "good" : "key-unproven", detail: "" },
    { part: "cover", word: best.uncovered.length === 0 ? "good" : "not-covered", detail: best.uncovered.join("; ") },
  ];
}

/** @param {import("./validity.js").Validity} validity @returns {Check} */
function ofValidity({ unreadable, expired, notYet, endWithholdable }) {
  const word = unreadable.length > 0 ? "inconsistent" : expired ? "expired" : notYet ? "not-yet-valid" : endWithholdable ? "not-checked" : "good";
  return { part: "validity", word, detail: unreadable.join(", ") };
}

/** Places of contexts that are not built in. @param {Json} value @param {JsonObject} known @param {string} [at] @returns {string[]} */
function strangeContexts(value, known, at = "") {
  if (Array.isArray(value)) return value.flatMap((entry, i) => strangeContexts(entry, known, `${at}/${i}`));
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([name, inner]) => {
    const place = below(at, name);
    if (name !== "@context") return strangeContexts(inner, known, place);
    return listOf(inner).flatMap((entry) => (typeof entry === "string" && entry in known ? [] : [`${place} is not a context that is known`]));
  });
}
