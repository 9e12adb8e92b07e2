// Keys that a document carries: Multikey (Controlled Identifiers 1.0, 2.2.2), did:key, JWK (RFC 7517, 7518, 8037), did:jwk.
import { base64url, unbase64url } from "../bytes.js";
import { isUsablePoint, signatureHolds, source } from "../ed25519.js";
import { Malformed } from "../faults.js";
import { isObject } from "../json.js";
import { Bad, NotRead, Unchecked } from "./faults.js";
import { readObject } from "./read.js";

/** @typedef {{ kind: "Ed25519", point: Uint8Array } | { kind: "P-256", x: Uint8Array, y: Uint8Array } | { kind: "RSA", n: string, e: string }} Key */
/** @typedef {import("../json.js").Json} Json */

const MULTIKEY_MAX = 256;
const DID_JWK_MAX = 4096;
const ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const P = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n;
const B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;

/** Base58btc after `z`; null if it is none. @param {string} text @param {number} max */
export function unbase58(text, max) {
  if (text.length > max || !text.startsWith("z")) return null;
  let number = 0n;
  const digits = [...text.slice(1)].map((c) => ALPHABET.indexOf(c));
  if (digits.includes(-1)) return null;
  for (const digit of digits) number = number * 58n + BigInt(digit);
  const zeros = digits.findIndex((digit) => digit > 0);
  const bytes = number === 0n ? [] : (number.toString(16).replace(/^(.)(?=(..)*$)/, "0$1").match(/../g) ?? []).map((pair) => parseInt(pair, 16));
  return Uint8Array.from([...new Array(zeros < 0 ? digits.length : zeros).fill(0), ...bytes]);
}

/** @param {bigint} base @param {bigint} exponent */
function power(base, exponent) {
  let result = 1n;
  for (let square = base; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = (result * square) % P;
    square = (square * square) % P;
  }
  return result;
}

/** @param {Uint8Array} bytes */
const numberOf = (bytes) => bytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
/** @param {bigint} number */
const bytes32 = (number) => Uint8Array.from({ length: 32 }, (_, i) => Number((number >> BigInt(8 * (31 - i))) & 255n));
/** @param {bigint} x */
const curve = (x) => (((x * x - 3n) * x + B) % P + P) % P;

/** A point in 33 bytes. @param {Uint8Array} bytes @returns {Key} */
function pointOf(bytes) {
  const x = numberOf(bytes.subarray(1));
  const root = power(curve(x), (P + 1n) / 4n);
  const isOne = bytes.length === 33 && (bytes[0] === 2 || bytes[0] === 3) && x < P && (root * root) % P === curve(x);
  if (!isOne) throw new Bad("the key is not a point of P-256 in 33 bytes");
  return { kind: "P-256", x: bytes.slice(1), y: bytes32((root & 1n) === BigInt(bytes[0] & 1) ? root : P - root) };
}

/** @param {string} text */
export function multikey(text) {
  const bytes = unbase58(text, MULTIKEY_MAX);
  if (bytes === null) throw new Bad("the key is not base58btc");
  if (bytes[0] === 0xed && bytes[1] === 1) {
    if (bytes.length !== 34) throw new Bad("an Ed25519 key of another length");
    return /** @type {Key} */ ({ kind: "Ed25519", point: bytes.slice(2) });
  }
  if (bytes[0] === 0x80 && bytes[1] === 0x24) return pointOf(bytes.subarray(2));
  if (text.startsWith("z6Mk")) throw new Bad("an Ed25519 key of another length");
  throw new Unchecked("a key of a kind that is not known");
}

/** The key of a verification method that carries it by value. @param {string} method @returns {Key} */
export function keyOfMethod(method) {
  const [, address, , fragment] = /^([^#]*)(#(.*))?$/s.exec(method) ?? [];
  if (address?.startsWith("did:jwk:")) {
    if (fragment !== undefined && fragment !== "0") throw new Bad("the fragment does not name the key itself");
    const text = address.slice("did:jwk:".length);
    try {
      return keyOfJwk(readObject(unbase64url(text.length > DID_JWK_MAX ? "." : text)));
    } catch (error) {
      if (error instanceof Malformed || error instanceof NotRead) throw new Bad("the key is not a JWK in base64url");
      throw error;
    }
  }
  if (address?.startsWith("did:key:")) {
    const key = address.slice("did:key:".length);
    if (fragment !== undefined && fragment !== key) throw new Bad("the fragment does not name the key itself");
    return multikey(key);
  }
  if (fragment !== undefined && /^(z6Mk|zDn)/.test(fragment)) return multikey(fragment);
  throw new Elsewhere(`the key ${method} is not in the document`);
}

/** A key that had to be fetched. */
export class Elsewhere extends Unchecked {}

/** @param {Json} jwk @returns {Key} */
export function keyOfJwk(jwk) {
  if (!isObject(jwk) || typeof jwk.kty !== "string") throw new Bad('the JWK is not an object with a "kty"');
  const { kty, crv } = jwk;
  const algorithms = kty === "OKP" ? ["EdDSA", "Ed25519"] : kty === "EC" ? ["ES256"] : ["RS256"];
  const operations = "key_ops" in jwk ? jwk.key_ops : ["verify"];
  const isForSignatures =
    (!("use" in jwk) || jwk.use === "sig") && Array.isArray(operations) && operations.includes("verify") &&
    (!("alg" in jwk) || algorithms.some((name) => name === jwk.alg));
  if (!isForSignatures) throw new Bad("the JWK is not a key that verifies signatures of its kind");
  const bytes = (/** @type {string} */ name, /** @type {number} */ least, /** @type {number} */ most) => {
    let found;
    try {
      found = unbase64url(typeof jwk[name] === "string" ? jwk[name] : ".");
    } catch {
      throw new Bad(`the JWK has no ${name}`);
    }
    if (found.length < least || found.length > most) throw new Bad(`the ${name} of the JWK has another length`);
    return found;
  };
  if (kty === "OKP" && crv === "Ed25519") return { kind: "Ed25519", point: bytes("x", 32, 32) };
  if (kty === "EC" && crv === "P-256") {
    const [x, y] = [bytes("x", 32, 32), bytes("y", 32, 32)];
    const [at, up] = [numberOf(x), numberOf(y)];
    if (at >= P || up >= P || (up * up) % P !== curve(at)) throw new Bad("the JWK is not a point of P-256");
    return { kind: "P-256", x, y };
  }
  if (kty === "RSA") return { kind: "RSA", n: base64url(bytes("n", 256, 1024)), e: base64url(bytes("e", 1, 5)) };
  throw new Unchecked("a JWK of a kind that is not known");
}

/** Throws where it is not a signature by the key over the message. @param {Key} key @param {Uint8Array} signature @param {Uint8Array} message */
export async function verify(key, signature, message) {
  if (!(await holds(key, signature, message))) throw new Bad("the signature is wrong: it is not one by this key over this message");
}

/** @param {Key} key @param {Uint8Array} signature @param {Uint8Array} message */
async function holds(key, signature, message) {
  if (key.kind === "Ed25519") return signature.length === 64 && isUsablePoint(key.point) && signatureHolds(key.point, signature, message);
  const isRsa = key.kind === "RSA";
  const algorithm = isRsa ? { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" } : { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const jwk = isRsa ? { kty: "RSA", n: key.n, e: key.e } : { kty: "EC", crv: "P-256", x: base64url(key.x), y: base64url(key.y) };
  let imported;
  try {
    imported = await crypto.subtle.importKey("jwk", jwk, algorithm, false, ["verify"]);
  } catch (error) {
    if (/** @type {Error} */ (error).name !== "DataError") throw error;
    return false;
  }
  return crypto.subtle.verify(algorithm, imported, source(signature), source(message));
}

/** @param {Key} a @param {Key} b */
const isSame = (a, b) => JSON.stringify(a) === JSON.stringify(b);

/** Whether an issuer's id is this key. @param {Key} key @param {string} id */
export function isIdOf(key, id) {
  if (!/^did:(key|jwk):[^#]*$/.test(id)) return false;
  try {
    return isSame(keyOfMethod(id), key);
  } catch {
    return false;
  }
}
