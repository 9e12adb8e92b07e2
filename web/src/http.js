// Answers over HTTP: without cookies and redirects, of a limited length, and never waited for without end.
import { concat } from "./bytes.js";
import { Malformed } from "./faults.js";

/** How long a server may send nothing. */
const SILENCE_MS_MAX = 15_000;

/** @param {string | URL} address @param {RequestInit} options @returns {Promise<Response>} */
export const get = (address, options = {}) => within(SILENCE_MS_MAX, fetch(address, { credentials: "omit", redirect: "error", ...options }));

/** @param {ReadableStream<Uint8Array>} body @param {number} max */
export async function readLimited(body, max) {
  const reader = body.getReader();
  const parts = [];
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await within(SILENCE_MS_MAX, reader.read());
      if (done) return concat(...parts);
      length += value.length;
      if (length > max) throw new Malformed("an answer that is too long");
      parts.push(value);
    }
  } catch (error) {
    // Whoever sends without end does not keep the reader waiting here, either.
    reader.cancel().catch(() => {});
    throw error;
  }
}

/** @template T @param {number} ms @param {Promise<T>} work @returns {Promise<T>} */
export async function within(ms, work) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Malformed("no answer in time")), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
