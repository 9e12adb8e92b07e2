// A credential as JSON, and what all readers of one share.
import { decodeUtf8, utf8 } from "../bytes.js";
import { canonical, isObject, parseDocument } from "../json.js";
import { Malformed } from "../faults.js";
import { CREDENTIALS_V1, CREDENTIALS_V2 } from "./context.js";
import { NotRead } from "./faults.js";
import { listOf } from "./rdf.js";

/** @typedef {import("../json.js").Json} Json */
/** @typedef {import("../json.js").JsonObject} JsonObject */

export const CREDENTIAL_BYTES_MAX = 4 << 20;
export const VALUES_MAX = 100_000;
const SIGNS = ["VerifiableCredential", "www.w3.org/ns/credentials/v2", "www.w3.org/2018/credentials/v1"];

/** Beyond the limits, which says nothing of the document. */
export class TooLarge extends NotRead {}

/** An unambiguous JSON object within the limits. @param {Uint8Array} data */
export const readObject = (data) => objectOf(canonicalForm(data));

/** A JSON text as the ledger binds it. Limits are those of this form: whoever holds a document may add white space and escapes to it, which must not keep
 * anybody from reading its dates. @param {Uint8Array} data @returns {{ value: Json, text: Uint8Array }} */
export function canonicalForm(data) {
  try {
    const value = parseDocument(data);
    return { value, text: utf8(canonical(value)) };
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    if (/^(nested|longer)/.test(error.message)) throw new TooLarge(error.message);
    throw new NotRead("not JSON that every reader takes the same way");
  }
}

/** @param {ReturnType<typeof canonicalForm>} form @returns {JsonObject} */
export function objectOf({ value, text }) {
  if (text.length > CREDENTIAL_BYTES_MAX) throw new TooLarge("longer than 4 MiB");
  if (valuesInText(text) > VALUES_MAX) throw new TooLarge("too many JSON values");
  if (!isObject(value)) throw new NotRead("not a JSON object");
  return value;
}

/** At least as many as there are values: each but the first follows one of these bytes. @param {Uint8Array} data */
function valuesInText(data) {
  let [count, inside] = [1, false];
  for (let i = 0; i < data.length; i++) {
    const byte = data[i];
    if (inside && byte === 0x5c) i += 1;
    else if (byte === 0x22) inside = !inside;
    else if (!inside && (byte === 0x2c || byte === 0x5b || byte === 0x7b)) count += 1;
  }
  return count;
}

/** How many values there are in a value. @param {Json} value @returns {number} */
export const valuesIn = (value) =>
  typeof value === "object" && value !== null ? Object.values(value).reduce((/** @type {number} */ sum, inner) => sum + valuesIn(inner), 1) : 1;

/** Whether a text has what every credential has. @param {string} text */
export const looksLikeCredential = (text) => SIGNS.some((sign) => text.includes(sign));

/** Bytes as characters, one each; those from 0x80 to 0x9f may be others than in Latin-1. @param {Uint8Array} data */
export const latin = (data) => new TextDecoder("latin1").decode(data);

/** Whether one of an object's types is one of these. @param {JsonObject} object @param {...string} known */
export const hasType = (object, ...known) => listOf(object.type).some((name) => typeof name === "string" && known.includes(name));

/** @param {JsonObject} object */
export const isCredential = (object) =>
  hasType(object, "VerifiableCredential") ||
  ("credentialSubject" in object && listOf(object["@context"]).some((context) => context === CREDENTIALS_V1 || context === CREDENTIALS_V2));

/** A text, or the `id` of an object. @param {Json | undefined} value @returns {string | undefined} */
export function idOf(value) {
  const id = isObject(value) ? value.id : value;
  return typeof id === "string" ? id : undefined;
}

/** UTF-8 without an error; null otherwise. @param {Uint8Array} data */
export function textOrNull(data) {
  try {
    return decodeUtf8(data);
  } catch {
    return null;
  }
}

/** A JSON text of a value that was read. @param {Json} value */
export const bytesOf = (value) => utf8(JSON.stringify(value));
