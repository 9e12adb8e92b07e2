// SD-JWT: docs/formats/commitment.md, "SD-JWT". All that a presentation discloses is shown as proved, so all of it is checked.
import { decodeUtf8, hex, unbase64url, utf8 } from "./bytes.js";
import { sha256 } from "./ed25519.js";
import { Malformed } from "./faults.js";
import { JSON_DEPTH_MAX, isObject, parseDocument } from "./json.js";

/** @typedef {import("./json.js").Json} Json */
/** @typedef {import("./json.js").JsonObject} JsonObject */
/** @typedef {{ claim: string, value: Json }} Disclosed a JSON pointer, and what stands there */
/** @typedef {{ always: JsonObject, disclosed: Disclosed[] }} Shown what every presentation shows, and what the holder chose to show */

export const SD_JWT_BYTES_MAX = 1 << 20;
const DISCLOSURES_MAX = 1024;
const RESERVED = ["_sd", "...", "_sd_alg"];

/** @param {Uint8Array} document */
export async function readSdJwt(document) {
  if (document.length > SD_JWT_BYTES_MAX) throw new Malformed("longer than 1 MiB");
  let text = decodeUtf8(document).replace(/^[ \t\n\r]+|[ \t\n\r]+$/g, "");
  if (text.startsWith("{")) text = compactOf(object(utf8(text)));
  const parts = text.split("~");
  if (parts.length < 2) throw new Malformed("not an SD-JWT");
  const [issuerSigned, ...disclosures] = parts.slice(0, -1);
  const binding = parts[parts.length - 1];
  if (disclosures.length > DISCLOSURES_MAX) throw new Malformed(`${disclosures.length} disclosures`);
  const [protectedHeader, payload] = jwtParts(issuerSigned).map((part) => unbase64url(part));
  const header = object(protectedHeader);
  const { alg } = header;
  if (typeof alg !== "string" || alg.toLowerCase() === "none" || "crit" in header) throw new Malformed("the protected header");
  if (binding !== "") jwtParts(binding).forEach(unbase64url);
  const claims = await new Disclosures().process(disclosures, object(payload));
  const always = await new Disclosures().process([], object(payload));
  return { issuerSigned, claims, holderBound: binding !== "" || "cnf" in claims, always, disclosed: beyond(always, claims, "") };
}

/** What is shown beyond what every presentation shows: objects by their new names, lists as a whole. @param {Json} always @param {Json} shown @param {string} at
 * @returns {Disclosed[]} */
function beyond(always, shown, at) {
  const inside = (/** @type {string} */ name) => `${at}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
  if (Array.isArray(always) && Array.isArray(shown)) {
    if (always.length !== shown.length) return [{ claim: at, value: shown }];
    return shown.flatMap((value, i) => beyond(always[i], value, `${at}/${i}`));
  }
  if (!isObject(always) || !isObject(shown)) return [];
  const names = Object.keys(shown).sort();
  return names.flatMap((name) => (name in always ? beyond(always[name], shown[name], inside(name)) : [{ claim: inside(name), value: shown[name] }]));
}

/** @param {string} jwt */
function jwtParts(jwt) {
  const parts = jwt.split(".");
  if (parts.length !== 3 || parts.includes("")) throw new Malformed("not a JWT");
  return parts;
}

/** @param {Uint8Array} data */
function object(data) {
  const value = parseDocument(data);
  if (!isObject(value)) throw new Malformed("a part of another type");
  return value;
}

/** RFC 9901, section 8. @param {JsonObject} whole */
function compactOf(whole) {
  let signed = /** @type {Json} */ (whole);
  if ("signatures" in whole) {
    const given = whole.signatures;
    if (["protected", "signature", "header"].some((name) => name in whole) || !Array.isArray(given) || given.length !== 1) {
      throw new Malformed("the JSON serialisation");
    }
    only(whole, ["payload", "signatures"]);
    signed = given[0];
  }
  const members = ["protected", "signature", "header"];
  const { protected: head, signature, header = Object.create(null) } = only(signed, signed === whole ? ["payload", ...members] : members);
  only(header, ["disclosures", "kb_jwt"]);
  const disclosures = "disclosures" in header ? header.disclosures : [];
  const binding = "kb_jwt" in header ? header.kb_jwt : "";
  if (!Array.isArray(disclosures) || ("kb_jwt" in header && !binding)) throw new Malformed("the JSON serialisation");
  const parts = [head, whole.payload, signature];
  const texts = [...parts, ...disclosures, binding].map((text) => {
    if (typeof text !== "string" || text.includes("~")) throw new Malformed("the JSON serialisation");
    return text;
  });
  if (texts.slice(0, 3).some((text) => text.includes("."))) throw new Malformed("the JSON serialisation");
  return [texts.slice(0, 3).join("."), ...texts.slice(3)].join("~");
}

/** An object with no other members: the digest does not cover them, and people read them all the same. @param {Json} value @param {string[]} names */
function only(value, names) {
  if (!isObject(value) || Object.keys(value).some((name) => !names.includes(name))) throw new Malformed("the JSON serialisation, or a member that is not part of it");
  return value;
}

class Disclosures {
  constructor() {
    /** Disclosures that no digest has referred to yet, by digest. @type {Map<string, Json[]>} */
    this.open = new Map();
    /** @type {Set<string>} */
    this.met = new Set();
  }

  /** @param {string[]} texts @param {JsonObject} payload */
  async process(texts, payload) {
    for (const text of texts) {
      const digest = hex(await sha256(utf8(text)));
      const elements = parseDocument(unbase64url(text));
      if (this.open.has(digest) || !Array.isArray(elements)) throw new Malformed("a disclosure is there twice, or not an array");
      this.open.set(digest, elements);
    }
    if ("_sd_alg" in payload && payload._sd_alg !== "sha-256") throw new Malformed("an unknown _sd_alg");
    delete payload._sd_alg;
    const claims = this.object(payload, 1);
    if (this.open.size > 0) throw new Malformed("no digest refers to a disclosure");
    return claims;
  }

  /** @param {Json} value @param {number} depth @returns {Json} */
  value(value, depth) {
    if (Array.isArray(value)) return this.array(value, depth);
    return isObject(value) ? this.object(value, depth) : value;
  }

  /** @param {JsonObject} value @param {number} depth */
  object(value, depth) {
    if (depth > JSON_DEPTH_MAX || "..." in value) throw new Malformed("nested too deep, or a reserved name");
    const digests = "_sd" in value ? value._sd : [];
    if (!Array.isArray(digests)) throw new Malformed("_sd is not an array");
    /** @type {JsonObject} */
    const claims = Object.create(null);
    for (const name in value) if (name !== "_sd") claims[name] = this.value(value[name], depth + 1);
    for (const digest of digests) {
      const elements = this.referred(digest);
      if (elements === undefined) continue;
      const [salt, name, inner] = elements;
      if (elements.length !== 3 || typeof salt !== "string" || typeof name !== "string") throw new Malformed("a disclosed claim has salt, name and value");
      if (RESERVED.includes(name) || name in claims) throw new Malformed("a disclosed claim has a reserved name, or is there already");
      claims[name] = this.value(inner, depth + 1);
    }
    return claims;
  }

  /** @param {Json[]} value @param {number} depth */
  array(value, depth) {
    if (depth > JSON_DEPTH_MAX) throw new Malformed("nested too deep");
    const found = [];
    for (const element of value) {
      let shown = element;
      if (isObject(element) && "..." in element && Object.keys(element).length === 1) {
        const elements = this.referred(element["..."]);
        if (elements === undefined) continue;
        if (elements.length !== 2 || typeof elements[0] !== "string") throw new Malformed("a disclosed element has salt and value");
        shown = elements[1];
      }
      found.push(this.value(shown, depth + 1));
    }
    return found;
  }

  /** @param {Json} digest */
  referred(digest) {
    const data = typeof digest === "string" ? unbase64url(digest) : new Uint8Array(0);
    if (data.length !== 32 || this.met.has(hex(data))) throw new Malformed("a digest is malformed, or met twice");
    this.met.add(hex(data));
    const elements = this.open.get(hex(data));
    this.open.delete(hex(data));
    return elements;
  }
}
