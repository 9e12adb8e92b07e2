// Conventions of docs/formats/README.md: integers, texts, lists. Integers of the ledger stay below 2^53; a u64 above is rounded,
// and cannot be part of anything that validators signed.
import { Malformed } from "./faults.js";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** @param {Uint8Array} data */
export function decodeUtf8(data) {
  try {
    return decoder.decode(data);
  } catch {
    throw new Malformed("not UTF-8");
  }
}

/** @param {string} text */
export const utf8 = (text) => encoder.encode(text);

/** @param {Uint8Array} data */
export const hex = (data) => Array.from(data, (byte) => byte.toString(16).padStart(2, "0")).join("");

/** Lower-case hexadecimal. @param {string} text */
export function unhex(text) {
  if (!/^(?:[0-9a-f]{2})*$/.test(text)) throw new Malformed("not lower-case hexadecimal");
  return Uint8Array.from({ length: text.length / 2 }, (_, i) => parseInt(text.slice(2 * i, 2 * i + 2), 16));
}

/** @param {Uint8Array[]} parts */
export function concat(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** @param {Uint8Array} a @param {Uint8Array} b */
export const equal = (a, b) => compare(a, b) === 0;

/** Order of bytes. @param {Uint8Array} a @param {Uint8Array} b */
export function compare(a, b) {
  const common = Math.min(a.length, b.length);
  for (let i = 0; i < common; i++) if (a[i] !== b[i]) return a[i] - b[i];
  return a.length - b.length;
}

/** Order of texts as bytes. @param {string} a @param {string} b */
export const compareText = (a, b) => compare(utf8(a), utf8(b));

/** @param {Uint8Array} data @param {Uint8Array} magic */
export const startsWith = (data, magic) => equal(data.subarray(0, magic.length), magic);

/** Canonical: no padding, no other characters, unused bits zero. @param {string} text */
export function unbase64url(text) {
  if (!/^[A-Za-z0-9_-]*$/.test(text) || text.length % 4 === 1) throw new Malformed("not base64url");
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  const data = Uint8Array.from(binary, (c) => c.charCodeAt(0));
  if (base64url(data) !== text) throw new Malformed("base64url that is not canonical");
  return data;
}

/** @param {Uint8Array} data */
export function base64url(data) {
  let binary = "";
  for (let i = 0; i < data.length; i += 8192) binary += String.fromCharCode(...data.subarray(i, i + 8192));
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** @param {number} n */
export const u8 = (n) => Uint8Array.of(n);

/** @param {number} n */
export const u16 = (n) => Uint8Array.of(n >> 8, n);

/** @param {number} n */
export const u32 = (n) => Uint8Array.of(n >>> 24, n >>> 16, n >>> 8, n);

/** @param {number} n */
export function u64(n) {
  const data = new Uint8Array(8);
  new DataView(data.buffer).setBigUint64(0, BigInt(n));
  return data;
}

/** @param {string} text */
export const text8 = (text) => concat(u8(utf8(text).length), utf8(text));

/** @template T @param {T[]} items @param {(item: T) => Uint8Array} encode */
export const list32 = (items, encode) => concat(u32(items.length), ...items.map(encode));

/** @template T @param {T | undefined} value @param {(value: T) => Uint8Array} encode */
export const option = (value, encode) => (value === undefined ? u8(0) : concat(u8(1), encode(value)));

/** A key or signature with its algorithm. @param {Uint8Array} bytes */
export const tagged = (bytes) => concat(u8(0), bytes);

/** Reads an encoding from front to back. */
export class Reader {
  /** @param {Uint8Array} data */
  constructor(data) {
    this.data = data;
    this.at = 0;
  }

  /** @param {number} count */
  take(count) {
    if (count > this.data.length - this.at) throw new Malformed("it ends too early");
    this.at += count;
    return this.data.slice(this.at - count, this.at);
  }

  u8() {
    return this.take(1)[0];
  }

  u16() {
    return this.u8() * 256 + this.u8();
  }

  u32() {
    return this.u16() * 65536 + this.u16();
  }

  u64() {
    return this.u32() * 2 ** 32 + this.u32();
  }

  hash() {
    return this.take(32);
  }

  /** @param {number} count */
  hashes(count) {
    return Array.from({ length: count }, () => this.take(32));
  }

  text8() {
    return decodeUtf8(this.take(this.u8()));
  }

  /** @template T @param {number} max @param {() => T} read @returns {T[]} */
  list32(max, read) {
    const count = this.u32();
    if (count > max) throw new Malformed(`a list of ${count}`);
    return Array.from({ length: count }, read);
  }

  /** @template T @param {() => T} read @returns {T | undefined} */
  option(read) {
    const flag = this.u8();
    if (flag > 1) throw new Malformed("an option is neither 0 nor 1");
    return flag === 1 ? read() : undefined;
  }

  /** @param {number} length */
  tagged(length) {
    if (this.u8() !== 0) throw new Malformed("an algorithm that is not known");
    return this.take(length);
  }

  finish() {
    if (this.at !== this.data.length) throw new Malformed("bytes are left over");
  }
}
