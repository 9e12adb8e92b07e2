// The attachments of a certificate as PDF: docs/formats/codes.md, "Attachments of a PDF". At least as strict as `sanad verify`: where two
// readers could see different attachments, there is no answer.
import { equal } from "../bytes.js";
import { Malformed } from "../faults.js";
import { isClaimed } from "../verify.js";
import { isZip } from "./archive.js";
import { readEndorsements } from "./endorsements.js";
import { Objects, textOf } from "./objects.js";
import { Reference } from "./syntax.js";

/** @typedef {import("./syntax.js").Value} Value */
/** @typedef {{ data: Uint8Array, name: Value | undefined }} Attachment */

const PDF_BYTES_MAX = 4 << 20;
const FILE_BYTES_MAX = 1 << 20;
const REVISIONS_MAX = 16;
/** Beginnings of pictures, and JSON, which may hold anything. */
const PICTURE = /^(\x89PNG|\xff\xd8\xff|\xff\x0a|\0\0\0\x0cJXL |\0\0\0\x0cjP {2}|\0\0\x01\0|....ftyp|GIF8|II\*\0|MM\0\*|BM....\0{4}|RIFF|8BPS|%!PS|(\xef\xbb\xbf)?[ \t\n\f\r]*\{)/s;
/** Where a PDF begins at the latest, and where it says that it is linearized. */
const START_BYTES_MAX = 1024;

/** @param {Uint8Array} data */
const startOf = (data) => textOf(data.subarray(0, START_BYTES_MAX)).indexOf("%PDF-");

/** Whether a file is a PDF. What begins as a picture is one, for `sanad verify` as well, whatever follows. @param {Uint8Array} data */
export const isPdf = (data) => startOf(data) >= 0 && !PICTURE.test(textOf(data.subarray(0, 16)));

/** @param {Uint8Array} given
 * @returns {Promise<{ document: Uint8Array, receipt: Uint8Array, endorsements: import("./endorsements.js").EndorsementFile[] }>} */
export async function readPdf(given) {
  if (given.length > PDF_BYTES_MAX) throw new Malformed("a PDF of more than 4 MiB");
  // Places in it are counted from its own beginning.
  const data = given.subarray(startOf(given));
  const whole = textOf(data);
  if (/\/Encrypt\b/.test(whole)) throw new Malformed("the PDF is encrypted");
  const ends = revisions(whole);
  const last = await attachments(new Objects(data, whole, ends), true);
  for (const end of ends.slice(0, -1)) {
    const earlier = await attachments(new Objects(data.subarray(0, end), whole.slice(0, end), ends), false).catch((error) => {
      if (error instanceof Malformed) return [];
      throw error;
    });
    const isSame = earlier.length === last.length && last.every(({ data, name }, i) => equal(earlier[i].data, data) && earlier[i].name === name);
    if (!isSame) throw new Malformed("the attachments differ between the revisions of the file");
  }
  const [receipts, documents] = [last.filter((file) => isClaimed(file.data)), last.filter((file) => !isClaimed(file.data))];
  if (receipts.length !== 1) throw new Malformed(receipts.length === 0 ? "no receipt among the attachments" : "two receipts");
  if (documents.length === 1) return { receipt: receipts[0].data, document: documents[0].data, endorsements: [] };
  // Where both could be the ZIP, or neither, two readers could differ.
  const zips = documents.filter((file) => isZip(file.data));
  if (zips.length !== 1) throw new Malformed("3 attachments, not two and the ZIP of endorsements");
  const [document] = documents.filter((file) => file !== zips[0]);
  return { receipt: receipts[0].data, document: document.data, endorsements: await readEndorsements(zips[0].data) };
}

/** Ends of the revisions. @param {string} whole */
function revisions(whole) {
  const ends = [];
  for (const found of whole.matchAll(/%%EOF/g)) {
    ends.push(found.index + found[0].length);
    if (ends.length > REVISIONS_MAX) throw new Malformed("too many revisions");
  }
  // The first part of a file that is laid out for the web is no revision.
  const isLinearized = ends.length > 1 && /\/Linearized\b/.test(whole.slice(0, START_BYTES_MAX));
  return isLinearized ? ends.slice(1) : ends;
}

/** In the order of their objects' numbers. @param {Objects} file @param {boolean} isWhole whether it must have tables of its own */
async function attachments(file, isWhole) {
  const tables = isWhole ? await file.inTables() : null;
  /** @type {Map<number, Value | undefined>} */
  const names = new Map();
  for (const { value, holder } of await file.values()) {
    for (const specification of specifications(value)) {
      const files = specification.get("/EF");
      if (!(files instanceof Map)) throw new Malformed("an attachment without its file");
      for (const stream of files.values()) {
        if (!(stream instanceof Reference)) throw new Malformed("an attachment without its file");
        if (tables !== null && !(tables.has(holder) && tables.has(stream.number))) throw new Malformed("an attachment that is in no table");
        names.set(stream.number, specification.get("/UF") ?? specification.get("/F"));
      }
    }
  }
  if (names.size === 0) throw new Malformed("no attachments: not a certificate of this ledger");
  if (names.size !== 2 && names.size !== 3) throw new Malformed(`${names.size} attachments, not two`);
  /** @type {Attachment[]} */
  const files = [];
  for (const [number, name] of [...names].sort(([a], [b]) => a - b)) files.push({ data: await file.stream(number, FILE_BYTES_MAX), name });
  return files;
}

/** Dictionaries with `EF`, wherever they stand in a value. @param {Value} value @returns {import("./syntax.js").Dictionary[]} */
function specifications(value) {
  if (Array.isArray(value)) return value.flatMap(specifications);
  if (!(value instanceof Map)) return [];
  return [...(value.has("/EF") ? [value] : []), ...[...value.values()].flatMap(specifications)];
}
