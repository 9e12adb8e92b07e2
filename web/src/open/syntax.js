// Values of a PDF (ISO 32000-1, 7.3), strictly: what is doubtful is refused, since another reader could see something else in it.
import { Malformed } from "../faults.js";

/** @typedef {number | boolean | null | string | Reference | Value[] | Map<string, Value>} Value names begin with `/`, strings with `(` */
/** @typedef {Map<string, Value>} Dictionary */

const DEPTH_MAX = 64;
const SPACE = /(?:[\0\t\n\f\r ]|%[^\r\n]*)*/y;
const REFERENCE = /(\d{1,10})[\0\t\n\f\r ]+\d{1,5}[\0\t\n\f\r ]+R(?![^\0\t\n\f\r ()<>[\]{}/%])/y;
const NUMBER = /[+-]?(?:\d+\.?\d*|\.\d+)(?![^\0\t\n\f\r ()<>[\]{}/%])/y;
const NAME = /\/[^\0\t\n\f\r ()<>[\]{}/%]*/y;
const HEXADECIMAL = /<[\0\t\n\f\r \dA-Fa-f]*>/y;
const WORD = /true|false|null/y;

export class Reference {
  /** @param {number} number */
  constructor(number) {
    this.number = number;
  }
}

export class Syntax {
  /** @param {string} text a character for a byte @param {number} at */
  constructor(text, at) {
    this.text = text;
    this.at = at;
  }

  /** What the pattern finds here, if anything. @param {RegExp} pattern sticky */
  take(pattern) {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (found !== null) this.at = pattern.lastIndex;
    return found;
  }

  /** Whether the word comes next; it is passed over then. @param {string} word */
  word(word) {
    this.take(SPACE);
    const comes = this.text.startsWith(word, this.at);
    if (comes) this.at += word.length;
    return comes;
  }

  /** @param {number} [depth] @returns {Value} */
  value(depth = 0) {
    if (depth > DEPTH_MAX) throw new Malformed("the PDF is damaged: too deep");
    if (this.word("<<")) return this.dictionary(depth);
    if (this.word("[")) {
      const list = [];
      while (!this.word("]")) list.push(this.value(depth + 1));
      return list;
    }
    if (this.text[this.at] === "(") return this.string();
    const reference = this.take(REFERENCE);
    if (reference) return new Reference(Number(reference[1]));
    const number = this.take(NUMBER);
    if (number) {
      const value = Number(number[0]);
      // Readers take these differently, or refuse the file.
      if (!number[0].includes(".") && !Number.isSafeInteger(value)) throw new Malformed("the PDF is damaged: a number out of range");
      return value;
    }
    const name = this.name();
    if (name !== null) return name;
    const hexadecimal = this.take(HEXADECIMAL);
    if (hexadecimal) {
      const digits = hexadecimal[0].replace(/[^\dA-Fa-f]/g, "");
      return `(${(digits.match(/..?/g) ?? []).map((pair) => String.fromCharCode(parseInt(pair.padEnd(2, "0"), 16))).join("")}`;
    }
    const word = this.take(WORD);
    if (word) return word[0] === "null" ? null : word[0] === "true";
    throw new Malformed("the PDF is damaged: no value");
  }

  /** Without its escapes. */
  name() {
    return this.take(NAME)?.[0].replace(/#([\dA-Fa-f]{2})/g, (_, code) => String.fromCharCode(parseInt(code, 16))) ?? null;
  }

  /** @param {number} depth @returns {Dictionary} */
  dictionary(depth) {
    /** @type {Dictionary} */
    const fields = new Map();
    while (!this.word(">>")) {
      const name = this.name();
      if (name === null) throw new Malformed("the PDF is damaged: no name");
      if (fields.has(name)) throw new Malformed("the PDF is damaged: a name stands twice");
      fields.set(name, this.value(depth + 1));
    }
    return fields;
  }

  /** As it is written, escapes too. */
  string() {
    const start = this.at;
    let depth = 0;
    do {
      const character = this.text[this.at];
      if (character === undefined) throw new Malformed("the PDF is damaged: no end of a text");
      if (character === "\\") this.at += 1;
      else if (character === "(") depth += 1;
      else if (character === ")") depth -= 1;
      this.at += 1;
    } while (depth > 0);
    return this.text.slice(start, this.at - 1);
  }
}
