// What follows from a finding for whoever has to decide: the same as the exit code of `sanad verify`, and the sentence that says why.
import { isAgainst } from "./credential/credential.js";
import { haveAllSigned } from "./institutions.js";
import { WORDS } from "./verify.js";

/** @typedef {import("./verify.js").Finding} Finding */
/** @typedef {import("./endorsement.js").Endorses} Endorses */
/** @typedef {{ source: string } | { why: string, source: string } | null} Asked */
/** What else was given together with it. @typedef {{ endorses?: Endorses | null, institutions?: import("./institutions.js").Institutions | null, isMixed?: boolean }} Beside
 * `isMixed`: whether it lies among the files of another certificate */
/** @typedef {"yes" | "no" | "unknown"} Decision */

const GOOD = ["active", "confirmed"];
/** Of a credential that speaks against itself, by its word. @type {Record<string, string>} */
const AGAINST = { "not-yet-valid": "not-yet", expired: "expired", "not-covered": "own-cover", malformed: "own-model", inconsistent: "own-claims", bad: "own-signature" };
/** Endorsements that do not speak for what is beside them. @type {Record<string, [string, Decision]>} */
const ENDORSEMENTS = {
  changed: ["endorses-changed", "no"], missing: ["endorses-missing", "unknown"], unreadable: ["endorses-unreadable", "unknown"],
  "not-compared": ["endorses-not-compared", "unknown"],
};
/** @type {Decision[]} */
const DECISIONS = ["yes", "no", "unknown"];

/** Evidence comes before ignorance; a match over the words has no good default. @param {Finding} finding @param {Asked} asked
 * @param {Beside} [beside] @returns {{ key: string, decision: Decision }} `key` of words.js, after `verdict-` */
export function answerOf(finding, asked, { endorses = null, institutions = null, isMixed = false } = {}) {
  const word = finding.verdict ?? "not-proven";
  const unanswered = asked !== null && "why" in asked;
  if (!GOOD.includes(word)) {
    if (word === "renew" && finding.clockIsWrong) return { key: "clock", decision: "unknown" };
    const isOther = word === "not-proven" && (finding.reason ?? "").startsWith("issuer-id:");
    return { key: isOther ? "issuer-id" : word, decision: DECISIONS[WORDS.get(word) ?? 2] };
  }
  const { credential } = finding;
  if (credential !== null && isAgainst(credential)) {
    const isDates = (credential.validity?.unreadable.length ?? 0) > 0 && credential.word === "inconsistent";
    return { key: isDates ? "dates" : AGAINST[credential.word], decision: "no" };
  }
  if (finding.expired) return { key: "expired", decision: "no" };
  if (isMixed) return { key: "mixed-one", decision: "no" };
  if (endorses?.obstacle === "standing") return { key: "endorses-standing", decision: "no" };
  const isAlone = !haveAllSigned(institutions);
  if (isAlone && institutions?.list.some(({ state, isNamed }) => isNamed && state === "not-good")) return { key: "alone", decision: "no" };
  if (endorses !== null && endorses.found in ENDORSEMENTS) {
    const [key, decision] = ENDORSEMENTS[endorses.found];
    return { key, decision };
  }
  if (endorses?.obstacle === "unsigned") return { key: "endorses-unsigned", decision: "unknown" };
  if (unanswered) return { key: "unanswered", decision: "unknown" };
  if (credential?.validity?.endWithholdable) return { key: "withheld", decision: "unknown" };
  if (credential?.beyondLimits) return { key: "too-large", decision: "unknown" };
  if (isAlone) return { key: "alone", decision: "unknown" };
  if (endorses !== null) return { key: "endorsement", decision: "yes" };
  return { key: asked === null ? `${word}-then` : word, decision: "yes" };
}
