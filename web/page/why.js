// Why something could not be read, in words of words.js. What is thrown is in English, for programmers: each message has its key here, and a reader
// in English sees both.
import { Malformed, NewerVerifier } from "../src/faults.js";
import { WORDS_OF } from "../src/words.js";
import { Unread } from "./check.js";

/** The first that is found. @type {[RegExp, string][]} */
const KEYS = [
  [/PDF is encrypted|ZIP archive is encrypted/, "why-encrypted"],
  [/^no receipt among the files/, "why-no-receipt"],
  [/attachment|^two receipts|attached as/, "why-attachments"],
  [/^neither a link|digits of the receipt/, "why-text"],
  [/of more than|too long|longer than|too much|more than|too many/, "why-too-long"],
  [/PDF|revisions/, "why-pdf"],
  [/ZIP/, "why-zip"],
  [/does not open with this key/, "why-box-other"],
  [/the box|not a box/, "why-box"],
  [/config\.json/, "why-config"],
  [/trust file|genesis/, "why-trust"],
  [/no answer in time/, "why-slow"],
  [/older block than the receipt|export is behind/, "why-behind"],
  [/^the (export|node)|head of an export|another credential|answer|the issuer is not in|tile|page of statuses/, "why-source"],
];

/** @param {string} message */
export const keyOf = (message) => (message in WORDS_OF.en ? message : (KEYS.find(([pattern]) => pattern.test(message))?.[1] ?? "why-damaged"));

/** Why a source that was asked proved nothing. @param {string} message */
export function sourceKey(message) {
  const key = keyOf(message);
  return /^why-(unreachable|slow|behind)$/.test(key) ? key : "why-source";
}

/** A key and, where it says more, the message. @param {unknown} error @returns {{ why: string, detail: string }} */
export function whyOf(error) {
  if (error instanceof Unread) return { why: error.message, detail: "" };
  if (error instanceof NewerVerifier) return { why: "why-newer", detail: error.message };
  if (error instanceof Malformed) return { why: keyOf(error.message), detail: error.message };
  const { name, message } = /** @type {Error} */ (error);
  if (name === "NotSupportedError" || crypto.subtle === undefined) return { why: "no-crypto", detail: "" };
  // A browser's own words are in its own language.
  return { why: name === "TypeError" ? "why-unreachable" : "why-failed", detail: message };
}
