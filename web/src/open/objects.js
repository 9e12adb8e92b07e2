// Objects of a PDF. They are found by scanning, so a file that was made to show other attachments by its tables shows all of them; its
// tables must lead to what was found.
import { Malformed } from "../faults.js";
import { inflate } from "./inflate.js";
import { Syntax } from "./syntax.js";

/** @typedef {import("./syntax.js").Value} Value */
/** @typedef {import("./syntax.js").Dictionary} Dictionary */

const OBJECTS_MAX = 65_536;
const SECTIONS_MAX = 64;
const TAIL_BYTES = 1024;
/** Of all object streams together, and of one table. */
const PACKED_BYTES_MAX = 4 << 20;
const damaged = (/** @type {string} */ why) => new Malformed(`the PDF is damaged: ${why}`);
const odd = () => damaged("a table or an object stream has another form");
const unknownFilter = () => new Malformed("a filter that is not known");

/** Bytes as characters. @param {Uint8Array} data */
export function textOf(data) {
  let whole = "";
  for (let i = 0; i < data.length; i += 8192) whole += String.fromCharCode(...data.subarray(i, i + 8192));
  return whole;
}

export class Objects {
  /** @param {Uint8Array} data @param {string} whole its text @param {number[]} ends of its revisions */
  constructor(data, whole, ends) {
    this.data = data;
    this.whole = whole;
    this.ends = ends;
    this.packedLeft = PACKED_BYTES_MAX;
    /** Where each object begins, and where its value does; the last of a number counts. @type {Map<number, { begin: number, start: number }>} */
    this.at = new Map();
    /** Numbers by where an object begins, and where its value does. @type {Map<number, { number: number, start: number }>} */
    this.begins = new Map();
    /** Revisions and numbers that were seen in them. @type {Set<string>} */
    this.seen = new Set();
    for (const found of whole.matchAll(/(?<!\d)(\d{1,10})[\0\s]+\d{1,5}[\0\s]+obj(?!\w)/g)) {
      const number = Number(found[1]);
      this.note(number, found.index);
      const start = found.index + found[0].length;
      this.at.set(number, { begin: found.index, start });
      this.begins.set(found.index, { number, start });
      if (this.begins.size > OBJECTS_MAX) throw new Malformed("a PDF of too many objects");
    }
  }

  /** An object replaces another one in a later revision alone. @param {number} number @param {number} place */
  note(number, place) {
    const key = `${this.ends.filter((end) => end <= place).length} ${number}`;
    if (this.seen.has(key)) throw damaged("an object stands twice in one revision");
    this.seen.add(key);
  }

  /** @param {number} number */
  start(number) {
    const place = this.at.get(number);
    if (place === undefined) throw damaged("an object is missing");
    return place.start;
  }

  /** A value, where its stream begins, and the end without it. @param {number} start @returns {{ value: Value, stream: number | null, end: number }} */
  objectAt(start) {
    const syntax = new Syntax(this.whole, start);
    const value = syntax.value();
    if (syntax.word("endobj")) return { value, stream: null, end: syntax.at };
    if (!syntax.word("stream") || syntax.take(/\r?\n/y) === null) throw damaged("no end of an object");
    return { value, stream: syntax.at, end: syntax.at };
  }

  /** Every value, and the object that it stands in by itself. Those that object streams hold are among them. */
  async values() {
    /** @type {{ value: Value, holder: number }[]} */
    const found = [];
    let end = 0;
    for (const [begin, { number: holder, start }] of this.begins) {
      if (this.at.get(holder)?.begin !== begin) continue;
      if (begin < end) throw damaged("objects overlap");
      const { value, end: behind } = this.objectAt(start);
      end = behind;
      found.push({ value, holder });
      if (!(value instanceof Map) || value.get("/Type") !== "/ObjStm") continue;
      for (const inside of await this.packed(holder, value)) found.push({ value: inside, holder });
    }
    return found;
  }

  /** @param {number} holder @param {Dictionary} fields */
  async packed(holder, fields) {
    const text = textOf(await this.stream(holder, this.packedLeft));
    this.packedLeft -= text.length;
    const [count, first] = [fields.get("/N"), fields.get("/First")];
    if (typeof count !== "number" || typeof first !== "number" || count > OBJECTS_MAX) throw odd();
    const index = new Syntax(text, 0);
    const values = [];
    let end = first;
    for (let i = 0; i < count; i++) {
      const [number, place] = [index.value(), index.value()];
      if (typeof number !== "number" || typeof place !== "number") throw odd();
      this.note(number, /** @type {{ begin: number }} */ (this.at.get(holder)).begin);
      if (first + place < end) throw damaged("objects overlap");
      const syntax = new Syntax(text, first + place);
      values.push(syntax.value());
      end = syntax.at;
    }
    return values;
  }

  /** @param {number} number @param {number} max */
  async stream(number, max) {
    return this.streamAt(this.start(number), max);
  }

  /** @param {number} start @param {number} max */
  async streamAt(start, max) {
    const { value: fields, stream } = this.objectAt(start);
    if (!(fields instanceof Map) || stream === null) throw damaged("no stream");
    const given = fields.get("/Length");
    const length = given !== null && typeof given === "object" && "number" in given ? this.objectAt(this.start(given.number)).value : given;
    if (typeof length !== "number" || !Number.isInteger(length) || length < 0) throw damaged("no length");
    if (!new Syntax(this.whole, stream + length).word("endstream")) throw damaged("another length");
    const raw = this.data.subarray(stream, stream + length);
    const filters = [fields.get("/Filter") ?? []].flat();
    if (filters.length === 0) {
      if (raw.length > max) throw new Malformed("too long");
      return raw;
    }
    if (filters.length > 1 || filters[0] !== "/FlateDecode") throw unknownFilter();
    return unpredicted(await inflate(raw, "deflate", max), [fields.get("/DecodeParms") ?? null].flat()[0]);
  }

  /** Follows the tables from the end of the file to its first revision. Throws if they lead elsewhere than to the objects that were found.
   * @returns {Promise<Set<number>>} numbers of the objects that stand by themselves */
  async inTables() {
    const end = /startxref[\0\s]+(\d{1,10})[\0\s]+%%EOF[\0\s]*$/.exec(this.whole.slice(-TAIL_BYTES));
    if (end === null) throw damaged("it has no end");
    /** @type {Map<number, number | null>} */
    const places = new Map();
    const sections = new Set();
    /** @type {Value[]} */
    const waiting = [Number(end[1])];
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      if (typeof next !== "number" || sections.has(next) || sections.size === SECTIONS_MAX) throw damaged("no chain of tables");
      sections.add(next);
      const { fields, entries } = this.whole.startsWith("xref", next) ? this.table(next) : await this.tableStream(next);
      for (const [number, place] of entries) if (!places.has(number)) places.set(number, place);
      if (fields.has("/Encrypt")) throw new Malformed("the PDF is encrypted");
      const size = fields.get("/Size");
      if (typeof size !== "number" || size > OBJECTS_MAX) throw odd();
      for (const name of ["/XRefStm", "/Prev"]) if (fields.has(name)) waiting.push(/** @type {Value} */ (fields.get(name)));
    }
    for (const [number, place] of places) {
      if (place !== null && this.at.get(number)?.begin !== place) throw damaged("its tables lead elsewhere");
    }
    return new Set([...places].flatMap(([number, place]) => (place === null ? [] : [number])));
  }

  /** @param {number} at @returns {{ fields: Dictionary, entries: [number, number | null][] }} */
  table(at) {
    const syntax = new Syntax(this.whole, at + "xref".length);
    /** @type {[number, number | null][]} */
    const entries = [];
    while (!syntax.word("trailer")) {
      const part = syntax.take(/(\d{1,10}) (\d{1,10})[\r\n ]+/y);
      if (part === null || entries.length + Number(part[2]) > OBJECTS_MAX) throw odd();
      for (let i = 0; i < Number(part[2]); i++) {
        const entry = syntax.take(/(\d{10}) \d{5} ([nf])[\r\n ]{1,2}/y);
        if (entry === null) throw odd();
        entries.push([Number(part[1]) + i, entry[2] === "n" ? Number(entry[1]) : null]);
      }
    }
    const fields = syntax.value();
    if (!(fields instanceof Map)) throw odd();
    return { fields, entries };
  }

  /** @param {number} at @returns {Promise<{ fields: Dictionary, entries: [number, number | null][] }>} */
  async tableStream(at) {
    const start = this.begins.get(at)?.start;
    const fields = start === undefined ? null : this.objectAt(start).value;
    if (start === undefined || !(fields instanceof Map) || fields.get("/Type") !== "/XRef") throw damaged("no table");
    const data = await this.streamAt(start, PACKED_BYTES_MAX);
    const widths = numbers(fields.get("/W"));
    const index = numbers(fields.get("/Index") ?? [0, fields.get("/Size") ?? null]);
    const width = widths.reduce((sum, each) => sum + each, 0);
    if (widths.length !== 3 || width === 0 || index.length % 2 !== 0) throw odd();
    /** @type {[number, number | null][]} */
    const entries = [];
    let from = 0;
    const next = (/** @type {number} */ bytes) => data.subarray(from, (from += bytes)).reduce((sum, byte) => sum * 256 + byte, 0);
    for (let i = 0; i < index.length; i += 2) {
      for (let n = index[i]; n < index[i] + index[i + 1]; n++) {
        if (from + width > data.length || entries.length === OBJECTS_MAX) throw odd();
        const kind = widths[0] === 0 ? 1 : next(widths[0]);
        const place = next(widths[1]);
        next(widths[2]);
        entries.push([n, kind === 1 ? place : null]);
      }
    }
    return { fields, entries };
  }
}

/** @param {Value | undefined} list */
function numbers(list) {
  if (!Array.isArray(list)) throw odd();
  return list.map((n) => {
    if (!Number.isInteger(n)) throw odd();
    return Number(n);
  });
}

/** Undoes the predictors of PNG that tables use. @param {Uint8Array} data @param {Value} parameters */
function unpredicted(data, parameters) {
  if (parameters === null) return data;
  if (!(parameters instanceof Map)) throw unknownFilter();
  if ((parameters.get("/Predictor") ?? 1) === 1) return data;
  const columns = parameters.get("/Columns") ?? 1;
  const isPlain = (parameters.get("/Colors") ?? 1) === 1 && (parameters.get("/BitsPerComponent") ?? 8) === 8;
  if (Number(parameters.get("/Predictor")) < 10 || typeof columns !== "number" || columns < 1 || !isPlain) throw unknownFilter();
  const rows = Math.floor(data.length / (columns + 1));
  const plain = new Uint8Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    const kind = data[row * (columns + 1)];
    if (kind > 2) throw unknownFilter();
    for (let i = 0; i < columns; i++) {
      const at = row * columns + i;
      const before = kind === 2 ? (plain[at - columns] ?? 0) : kind === 1 && i > 0 ? plain[at - 1] : 0;
      plain[at] = data[row * (columns + 1) + 1 + i] + before;
    }
  }
  return plain;
}
