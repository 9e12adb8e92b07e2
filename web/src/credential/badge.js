// Baked badges: a credential within a picture, PNG or SVG (Open Badges 3.0, 5.3; PNG, Third Edition, 5 and 11.3.3.4). The picture is not looked at.
import { startsWith, utf8 } from "../bytes.js";
import { Malformed } from "../faults.js";
import { inflate } from "../open/inflate.js";
import { NotRead } from "./faults.js";
import { CREDENTIAL_BYTES_MAX, TooLarge, latin, textOrNull } from "./read.js";

export const PNG = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
const CHUNKS_MAX = 100_000;
const KEYWORD = "openbadgecredential";
const NAMESPACE = "https://purl.imsglobal.org/ob/v3p0";

/** Whether a picture has the keyword of a badge, whatever else is wrong with it. @param {Uint8Array} data */
export const isBadge = (data) => /openbadge(credential|s)/i.test(latin(data));

/** The credential in a picture; null if the document is no picture, or holds none. @param {Uint8Array} document @returns {Promise<Uint8Array | null>} */
export async function unbake(document) {
  if (startsWith(document, PNG)) return fromPng(document);
  const text = latin(document).replace(/^\u00ef\u00bb\u00bf/, "").replace(/^[ \t\n\f\r]+/, "");
  if (!text.startsWith("<") || !text.includes(NAMESPACE)) return null;
  if (document.length > 2 * CREDENTIAL_BYTES_MAX) throw new TooLarge("an SVG that is too long");
  return fromSvg(textOrNull(document)?.replace(/^\ufeff/, "") ?? "<");
}

const damaged = () => new NotRead("a PNG badge that is damaged, or baked in another way");

/** @param {Uint8Array} data */
async function fromPng(data) {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  /** @type {Uint8Array | null} */
  let found = null;
  let at = PNG.length;
  for (let chunks = 0; chunks < CHUNKS_MAX; chunks++) {
    if (at + 4 > data.length) return found;
    const length = view.getUint32(at);
    const end = at + 8 + length;
    if (end > data.length) {
      if (found !== null) throw damaged();
      return null;
    }
    const kind = latin(data.subarray(at + 4, at + 8));
    const content = data.subarray(at + 8, end);
    const isBadge = startsWith(content, utf8(`${KEYWORD}\0`));
    const isText = ["iTXt", "tEXt", "zTXt"].includes(kind);
    // Open Badges 2, or a keyword in other letters.
    if (isText && !isBadge && /^openbadge(credential|s)$/i.test(latin(content.subarray(0, 32)).split("\0")[0])) throw damaged();
    if (end + 4 > data.length) {
      if (isBadge || found !== null) throw damaged();
      return null;
    }
    if (isText && isBadge) {
      if (kind !== "iTXt" || view.getUint32(end) !== crc32(data.subarray(at + 4, end))) throw damaged();
      if (found !== null) throw new NotRead("a badge with two credentials");
      found = await textOf(content.subarray(KEYWORD.length + 1));
    }
    at = end + 4;
    if (kind !== "IEND") continue;
    // What follows the last chunk belongs to no picture, though some programs read on.
    if (!latin(data.subarray(at)).includes(KEYWORD)) return found;
    throw found === null ? damaged() : new NotRead("a badge with two credentials");
  }
  throw new TooLarge("a PNG of too many chunks");
}

/** @param {Uint8Array} data */
function crc32(data) {
  let crc = -1;
  for (const byte of data) {
    crc ^= byte;
    for (let i = 0; i < 8; i++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

/** After the keyword: a flag and a method, a language, the keyword in it, then the text. @param {Uint8Array} content */
async function textOf(content) {
  const [flag, method] = content;
  const language = content.indexOf(0, 2);
  const keyword = language < 2 ? -1 : content.indexOf(0, language + 1);
  if (keyword < 0) throw damaged();
  let text = content.subarray(keyword + 1);
  if (flag === 1 && method === 0) {
    text = await inflate(text, "deflate", CREDENTIAL_BYTES_MAX).catch((error) => {
      // Bytes after the end of the compressed text are an error of the stream, too.
      if (!(error instanceof Malformed)) throw error;
      throw /too much/.test(error.message) ? new TooLarge("a badge that is too long") : damaged();
    });
  } else if (flag !== 0) throw damaged();
  if (text.length > CREDENTIAL_BYTES_MAX) throw new TooLarge("a badge that is too long");
  if (text.includes(0)) throw new NotRead("a badge with more bytes after the end of its credential");
  return text;
}

const TOKEN = /<!--[^]*?-->|<!\[CDATA\[([^]*?)\]\]>|<\?[^]*?\?>|<!DOCTYPE(?:[^[>"']|"[^"]*"|'[^']*'|\[(?:[^\]"']|"[^"]*"|'[^']*')*\])*>|<(\/?)([^\s/>!?<]+)((?:[^"'<>]|"[^"<]*"|'[^'<]*')*?)(\/?)>|([^<]+)/gy;
const ATTRIBUTE = /([^\s=]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;
/** @type {Record<string, string>} */
const ENTITIES = { lt: "<", gt: ">", amp: "&", apos: "'", quot: '"' };
const notSvg = () => new NotRead("an SVG badge that is damaged, or baked in another way");
const two = () => new NotRead("a badge with two credentials");

/** Entities of a document's own are not expanded, and nothing is fetched. @param {string} text */
function fromSvg(text) {
  /** @type {string | null} */
  let found = null;
  /** Whether the credential is in the attribute, while the reader is within the element. @type {boolean | null} */
  let inside = null;
  /** @type {{ name: string, spaces: Map<string, string> }[]} */
  const open = [];
  TOKEN.lastIndex = 0;
  for (let at = 0; at < text.length; at = TOKEN.lastIndex) {
    const token = TOKEN.exec(text);
    if (token === null) throw notSvg();
    const [, cdata, slash, name, given, empty, plain] = token;
    if (cdata !== undefined && inside !== null) {
      if (inside && cdata.trim() !== "") throw two();
      if (!inside) found += cdata;
    } else if (plain !== undefined && inside !== null) {
      if (inside && plain.trim() !== "") throw two();
      if (!inside) found += unescaped(plain);
    } else if (slash === "/") {
      if (open.pop()?.name !== name) throw notSvg();
      inside = null;
    } else if (name !== undefined) {
      if (inside !== null) throw notSvg();
      const attributes = new Map([...given.matchAll(ATTRIBUTE)].map(([, key, a, b]) => [key, a ?? b]));
      const spaces = new Map(open[open.length - 1]?.spaces);
      for (const [key, value] of attributes) if (key === "xmlns" || key.startsWith("xmlns:")) spaces.set(key.slice(6), value);
      const [prefix, local] = name.includes(":") ? name.split(":", 2) : ["", name];
      if (prefix !== "" && !spaces.has(prefix)) throw notSvg();
      if (local === "credential" && spaces.get(prefix) === NAMESPACE) {
        if (found !== null) throw two();
        const verify = attributes.get("verify");
        // A JWT has nothing to escape.
        if (verify?.includes("&") || (verify === undefined && empty === "/")) throw notSvg();
        found = verify ?? "";
        if (empty !== "/") inside = verify !== undefined;
      }
      if (empty !== "/") open.push({ name, spaces });
    }
  }
  if (inside !== null) throw notSvg();
  return found === null ? null : utf8(found.trim());
}

/** @param {string} text */
function unescaped(text) {
  return text.replace(/&([^;&]*);?/g, (_, name) => {
    const [, hexadecimal, decimal] = /^#(?:x([\da-fA-F]+)|(\d+))$/.exec(name) ?? [];
    const code = hexadecimal === undefined ? Number(decimal) : parseInt(hexadecimal, 16);
    if (code > 0 && code <= 0x10ffff) return String.fromCodePoint(code);
    if (!Object.hasOwn(ENTITIES, name)) throw notSvg();
    return ENTITIES[name];
  });
}
