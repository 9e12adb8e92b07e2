// Reads of a node over HTTP: docs/http.md. What comes back is a proof, which is checked like any other.
import { equal, hex } from "./bytes.js";
import { Malformed } from "./faults.js";
import { proofOf } from "./forms.js";
import { get, readLimited } from "./http.js";
import { parseForm } from "./json.js";
import { RECEIPT_BYTES_MAX } from "./layout.js";

/** @typedef {import("./layout.js").Proof} Proof */

/** An answer, without cookies and redirects. @param {string} base ends with `/` @param {string} path @param {number} max */
export async function read(base, path, max) {
  const answer = await get(new URL(path, base));
  if (!answer.ok || answer.body === null) throw new Malformed(`the node answers with ${answer.status}`);
  return readLimited(answer.body, max);
}

/** A proof of the same entry as of the last block of a node: what the receipt keeps secret is not sent. @param {string} base @param {Proof} older
 * @param {number} anchorHeight of what the verifier trusts @returns {Promise<Proof>} */
export async function newerFromNode(base, older, anchorHeight) {
  const commitment = /** @type {Uint8Array} */ (older.entry.event.commitment);
  const path = `v1/credentials/${encodeURIComponent(older.entry.issuer)}/${hex(commitment)}`;
  const proof = proofOf(parseForm(await read(base, path, RECEIPT_BYTES_MAX), RECEIPT_BYTES_MAX));
  const same = proof.index === older.index && proof.entry.issuer === older.entry.issuer;
  if (!same || !equal(/** @type {Uint8Array} */ (proof.entry.event.commitment), commitment)) throw new Malformed("the node answers about another credential");
  return { ...proof, finality: above(proof.finality, anchorHeight) };
}

/** Changes of validators that the verifier knows already are left out. @param {import("./layout.js").Finality} finality @param {number} anchorHeight
 * @returns {import("./layout.js").Finality} */
export function above(finality, anchorHeight) {
  if (finality.by === "sealed") return finality;
  return { ...finality, changes: finality.changes.filter(({ header }) => header.height > anchorHeight) };
}
