// Ed25519, strictly: docs/formats/README.md. The equation is WebCrypto's, which has no cofactor; the rest is checked here.

const FIELD = (1n << 255n) - 19n;
const GROUP_ORDER = (1n << 252n) + 27742317777372353535851937790883648493n;
const EIGHTH = 0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n;
const SMALL_ORDER_Y = [0n, 1n, FIELD - 1n, EIGHTH, FIELD - EIGHTH];
const D = mod(-121665n * power(121666n, FIELD - 2n));

/** @param {bigint} n */
function mod(n) {
  const rest = n % FIELD;
  return rest < 0n ? rest + FIELD : rest;
}

/** @param {bigint} base @param {bigint} exponent */
function power(base, exponent) {
  let result = 1n;
  for (let square = base; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = (result * square) % FIELD;
    square = (square * square) % FIELD;
  }
  return result;
}

/** @param {Uint8Array} bytes */
function littleEndian(bytes) {
  let text = "0x";
  for (let i = bytes.length - 1; i >= 0; i--) text += bytes[i].toString(16).padStart(2, "0");
  return BigInt(text);
}

/** Canonical and not of small order; whether it is on the curve is not looked at. @param {Uint8Array} point */
function isPlain(point) {
  const y = littleEndian(point) & ((1n << 255n) - 1n);
  return y < FIELD && !SMALL_ORDER_Y.includes(y);
}

/** @param {Uint8Array} point */
export function isUsablePoint(point) {
  if (!isPlain(point)) return false;
  const y = littleEndian(point) & ((1n << 255n) - 1n);
  // RFC 8032, 5.1.3: x^2 = (y^2 - 1) / (d y^2 + 1); a square times a square is one.
  const square = mod((y * y - 1n) * (D * y * y + 1n));
  return power(square, (FIELD - 1n) / 2n) === 1n;
}

/**
 * Points that are not on the curve are refused by WebCrypto: it recomputes R, and decodes the key.
 * @param {Uint8Array} key 32 bytes @param {Uint8Array} signature 64 bytes @param {Uint8Array} message
 */
export async function signatureHolds(key, signature, message) {
  if (littleEndian(signature.subarray(32)) >= GROUP_ORDER) return false;
  if (!isPlain(key) || !isPlain(signature.subarray(0, 32))) return false;
  let imported;
  try {
    imported = await crypto.subtle.importKey("raw", source(key), "Ed25519", false, ["verify"]);
  } catch (error) {
    // A browser without Ed25519, or a page that is not secure, says nothing about a signature.
    if (/** @type {Error} */ (error).name !== "DataError") throw error;
    return false;
  }
  return crypto.subtle.verify("Ed25519", imported, source(signature), source(message));
}

/** WebCrypto takes views of unshared memory. @param {Uint8Array} data @returns {Uint8Array<ArrayBuffer>} */
export const source = (data) => new Uint8Array(data);

/** @param {Uint8Array} data */
export const sha256 = async (data) => new Uint8Array(await crypto.subtle.digest("SHA-256", source(data)));
