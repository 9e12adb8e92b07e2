// How much a member issued, and what became of it, from every entry that concerns it: docs/formats/completeness.md. Nothing can be left out, for
// the entries fold to the hash in the member's rest.
import { derive } from "./blake3.js";
import { Reader, concat, decodeUtf8, equal, u64, unhex, utf8 } from "./bytes.js";
import { Malformed } from "./faults.js";
import { fields, integer, items, text } from "./forms.js";
import { parseForm } from "./json.js";
import { LOG } from "./trees.js";

/** @typedef {"active" | "suspended" | "confirmed" | "revoked" | "disputed"} Status */
/** @typedef {Record<Status, number>} Counts */
/** @typedef {{ first: number, entries: Uint8Array[] }} Run entries that follow one another in the log */

const LINE_BYTES_MAX = 1 << 20;
const ENTRY_BYTES_MAX = 16_384;
const RUN_ENTRIES_MAX = 1 << 16;
/** What entries with a target make of it, by tag: docs/formats/entry.md. @type {Record<number, Status>} */
const AFTER = { 1: "revoked", 2: "suspended", 3: "active", 8: "confirmed", 9: "revoked", 10: "revoked" };
const REVOKE_AS_SUCCESSOR = 10;
/** `propose`, `approve`, `withdraw`, `revoke-as-successor` and `record-evidence` may be others' entries. */
const OF_OTHERS = [10, 11, 12, 13, 15];

/** @param {{ record: import("./layout.js").Record, rest: import("./rest.js").Rest }} member proved @param {number} logSize of its header
 * @param {(from: number) => Promise<Run[]>} runsFrom runs of entries from a log index on @returns {Promise<Counts>} */
export async function countIssued({ record, rest }, logSize, runsFrom) {
  /** @type {Map<number, Status>} */
  const statuses = new Map();
  let head = new Uint8Array(32);
  let [next, count] = [0, 0];
  while (count < rest.events.count) {
    const before = count;
    for (const { first, entries } of await runsFrom(next)) {
      if (first < next || first + entries.length > logSize) throw new Malformed("entries that are not in their order");
      for (const [i, entry] of entries.entries()) {
        head = derive("sanad/v1 member events", concat(head, u64(first + i), await LOG.leaf(entry)));
        apply(statuses, record.id, first + i, entry);
      }
      next = first + entries.length;
      count += entries.length;
    }
    if (count === before || count > rest.events.count) throw new Malformed("the entries are not as many as the record says");
  }
  if (!equal(head, rest.events.head)) throw new Malformed("the entries are not those of the record");
  /** @type {Counts} */
  const counts = { active: 0, confirmed: 0, suspended: 0, disputed: 0, revoked: 0 };
  for (const [index, status] of statuses) {
    const isDisputed = status === "active" && record.disputed.some(({ from, until }) => from <= index && index < until);
    counts[isDisputed ? "disputed" : status] += 1;
  }
  return counts;
}

/** One a line, as a node sends them. @param {Uint8Array} data @returns {Run[]} */
export function runsIn(data) {
  const lines = decodeUtf8(data).split("\n");
  if (lines.pop() !== "") throw new Malformed("a line without its end");
  return lines.map((line) => {
    const run = fields(parseForm(utf8(line), LINE_BYTES_MAX), ["first_index", "entries"]);
    const entries = items(run.entries, RUN_ENTRIES_MAX, (entry) => unhex(text(entry)));
    if (entries.length === 0 || entries.some(({ length }) => length > ENTRY_BYTES_MAX)) throw new Malformed("a run of another form");
    return { first: integer(run.first_index), entries };
  });
}

/** @param {Map<number, Status>} statuses @param {string} member @param {number} index @param {Uint8Array} entry */
function apply(statuses, member, index, entry) {
  const read = new Reader(entry);
  const [tag, issuer] = [read.u8(), read.text8()];
  if (issuer !== member && !OF_OTHERS.includes(tag)) throw new Malformed("an entry of another member");
  if (tag === 0) statuses.set(index, "active");
  if (!(tag in AFTER) || (tag === REVOKE_AS_SUCCESSOR && issuer === member)) return;
  const target = read.u64();
  if (!statuses.has(target)) throw new Malformed("a change of what was not issued");
  statuses.set(target, AFTER[tag]);
}
