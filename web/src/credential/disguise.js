// Documents that hold a credential in a form that is not read: as a JWT among other text, encoded, compressed. Nothing of them is believed: this is
// so that they are not passed over in silence.
import { unbase64url } from "../bytes.js";
import { NotRead } from "./faults.js";
import { CREDENTIAL_BYTES_MAX, latin, looksLikeCredential, readObject } from "./read.js";

/** Base64 of either alphabet, with or without padding, also in lines. @param {string} text @returns {Uint8Array | null} */
export function decodeLeniently(text) {
  const plain = text.replace(/\s/g, "").replace(/=+$/, "").replaceAll("-", "+").replaceAll("_", "/");
  if (!/^[\w+/]*$/.test(plain) || plain.includes("_") || plain.length % 4 === 1) return null;
  return Uint8Array.from(atob(plain), (c) => c.charCodeAt(0));
}

/** Why a text holds a JWT with a credential, and yet is not one; null if nothing in it looks like one. @param {string} given @returns {string | null} */
export function disguised(given) {
  const text = given.slice(0, CREDENTIAL_BYTES_MAX);
  const whole = text.trim().replace(/^\ufeff+/, "");
  // Readers that drop what cannot be seen take the rest together; some take other full stops for those of ASCII.
  const inOneLine = text.replace(/[\uff0e\u3002\u2024]/g, ".").replace(/[^!-~]/g, "");
  const first = (/** @type {string[]} */ tokens) => tokens.map((token) => whyNotRead(token, token === whole)).find((why) => why !== null) ?? null;
  return first(tokensOf(whole)) ?? (first(tokensOf(inOneLine)) === null ? null : "a JWT that is broken by spaces or line breaks, or has other text around it");
}

/** @param {string} text */
const tokensOf = (text) => text.split(/[^\w\-=+/.]/).filter((token) => token.split(".").length > 2);

/** @param {string} token @param {boolean} isWhole @returns {string | null} */
function whyNotRead(token, isWhole) {
  const parts = token.split(".");
  const payload = decodeLeniently(parts[1]);
  if (payload === null) return null;
  const text = latin(payload);
  if (!looksLikeCredential(text) && !text.includes('"vct"')) return null;
  if (parts.some((part, i) => (i < 2 || part !== "") && !isStrict(part))) return "a JWT that is not in base64url without padding";
  const header = decodeLeniently(parts[0]);
  if (header === null) return null;
  try {
    if (!("alg" in readObject(header))) return "a JWT that is without a header that names an algorithm";
  } catch (error) {
    if (!(error instanceof NotRead)) throw error;
    return "a JWT whose header is not JSON that every reader takes the same way";
  }
  return isWhole ? "a JWT that is not of three parts" : "a JWT that is among other text";
}

/** @param {string} part */
function isStrict(part) {
  try {
    unbase64url(part);
    return true;
  } catch {
    return false;
  }
}
