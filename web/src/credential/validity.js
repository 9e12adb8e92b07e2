// When a credential is in force: what it says, and what that means now.
import { CLOCK_TOLERANCE_MS, moment, numericDate } from "../dates.js";

/** @typedef {import("../json.js").JsonObject} JsonObject */
/** @typedef {{ start: number | null, end: number | null, from: string | null, notYet: boolean, expired: boolean, unreadable: string[], endWithholdable: boolean }} Validity
 * `start` and `end` in milliseconds: the latest start and the earliest end that it names; `from` as it is written */

/** @param {JsonObject} credential @param {number} nowMs @param {JsonObject} [claims] of a JWT around it @returns {Validity} */
export function validityOf(credential, nowMs, claims) {
  /** @type {Validity} */
  const found = { start: null, end: null, from: null, notYet: false, expired: false, unreadable: [], endWithholdable: false };
  const note = (/** @type {JsonObject} */ object, /** @type {string} */ name, /** @type {(value: unknown) => number | null} */ read, /** @type {boolean} */ isStart) => {
    if (!(name in object)) return;
    const value = object[name];
    const ms = read(value);
    if (ms === null) found.unreadable.push(name);
    else if (!isStart) {
      found.end = Math.min(found.end ?? Infinity, ms);
      found.expired ||= nowMs - ms > CLOCK_TOLERANCE_MS;
    } else {
      if (ms >= (found.start ?? -Infinity)) [found.start, found.from] = [ms, typeof value === "string" ? value : null];
      found.notYet ||= ms - nowMs > CLOCK_TOLERANCE_MS;
    }
  };
  for (const name of ["validFrom", "issuanceDate"]) note(credential, name, moment, true);
  for (const name of ["validUntil", "expirationDate"]) note(credential, name, moment, false);
  if (claims !== undefined) {
    note(claims, "nbf", numericDate, true);
    note(claims, "exp", numericDate, false);
  }
  return found;
}
