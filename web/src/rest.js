// What a member's record names by its hash: keys, chains and the count of all that concerns the member: docs/formats/member.md, "Rest".
import { derive } from "./blake3.js";
import { concat, equal, list32, option, tagged, text8, u32, u64, u8 } from "./bytes.js";
import { Malformed } from "./faults.js";
import { bytes, fields, integer, items, key, optional, text, word } from "./forms.js";
import { ROLES } from "./layout.js";

/** @typedef {{ purpose: number, key: Uint8Array, from: number, until: number | undefined }} KeyTerm */
/** @typedef {{ nextSequence: number, lastBatch: Uint8Array }} Chain */
/** @typedef {{ role: number, governanceThreshold: number, keys: KeyTerm[], issuing: Chain, governance: Chain, events: { count: number, head: Uint8Array },
 *   revoked: { day: number, count: number }, addresses: string[], facts: { name: string, value: string }[] }} Rest */

export const PURPOSES = ["governance", "issuing", "consensus", "network"];
const KEYS_MAX = 1024;
const TEXTS_MAX = 4096;
const U32 = 2 ** 32 - 1;

/** @param {Rest} rest of a record that is proved @param {import("./layout.js").Record} record */
export function checkRest(rest, record) {
  if (!equal(derive("sanad/v1 member rest", encodeRest(rest)), record.rest)) throw new Malformed("a rest of another record");
  return rest;
}

/** Keys stand in it by their names. @param {Rest} rest */
function encodeRest(rest) {
  const chain = (/** @type {Chain} */ { nextSequence, lastBatch }) => concat(u64(nextSequence), lastBatch);
  return concat(
    u8(rest.role), u8(rest.governanceThreshold),
    list32(rest.keys, (term) => concat(u8(term.purpose), derive("sanad/v1 key", tagged(term.key)), u64(term.from), option(term.until, u64))),
    chain(rest.issuing), chain(rest.governance), u64(rest.events.count), rest.events.head, u32(rest.revoked.day), u32(rest.revoked.count),
    list32(rest.addresses, text8), list32(rest.facts, ({ name, value }) => concat(text8(name), text8(value))),
  );
}

/** @param {import("./bytes.js").Reader} read whole keys, as an export has them @returns {Rest} */
export function readRest(read) {
  const chain = () => ({ nextSequence: read.u64(), lastBatch: read.hash() });
  return {
    role: read.u8(), governanceThreshold: read.u8(),
    keys: read.list32(KEYS_MAX, () => ({ purpose: read.u8(), key: read.tagged(32), from: read.u64(), until: read.option(() => read.u64()) })),
    issuing: chain(), governance: chain(), events: { count: read.u64(), head: read.hash() }, revoked: { day: read.u32(), count: read.u32() },
    addresses: read.list32(TEXTS_MAX, () => read.text8()), facts: read.list32(TEXTS_MAX, () => ({ name: read.text8(), value: read.text8() })),
  };
}

/** @param {import("./json.js").Json | undefined} value @returns {Rest} */
export function restOf(value) {
  const given = fields(value, ["role", "governance_threshold", "keys", "issuing", "governance", "events", "revoked", "addresses", "facts"]);
  const chain = (/** @type {import("./json.js").Json | undefined} */ item) => {
    const { next_sequence: next, last_batch: last } = fields(item, ["next_sequence", "last_batch"]);
    return { nextSequence: integer(next), lastBatch: bytes(last) };
  };
  const [events, revoked] = [fields(given.events, ["count", "head"]), fields(given.revoked, ["day", "count"])];
  return {
    role: word(given.role, ROLES), governanceThreshold: integer(given.governance_threshold, 255),
    keys: items(given.keys, KEYS_MAX, (item) => {
      const term = fields(item, ["purpose", "key", "from"], ["until"]);
      return { purpose: word(term.purpose, PURPOSES), key: key(term.key), from: integer(term.from), until: optional(term.until, (until) => integer(until)) };
    }),
    issuing: chain(given.issuing), governance: chain(given.governance), events: { count: integer(events.count), head: bytes(events.head) },
    revoked: { day: integer(revoked.day, U32), count: integer(revoked.count, U32) }, addresses: items(given.addresses, TEXTS_MAX, text),
    facts: items(given.facts, TEXTS_MAX, (item) => {
      const fact = fields(item, ["name", "value"]);
      return { name: text(fact.name), value: text(fact.value) };
    }),
  };
}
