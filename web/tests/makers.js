// Boxes, digits, PDFs and archives as tests need them, sound and broken.
import { crc32, deflateRawSync, deflateSync } from "node:zlib";
import { derive } from "../src/blake3.js";
import { concat, hex, text8, u32, utf8 } from "../src/bytes.js";
import { source } from "../src/ed25519.js";
import { boxId } from "../src/open/codes.js";

const DIGITS = [0, 3, 5, 8, 10, 13, 15, 17, 20, 22, 25, 27, 29];
const MAGIC = Uint8Array.of(0xf5, 0x73, 0x6e, 0x62);

/** docs/formats/codes.md, "Box". @param {Uint8Array} key @param {string} name @param {Uint8Array} document @param {Uint8Array} receipt
 * @param {Uint8Array} [endorsements] their ZIP */
export async function makeBox(key, name, document, receipt, endorsements) {
  const last = endorsements === undefined ? [] : [u32(endorsements.length), endorsements];
  const given = concat(text8(name), u32(document.length), document, u32(receipt.length), receipt, ...last);
  const text = concat(given, new Uint8Array((1024 - (given.length % 1024)) % 1024));
  const nonce = derive("sanad/v1 box nonce", concat(key, text)).subarray(0, 12);
  const head = concat(MAGIC, Uint8Array.of(endorsements === undefined ? 1 : 2));
  const boxKey = await crypto.subtle.importKey("raw", source(derive("sanad/v1 box key", key)), "AES-GCM", false, ["encrypt"]);
  const algorithm = { name: "AES-GCM", iv: source(nonce), additionalData: source(concat(head, boxId(key))) };
  const sealed = new Uint8Array(await crypto.subtle.encrypt(algorithm, boxKey, source(text)));
  return concat(head, nonce, sealed);
}

/** docs/formats/codes.md, "Offline code". @param {Uint8Array} data */
export function digitsOf(data) {
  let digits = "";
  for (let at = 0; at < data.length; at += 12) {
    const group = data.subarray(at, at + 12);
    digits += BigInt(`0x${hex(group)}`).toString().padStart(DIGITS[group.length], "0");
  }
  return digits;
}

/** A PDF with these files inside.
 * @param {Uint8Array[]} files
 * @param {boolean} [packed] deflated, with the dictionaries in an object stream and the table in a stream
 * @param {Uint8Array} [before] the PDF that it updates
 * @param {(i: number) => string} [specification] instead of the plain one */
export function makePdf(files, packed = false, before = utf8("%PDF-1.7\n"), specification = (i) => `<< /Type /Filespec /F (file-${i}) /UF (file-${i}) /EF << /F ${10 + i} 0 R /UF ${10 + i} 0 R >> >>`) {
  let whole = before;
  /** @type {Map<number, number[]>} Kind, place and index by number. */
  const places = new Map();
  const object = (/** @type {number} */ number, /** @type {Uint8Array} */ body) => {
    places.set(number, [1, whole.length, 0]);
    whole = concat(whole, utf8(`${number} 0 obj\n`), body, utf8("\nendobj\n"));
  };
  const stream = (/** @type {string} */ fields, /** @type {Uint8Array} */ data) =>
    concat(utf8(`<< ${fields} /Length ${data.length} >>\nstream\n`), data, utf8("\nendstream"));
  const deflated = (/** @type {Uint8Array} */ data) => new Uint8Array(deflateSync(data));
  object(1, utf8("<< /Type /Catalog >>"));
  files.forEach((data, i) => {
    const kind = "/Type /EmbeddedFile /Subtype /application#2Foctet-stream";
    object(10 + i, packed ? stream(`${kind} /Filter /FlateDecode`, deflated(data)) : stream(kind, data));
  });
  const specs = files.map((_, i) => specification(i));
  if (packed) {
    const index = specs.map((_, i) => `${30 + i} ${specs.slice(0, i).join(" ").length + (i ? 1 : 0)}`).join(" ");
    object(20, stream(`/Type /ObjStm /N ${specs.length} /First ${index.length + 1} /Filter /FlateDecode`, deflated(utf8(`${index} ${specs.join(" ")}`))));
    specs.forEach((_, i) => places.set(30 + i, [2, 20, i]));
  } else specs.forEach((spec, i) => object(30 + i, utf8(spec)));
  const last = /startxref\n(\d+)\n%%EOF\n$/.exec(new TextDecoder("latin1").decode(before))?.[1];
  const fields = `/Root 1 0 R /Size 100${last === undefined ? "" : ` /Prev ${last}`}`;
  const table = whole.length;
  if (packed) {
    // Rows with the predictor "up", as writers make them.
    places.set(40, [1, table, 0]);
    let above = [0, 0, 0, 0];
    const rows = [...places.values()].flatMap(([kind, place, index]) => {
      const row = [kind, place >> 8, place & 255, index];
      const up = row.map((byte, i) => (byte - above[i]) & 255);
      above = row;
      return [2, ...up];
    });
    const index = [...places.keys()].map((number) => `${number} 1`).join(" ");
    object(40, stream(`/Type /XRef ${fields} /W [1 2 1] /Index [${index}] /Filter /FlateDecode /DecodeParms << /Predictor 12 /Columns 4 >>`, deflated(Uint8Array.from(rows))));
  } else {
    const rows = [...places].map(([number, [, place]]) => `${number} 1\n${String(place).padStart(10, "0")} 00000 n \n`);
    whole = concat(whole, utf8(`xref\n${rows.join("")}trailer\n<< ${fields} >>\n`));
  }
  return concat(whole, utf8(`startxref\n${table}\n%%EOF\n`));
}

/** @param {{ name: string, data: Uint8Array }[]} files @param {boolean} [packed] */
export function makeZip(files, packed = true) {
  const little = (/** @type {number} */ n, /** @type {number} */ bytes) => Uint8Array.from({ length: bytes }, (_, i) => (n >>> (8 * i)) & 255);
  const locals = [];
  const entries = [];
  let at = 0;
  for (const { name, data } of files) {
    const raw = packed ? new Uint8Array(deflateRawSync(data)) : data;
    const common = concat(
      little(20, 2), little(0x800, 2), little(packed ? 8 : 0, 2), little(0, 4), little(crc32(data), 4), little(raw.length, 4),
      little(data.length, 4), little(utf8(name).length, 2), little(0, 2),
    );
    const local = concat(little(0x04034b50, 4), common, utf8(name), raw);
    entries.push(concat(little(0x02014b50, 4), little(20, 2), common, little(0, 2), little(0, 4), little(0, 4), little(at, 4), utf8(name)));
    locals.push(local);
    at += local.length;
  }
  const directory = concat(...entries);
  const end = concat(
    little(0x06054b50, 4), little(0, 4), little(files.length, 2), little(files.length, 2), little(directory.length, 4), little(at, 4), little(0, 2),
  );
  return concat(...locals, directory, end);
}

