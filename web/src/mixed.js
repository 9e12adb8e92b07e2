// Whether files that lie together are of different credentials, though they look like one certificate's: docs/formats/codes.md.
import { hex } from "./bytes.js";

/** @typedef {import("./layout.js").Proof} Proof */
/** @typedef {{ folder: string, how: import("./open/index.js").How, entry: string | null, isEndorsement: boolean }} Item */

/** Names the entry that a proof is about. @param {Proof | null} proof */
export const entryOf = (proof) =>
  proof === null || proof.entry.event.commitment === undefined ? null : `${proof.entry.issuer}/${hex(proof.entry.event.commitment)}`;

/** The folders in which a PDF, or a receipt without its document, is of another credential than the documents there.
 * @param {Item[]} items @returns {Set<string>} */
export function mixedFolders(items) {
  /** @type {Set<string>} */
  const mixed = new Set();
  for (const { folder, how, entry } of items) {
    const beside = items.filter((other) => other.folder === folder && !other.isEndorsement);
    const awards = beside.filter((other) => other.how === "files");
    // A stray receipt may be the one that a PDF has inside.
    const others = how === "stray" ? beside.filter((other) => other.how !== "stray") : how === "pdf" ? awards : [];
    if (entry !== null && others.length > 0 && !others.some((other) => other.entry === entry)) mixed.add(folder);
  }
  return mixed;
}
