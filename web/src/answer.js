// What follows from a finding for whoever has to decide: the same as the exit code of `sanad verify`, and the sentence that says why.
import { isAgainst } from "./credential/credential.js";
import { WORDS } from "./verify.js";

/** @typedef {import("./verify.js").Finding} Finding */
/** @typedef {import("./endorsement.js").Endorses} Endorses */
/** @typedef {{ source: string } | { why: string, source: string } | null} Asked */
/** @typedef {"yes" | "no" | "unknown"} Decision */

const GOOD = ["active", "confirmed"];
/** Of a credential that speaks against itself, by its word. @type {Record<string, string>} */
const AGAINST = { "not-yet-valid": "not-yet", expired: "expired", "not-covered": "own-cover", malformed: "own-model", inconsistent: "own-claims", bad: "own-signature" };
/** Endorsements that do not speak for what is beside them. @type {Record<string, [string, Decision]>} */
const ENDORSEMENTS = { changed: ["endorses-changed", "no"], missing: ["endorses-missing", "unknown"], unreadable: ["endorses-unreadable", "unknown"] };
/** @type {Decision[]} */
const DECISIONS = ["yes", "no", "unknown"];

/** Evidence comes before ignorance; a match over the words has no good default. @param {Finding} finding @param {Asked} asked
 * @param {Endorses | null} [endorses] @returns {{ key: string, decision: Decision }} `key` of words.js, after `verdict-` */
export function answerOf(finding, asked, endorses = null) {
  const word = finding.verdict ?? "not-proven";
  const unanswered = asked !== null && "why" in asked;
  if (!GOOD.includes(word)) {
    const isOther = word === "not-proven" && (finding.reason ?? "").startsWith("issuer-id:");
    return { key: isOther ? "issuer-id" : word, decision: DECISIONS[WORDS.get(word) ?? 2] };
  }
  const { credential } = finding;
  if (credential !== null && isAgainst(credential)) {
    const isDates = (credential.validity?.unreadable.length ?? 0) > 0 && credential.word === "inconsistent";
    return { key: isDates ? "dates" : AGAINST[credential.word], decision: "no" };
  }
  if (finding.expired) return { key: "expired", decision: "no" };
  if (endorses !== null && endorses.found in ENDORSEMENTS) {
    const [key, decision] = ENDORSEMENTS[endorses.found];
    return { key, decision };
  }
  if (unanswered) return { key: "unanswered", decision: "unknown" };
  if (credential?.validity?.endWithholdable) return { key: "withheld", decision: "unknown" };
  if (endorses !== null) return { key: "endorsement", decision: "yes" };
  return { key: asked === null ? `${word}-then` : word, decision: "yes" };
}
