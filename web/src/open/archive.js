// Files of a ZIP archive: its central directory alone counts. Stored or deflated, small and few.
import { decodeUtf8 } from "../bytes.js";
import { Malformed } from "../faults.js";
import { checkPeopleText } from "../layout.js";
import { inflate } from "./inflate.js";

// The limits of `sanad verify`.
const ZIP_BYTES_MAX = 16 << 20;
const FILES_MAX = 64;
const FILE_BYTES_MAX = 4 << 20;
const INFLATED_BYTES_MAX = 32 << 20;
const FILE_NAME_BYTES_MAX = 255;
const END_BYTES = 22;
/** A type of files in the mode that Unix programs note. */
const SYMLINK = 0xa000;
const COMMENT_BYTES_MAX = 65_535;

/** @param {Uint8Array} data */
export const isZip = (data) => data[0] === 0x50 && data[1] === 0x4b && data[2] === 3 && data[3] === 4;

/** @param {Uint8Array} data @param {number} [filesMax] @param {number} [fileBytesMax] @returns {Promise<{ name: string, data: Uint8Array }[]>} */
export async function readZip(data, filesMax = FILES_MAX, fileBytesMax = FILE_BYTES_MAX) {
  if (data.length > ZIP_BYTES_MAX) throw new Malformed("a ZIP archive of more than 16 MiB");
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  let end = data.length - END_BYTES;
  const lowest = Math.max(0, end - COMMENT_BYTES_MAX);
  while (end >= lowest && view.getUint32(end, true) !== 0x06054b50) end -= 1;
  if (end < lowest) throw new Malformed("a ZIP archive without its directory");
  const count = view.getUint16(end + 10, true);
  if (count > filesMax) throw new Malformed(`a ZIP archive of more than ${filesMax} files`);
  const files = [];
  /** @type {Set<string>} */
  const met = new Set();
  /** @type {Set<string>} */
  const folders = new Set();
  let left = INFLATED_BYTES_MAX;
  try {
    let at = view.getUint32(end + 16, true);
    for (let i = 0; i < count; i++) {
      const nameLength = view.getUint16(at + 28, true);
      const name = decodeUtf8(data.subarray(at + 46, at + 46 + nameLength));
      if (met.has(asFileSystemsCompare(name))) throw new Malformed("a ZIP archive with two files of one name");
      met.add(asFileSystemsCompare(name));
      if (!name.endsWith("/") && !isOfMacos(name)) {
        folders.add(folderOf(name, (view.getUint16(at + 40, true) & 0xf000) === SYMLINK));
        if (folders.size > 1) throw new Malformed("a ZIP archive of several folders; unpack it, and choose the files of one of them");
        const file = await fileAt(data, view, at, Math.min(fileBytesMax, left));
        left -= file.length;
        files.push({ name, data: file });
      }
      at += 46 + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
    }
  } catch (error) {
    if (error instanceof RangeError) throw new Malformed("a ZIP archive that is cut short");
    throw error;
  }
  return files;
}

/** Whether macOS adds such a file to the ZIPs that it makes: attributes and the look of a folder. @param {string} path */
const isOfMacos = (path) => path.startsWith("__MACOSX/") || path.split("/").at(-1) === ".DS_Store";

/** The folder of a file, which lies in one or in none: no name leads elsewhere, or looks like another. @param {string} path @param {boolean} isLink */
function folderOf(path, isLink) {
  const parts = path.split("/");
  for (const part of parts) {
    checkPeopleText(part, 1, FILE_NAME_BYTES_MAX, "a name in the ZIP archive");
    if (part.startsWith(".") || part.includes("\\") || parts.length > 2 || isLink) throw new Malformed("a name in the ZIP archive is not that of a file in one folder");
  }
  return parts.slice(0, -1).join("/");
}

/** What names have in common that a file system takes for one: programs take different files of one name. @param {string} name */
const asFileSystemsCompare = (name) => name.replace(/[. ]+$/, "").normalize("NFC").toUpperCase().toLowerCase();

/** @param {Uint8Array} data @param {DataView} view @param {number} at of its entry in the directory @param {number} bytesMax */
async function fileAt(data, view, at, bytesMax) {
  if (view.getUint32(at, true) !== 0x02014b50) throw new Malformed("the directory of the ZIP archive is damaged");
  if (view.getUint16(at + 8, true) & 1) throw new Malformed("the ZIP archive is encrypted");
  const method = view.getUint16(at + 10, true);
  const packed = view.getUint32(at + 20, true);
  const start = view.getUint32(at + 42, true);
  const begin = start + 30 + view.getUint16(start + 26, true) + view.getUint16(start + 28, true);
  const raw = data.subarray(begin, begin + packed);
  const file = method === 8 ? await inflate(raw, "deflate-raw", bytesMax) : raw.slice();
  if (method !== 8 && method !== 0) throw new Malformed("a compression that is not known");
  if (file.length > bytesMax) throw new Malformed("a file of the ZIP archive is too long");
  if (crc32(file) !== view.getUint32(at + 16, true)) {
    throw new Malformed("a file of the ZIP archive is damaged: its checksum is another");
  }
  return file;
}

/** CRC-32 of ISO 3309, as PKWARE APPNOTE 4.4.7 uses it. @param {Uint8Array} data */
function crc32(data) {
  let sum = 0xffffffff;
  for (const byte of data) sum = (sum >>> 8) ^ CRC_TABLE[(sum ^ byte) & 255];
  return ~sum >>> 0;
}

const CRC_TABLE = Int32Array.from({ length: 256 }, (_, i) => {
  let value = i;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});
