// What was dropped, chosen or pasted, as pairs of a document and its receipt. Goes by content; names only say which belong together.
import { equal, startsWith, utf8 } from "../bytes.js";
import { RECEIPT_MAGIC } from "../binary.js";
import { Malformed } from "../faults.js";
import { isClaimed } from "../verify.js";
import { isZip, readZip } from "./archive.js";
import { readCode } from "./codes.js";
import { isPdf, readPdf } from "./pdf.js";

/** @typedef {{ name: string, data: Uint8Array }} File */
/** Where a pair was found: as files, in a PDF, or a receipt whose document is not there. @typedef {"files" | "pdf" | "stray"} How */
/** `from`: what the two were read from; `others`: further receipts beside the document.
 * @typedef {{ name: string, document: Uint8Array | null, receipt: Uint8Array, from: "files" | "pdf" | "box" | "code", folder?: string, how?: How,
 *   others?: Uint8Array[] }} Pair */
/** The pairs, and names of files without a receipt. @typedef {{ pairs: Pair[], leftOut: string[] }} Opened */

const TEXT_BYTES_MAX = 16 << 20;
const TEXT_CODE_BYTES_MAX = 8192;

/** @param {File[]} given @returns {Promise<Opened>} */
export async function pairsOf(given) {
  const files = [];
  for (const file of given) {
    // What was given by itself lies together; so does what has a folder of its own in an archive. What has a receipt beside it is the document itself.
    const isArchive = isZip(file.data) && !given.some(({ name }) => isBeside(name, file.name));
    if (isArchive) files.push(...(await readZip(file.data)).map(({ name, data }) => ({ name, data, folder: `${file.name}/${folderOf(name)}` })));
    else files.push({ ...file, folder: "" });
  }
  /** @type {Opened} */
  const opened = { pairs: [], leftOut: [] };
  for (const folder of new Set(files.map((file) => file.folder))) {
    const { pairs, leftOut } = await pairsIn(folder, files.filter((file) => file.folder === folder));
    opened.pairs.push(...pairs);
    opened.leftOut.push(...leftOut);
  }
  if (opened.pairs.length === 0) throw new Malformed("no receipt among the files");
  return opened;
}

/** @param {string} path */
const folderOf = (path) => path.slice(0, path.length - baseOf(path).length);

/** @param {string} path */
const baseOf = (path) => path.replace(/^.*[/\\]/, "");

/** Whether a receipt's name says that it belongs to a document. @param {string} receipt @param {string} document */
const isBeside = (receipt, document) => receipt.startsWith(document) && /^\.receipt(\.json|\.png|\.txt)?$/.test(receipt.slice(document.length));

/** @param {string} folder @param {File[]} files @returns {Promise<Opened>} */
async function pairsIn(folder, files) {
  const receipts = new Set(files.filter(({ data }) => isReceipt(data)));
  const documents = new Set(files.filter(({ data }) => !isReceipt(data)));
  /** @type {Pair[]} */
  const pairs = [];
  const pair = (/** @type {File} */ document, /** @type {File[]} */ beside) => {
    const [receipt, ...others] = beside.map(({ data }) => receiptBytes(data));
    pairs.push({ name: baseOf(document.name), document: document.data, receipt, from: "files", folder, how: "files", ...(others.length > 0 && { others }) });
    documents.delete(document);
    for (const one of beside) receipts.delete(one);
  };
  for (const document of documents) {
    const beside = [...receipts].filter(({ name }) => isBeside(name, document.name));
    if (beside.length > 0) pair(document, beside);
  }
  for (const document of documents) {
    if (!isPdf(document.data)) continue;
    try {
      const { endorsements, ...inside } = await readPdf(document.data);
      const isThere = pairs.some((there) => equal(there.receipt, inside.receipt) && there.document !== null && equal(there.document, inside.document));
      if (!isThere) pairs.push({ name: baseOf(document.name), ...inside, from: "pdf", folder, how: "pdf" });
      // Those that lie beside it, too, or in another certificate, are shown once.
      const isShown = (/** @type {Uint8Array} */ one) => files.some(({ data }) => equal(data, one)) || pairs.some((there) => there.document !== null && equal(there.document, one));
      for (const one of endorsements) if (!isShown(one.document)) pairs.push({ ...one, from: "files", folder, how: "files" });
      documents.delete(document);
    } catch (error) {
      // It may be the document of a receipt with another name.
      if (!(error instanceof Malformed) || receipts.size !== 1 || documents.size !== 1) throw error;
    }
  }
  // Phones and mail programs rename files; what lies in an archive has the name that it was given there.
  if (folder === "" && receipts.size === 1 && documents.size === 1) pair([...documents][0], [...receipts]);
  for (const { name, data } of receipts) pairs.push({ name: baseOf(name), document: null, receipt: receiptBytes(data), from: "files", folder, how: "stray" });
  return { pairs, leftOut: [...documents].map(({ name }) => baseOf(name)) };
}

/** A pasted text: a code, or the JSON of a receipt. @param {string} text @returns {{ key: Uint8Array } | { pair: Pair }} */
export function readText(text) {
  if (text.length > TEXT_BYTES_MAX) throw new Malformed("the text is too long");
  const code = readCode(text);
  if (code !== null && "key" in code) return code;
  const receipt = code?.receipt ?? utf8(text);
  if (!isClaimed(receipt)) throw new Malformed("neither a link, nor digits of a receipt, nor a receipt");
  return { pair: { name: "", document: null, receipt, from: code === null ? "files" : "code" } };
}

/** @param {Uint8Array} data */
const isReceipt = (data) => isClaimed(data) || codeOf(data) !== null;

/** @param {Uint8Array} data */
const receiptBytes = (data) => codeOf(data) ?? data;

/** The receipt in a text file with an offline code. @param {Uint8Array} data */
function codeOf(data) {
  if (data.length > TEXT_CODE_BYTES_MAX || startsWith(data, RECEIPT_MAGIC)) return null;
  try {
    const code = readCode(new TextDecoder("latin1").decode(data));
    return code !== null && "receipt" in code && isClaimed(code.receipt) ? code.receipt : null;
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return null;
  }
}
