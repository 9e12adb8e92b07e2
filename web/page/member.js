// A member in the explorer: what its proved record and rest say of it, and how much it issued once that was counted.
import { hex } from "../src/bytes.js";
import { ROLES, STANDINGS } from "../src/layout.js";
import { PURPOSES } from "../src/rest.js";
import { element } from "./result.js";

/** @typedef {ReturnType<typeof import("../src/words.js").speaker>} Speaker */
/** @typedef {import("../src/explorer.js").Member} Member */
/** @typedef {"counting" | { why: string } | { height: number, counts: import("../src/counts.js").Counts }} Counted */

const KEY_DIGITS = 16;

/** @param {Speaker} speaker @param {Member} member @param {Counted | undefined} counted @param {() => void} count @returns {HTMLElement} */
export function memberNode({ say }, member, counted, count) {
  const { record, rest } = member;
  const range = (/** @type {{ from: number, until?: number }} */ { from, until }) =>
    until === undefined ? say("range-open", { from }) : say("range", { from, until });
  const facts = [
    say("member-role", { role: say(`role-${ROLES[rest.role]}`) }), say("standing-since", { standing: say(`standing-${STANDINGS[record.standing]}`), height: record.since }),
    ...record.disputed.map((disputed) => say("member-disputed", { range: range(disputed) })),
    ...rest.facts.map(({ name, value }) => `${name}: ${value}`),
  ];
  const heading = element("h3", `${record.name} (${record.id})`);
  heading.id = `member-${record.id}`;
  const section = element("section", "", "member", [
    heading,
    element("ul", "", "", facts.map((fact) => element("li", fact))),
    table([say("member-keys"), say("member-key"), say("member-range")], rest.keys.map((term) => [say(`key-${PURPOSES[term.purpose]}`), `${hex(term.key).slice(0, KEY_DIGITS)}…`, range(term)])),
    table([say("member-ids"), say("member-range")], record.issuerIds.map((id) => [id.id, range(id)])),
    ...issued(say, member, counted, count),
  ]);
  section.setAttribute("aria-labelledby", heading.id);
  return section;
}

/** @param {Speaker["say"]} say @param {Member} member @param {Counted | undefined} counted @param {() => void} count */
function issued(say, { record, rest, count: countable }, counted, count) {
  if (countable === null) return [element("p", say("counts-unavailable"))];
  if (counted === undefined) {
    const button = element("button", say("counts-do", { entries: rest.events.count }));
    button.id = `count-${record.id}`;
    button.addEventListener("click", count);
    return [button];
  }
  if (counted === "counting") return [element("p", say("working"))];
  if ("why" in counted) return [element("p", say("explorer-error", { why: say(counted.why) }), "trouble")];
  const { height, counts } = counted;
  return [element("p", say("counts", { height, ...counts, issued: Object.values(counts).reduce((sum, one) => sum + one, 0) }))];
}

/** @param {string[]} heads @param {(string | Node)[][]} rows */
export function table(heads, rows) {
  const top = heads.map((text) => {
    const cell = element("th", text);
    cell.setAttribute("scope", "col");
    return cell;
  });
  const cell = (/** @type {string | Node} */ content) => (typeof content === "string" ? element("td", content) : element("td", "", "", [content]));
  const body = rows.map((row) => element("tr", "", "", row.map(cell)));
  return element("table", "", "", [element("thead", "", "", [element("tr", "", "", top)]), element("tbody", "", "", body)]);
}
