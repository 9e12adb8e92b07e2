// What was dropped, chosen or pasted, as pairs of a document and its receipt. Goes by content; names only say which belong together.
import { startsWith, utf8 } from "../bytes.js";
import { RECEIPT_MAGIC } from "../binary.js";
import { Malformed } from "../faults.js";
import { isClaimed } from "../verify.js";
import { isZip, readZip } from "./archive.js";
import { readCode } from "./codes.js";
import { isPdf, readPdf } from "./pdf.js";

/** @typedef {{ name: string, data: Uint8Array }} File */
/** `from`: where the two were found. @typedef {{ name: string, document: Uint8Array | null, receipt: Uint8Array, from: "files" | "pdf" | "box" | "code" }} Pair */

const TEXT_BYTES_MAX = 16 << 20;
const TEXT_CODE_BYTES_MAX = 8192;

/** The pairs, and names of files that belong to none. @param {File[]} given @returns {Promise<{ pairs: Pair[], leftOut: string[] }>} */
export async function pairsOf(given) {
  const files = [];
  for (const file of given) {
    // What has a receipt beside it is the document itself.
    const isArchive = isZip(file.data) && !given.some(({ name }) => isBeside(name, file.name));
    files.push(...(isArchive ? await readZip(file.data) : [file]));
  }
  const receipts = files.filter(({ data }) => isReceipt(data));
  const documents = files.filter(({ data }) => !isReceipt(data));
  if (receipts.length === 0) {
    const pairs = await inPdfs(documents);
    if (pairs.length === 0) throw new Malformed("no receipt among the files");
    return { pairs, leftOut: documents.filter((file) => !isPdf(file.data)).map(({ name }) => name) };
  }
  if (receipts.length === 1 && documents.length <= 1) {
    const [receipt] = receipts;
    /** @type {Pair} */
    const pair = { name: documents[0]?.name ?? receipt.name, document: documents[0]?.data ?? null, receipt: receiptBytes(receipt.data), from: "files" };
    return { pairs: [pair], leftOut: [] };
  }
  /** @type {File[]} */
  const taken = [];
  /** @type {Pair[]} */
  const pairs = receipts.map(({ name, data }) => {
    const document = documents.find((file) => isBeside(name, file.name));
    if (document !== undefined) taken.push(document);
    return { name: document?.name ?? name, document: document?.data ?? null, receipt: receiptBytes(data), from: "files" };
  });
  const rest = documents.filter((file) => !taken.includes(file));
  return { pairs: [...pairs, ...(await inPdfs(rest))], leftOut: rest.filter((file) => !isPdf(file.data)).map(({ name }) => name) };
}

/** Whether a receipt's name says that it belongs to a document. @param {string} receipt @param {string} document */
const isBeside = (receipt, document) => receipt.startsWith(document) && /^\.receipt(\.json|\.png|\.txt)?$/.test(receipt.slice(document.length));

/** Those of the files that are certificates in PDF. @param {File[]} documents @returns {Promise<Pair[]>} */
async function inPdfs(documents) {
  /** @type {Pair[]} */
  const pairs = [];
  for (const { name, data } of documents.filter((file) => isPdf(file.data))) pairs.push({ name, ...(await readPdf(data)), from: "pdf" });
  return pairs;
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
