import { source } from "../ed25519.js";
import { Malformed } from "../faults.js";

/** Stops at `max` bytes. @param {Uint8Array} data @param {CompressionFormat} format @param {number} max */
export async function inflate(data, format, max) {
  const reader = new Blob([source(data)]).stream().pipeThrough(new DecompressionStream(format)).getReader();
  const parts = [];
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      length += value.length;
      if (length > max) throw new Malformed("it inflates to too much");
      parts.push(value);
    }
  } catch (error) {
    // A stream that is cut or damaged rejects with a TypeError.
    reader.cancel().catch(() => {});
    throw error instanceof Malformed ? error : new Malformed("a compressed part is damaged");
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
