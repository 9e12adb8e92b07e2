/** Bytes that are not what a page of docs/formats describes; the caller knows of which object. */
export class Malformed extends Error {}

/** A version or label that a newer verifier may know. */
export class NewerVerifier extends Malformed {}

/** The receipt cannot be checked without its document: nothing is said. */
export class DocumentNeeded extends Error {}

/** A check that failed: its part and word in docs/formats/finding.md. */
export class Fault extends Error {
  /** @param {string} part @param {string} word @param {string} reason */
  constructor(part, word, reason) {
    super(reason);
    this.part = part;
    this.word = word;
    /** Whether the verifier's own clock is the cause. */
    this.isClock = false;
  }
}
