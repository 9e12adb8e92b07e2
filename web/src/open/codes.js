// Link code, box and offline code: docs/formats/codes.md. The address before `#` is not trusted, and not looked at.
import { derive } from "../blake3.js";
import { Reader, concat, hex, startsWith, unbase64url } from "../bytes.js";
import { source } from "../ed25519.js";
import { Malformed, NewerVerifier } from "../faults.js";
import { checkPeopleText } from "../layout.js";
import { readEndorsements } from "./endorsements.js";

const CODE_BYTES_MAX = 8192;
const KEY_CHARACTERS = 43;
const BOX_BYTES_MAX = 2_098_209;
const BOX_MAGIC = Uint8Array.of(0xf5, 0x73, 0x6e, 0x62);
const FILE_BYTES_MAX = 1 << 20;
const PADDING_BYTES = 1024;
/** Digits of a group by its bytes. */
const DIGITS = [0, 3, 5, 8, 10, 13, 15, 17, 20, 22, 25, 27, 29];
const GROUP_BYTES = 12;

/** A key or the bytes of a receipt; null if the text is neither. @param {string} text
 * @returns {{ key: Uint8Array } | { receipt: Uint8Array } | null} */
export function readCode(text) {
  const given = text.trim();
  if (given.length > CODE_BYTES_MAX) return null;
  const code = given.includes("#") ? given.slice(given.indexOf("#") + 1) : given;
  if (/^\d+$/.test(code) && code.length !== KEY_CHARACTERS) return { receipt: readDigits(code) };
  if (!given.includes("#")) return null;
  // The last of 43 characters has but four bits of the 256.
  return /^[\w-]{42}[AEIMQUYcgkosw048]$/.test(code) ? { key: unbase64url(code) } : null;
}

/** @param {string} digits */
export function readDigits(digits) {
  const parts = [];
  const size = DIGITS[GROUP_BYTES];
  for (let at = 0; at < digits.length; at += size) {
    const group = digits.slice(at, at + size);
    const bytes = DIGITS.indexOf(group.length);
    if (bytes < 1) throw new Malformed("the digits of the receipt are incomplete");
    const number = BigInt(group);
    if (number >> BigInt(8 * bytes) !== 0n) throw new Malformed("the digits of the receipt are not those of bytes");
    parts.push(Uint8Array.from({ length: bytes }, (_, i) => Number((number >> BigInt(8 * (bytes - 1 - i))) & 255n)));
  }
  return concat(...parts);
}

/** @param {Uint8Array} key */
export const boxId = (key) => derive("sanad/v1 box id", key).subarray(0, 16);

/** Where the box lies, seen from the page. @param {Uint8Array} key @param {string} pageAddress */
export function boxAddress(key, pageAddress) {
  const { origin, pathname } = new URL(pageAddress);
  const folder = pathname.replace(/\/v\/(?:index\.html)?$/, "/v").replace(/[^/]*$/, "");
  return `${origin}${folder}boxes/${hex(boxId(key))}`;
}

/** The document, its name and its receipt, and endorsements of it. @param {Uint8Array} key @param {Uint8Array} box */
export async function openBox(key, box) {
  if (box.length > BOX_BYTES_MAX || !startsWith(box, BOX_MAGIC)) throw new Malformed("not a box");
  if (box.length < 33) throw new Malformed("the box is cut short");
  if (box[4] !== 1 && box[4] !== 2) throw new NewerVerifier("a box of another version");
  const boxKey = await crypto.subtle.importKey("raw", source(derive("sanad/v1 box key", key)), "AES-GCM", false, ["decrypt"]);
  const additionalData = source(concat(box.subarray(0, 5), boxId(key)));
  let text;
  try {
    text = await crypto.subtle.decrypt({ name: "AES-GCM", iv: source(box.subarray(5, 17)), additionalData }, boxKey, source(box.subarray(17)));
  } catch {
    throw new Malformed("the box does not open with this key: it belongs to another link, or was changed");
  }
  return readBoxText(new Uint8Array(text), box[4]);
}

/** @param {Uint8Array} text @param {number} version of the box */
async function readBoxText(text, version) {
  const read = new Reader(text);
  const name = checkPeopleText(read.text8(), 1, 255, "the name");
  if (/[/\\]|^\./.test(name)) throw new Malformed("the name of the document is not one of a file");
  const document = file(read);
  const receipt = file(read);
  const zip = version === 1 ? null : file(read);
  const padding = read.take(text.length - read.at);
  if (padding.length >= PADDING_BYTES || text.length % PADDING_BYTES !== 0 || padding.some((byte) => byte !== 0)) {
    throw new Malformed("the box has another form inside");
  }
  return { name, document, receipt, endorsements: zip === null ? [] : await readEndorsements(zip) };
}

/** @param {Reader} read */
function file(read) {
  const length = read.u32();
  if (length < 1 || length > FILE_BYTES_MAX) throw new Malformed("a file in the box is empty or too long");
  return read.take(length);
}
