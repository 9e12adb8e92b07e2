// JSON that every reader reads alike (docs/formats/commitment.md), RFC 8785, and the JSON forms of docs/formats/README.md.
import { decodeUtf8 } from "./bytes.js";
import { Malformed } from "./faults.js";

export const JSON_BYTES_MAX = 16 << 20;
export const JSON_DEPTH_MAX = 64;
const JSON_FORM_VALUES_MAX = 1 << 18;

/** @typedef {null | boolean | number | string | JsonArray | JsonObject} Json */
/** @typedef {Json[]} JsonArray */
/** @typedef {{ [name: string]: Json }} JsonObject an object without prototype, so every name is its own */

/** @param {Json | undefined} value @returns {value is JsonObject} */
export const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

/** A document. @param {Uint8Array} data */
export const parseDocument = (data) => new Parser(data, JSON_BYTES_MAX, false).whole();

/** A file of the ledger's own, whose numbers are integers without sign. @param {Uint8Array} data @param {number} bytesMax */
export const parseForm = (data, bytesMax) => new Parser(data, bytesMax, true).whole();

const NUMBER = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;
const PLAIN = /[^"\\\u0000-\u001f]*/y;
const SPACE = /[ \t\n\r]*/y;
const ESCAPES = new Map([..."\"\"\\\\//b\bf\fn\nr\rt\t".matchAll(/../gs)].map(([pair]) => [pair[0], pair[1]]));

class Parser {
  /** @param {Uint8Array} data @param {number} bytesMax @param {boolean} form */
  constructor(data, bytesMax, form) {
    if (data.length > bytesMax) throw new Malformed(`longer than ${bytesMax} bytes`);
    this.text = decodeUtf8(data);
    this.form = form;
    this.at = 0;
    this.depth = 0;
    this.values = 0;
  }

  whole() {
    const value = this.value();
    if (this.peek() !== undefined) throw new Malformed("characters after the end of the JSON text");
    return value;
  }

  /** The next character that is not white space. */
  peek() {
    this.match(SPACE);
    return /** @type {string | undefined} */ (this.text[this.at]);
  }

  /** @param {RegExp} pattern */
  match(pattern) {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (found) this.at += found[0].length;
    return found;
  }

  /** @param {string} character */
  expect(character) {
    if (this.peek() !== character) throw new Malformed(`no ${character} where one is expected`);
    this.count(character);
    this.at += 1;
  }

  /** @param {string} character */
  count(character) {
    if (this.form && ",[{".includes(character) && ++this.values > JSON_FORM_VALUES_MAX) throw new Malformed("too many values");
  }

  /** @returns {Json} */
  value() {
    const next = this.peek();
    if (next === "{") return this.object();
    if (next === "[") return this.array();
    if (next === '"') return this.string();
    for (const [word, value] of /** @type {[string, Json][]} */ ([["null", null], ["true", true], ["false", false]])) {
      if (this.text.startsWith(word, this.at)) {
        this.at += word.length;
        return value;
      }
    }
    return this.number();
  }

  /** @param {string} open @param {string} close @param {() => void} element */
  inside(open, close, element) {
    this.expect(open);
    if (++this.depth > JSON_DEPTH_MAX) throw new Malformed(`nested deeper than ${JSON_DEPTH_MAX}`);
    if (this.peek() !== close) {
      element();
      while (this.peek() === ",") {
        this.expect(",");
        element();
      }
    }
    this.expect(close);
    this.depth -= 1;
  }

  object() {
    /** @type {JsonObject} */
    const found = Object.create(null);
    this.inside("{", "}", () => {
      if (this.peek() !== '"') throw new Malformed("a name is expected");
      const name = this.string();
      if (name in found) throw new Malformed("a duplicate key");
      this.expect(":");
      found[name] = this.value();
    });
    return found;
  }

  array() {
    /** @type {Json[]} */
    const found = [];
    this.inside("[", "]", () => found.push(this.value()));
    return found;
  }

  string() {
    this.at += 1;
    let text = "";
    for (;;) {
      text += this.match(PLAIN)?.[0] ?? "";
      const next = this.text[this.at++];
      if (next === '"') break;
      if (next !== "\\") throw new Malformed("a text has no end, or a control character");
      const escape = this.text[this.at++];
      if (escape === "u") {
        const digits = this.text.slice(this.at, this.at + 4);
        if (!/^[0-9a-fA-F]{4}$/.test(digits)) throw new Malformed("a malformed escape");
        text += String.fromCharCode(parseInt(digits, 16));
        this.at += 4;
      } else {
        const plain = ESCAPES.get(escape);
        if (plain === undefined) throw new Malformed("a malformed escape");
        text += plain;
      }
    }
    if (/\p{Surrogate}/u.test(text)) throw new Malformed("a lone surrogate");
    return text;
  }

  number() {
    const found = this.match(NUMBER);
    if (!found) throw new Malformed("no JSON value where one is expected");
    const value = Number(found[0]);
    const isInteger = found[1] === undefined && found[2] === undefined;
    if (isInteger ? !Number.isSafeInteger(value) : !Number.isFinite(value)) throw new Malformed("a number that readers take differently");
    if (this.form && !(isInteger && !found[0].startsWith("-"))) throw new Malformed("a number with sign, fraction or exponent");
    return value;
  }
}

/** RFC 8785. @param {Json} value @returns {string} */
export function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (!isObject(value)) return JSON.stringify(value);
  // The default order is that of UTF-16 units, as RFC 8785, 3.2.3 asks for.
  const names = Object.keys(value).sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(",")}}`;
}
