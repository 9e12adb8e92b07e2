// A result on the page. All text goes in as text; nothing of a document is ever read as HTML.
import { base64url } from "../src/bytes.js";
import { CLOCK_TOLERANCE_MS } from "../src/dates.js";
import { haveAllSigned } from "../src/institutions.js";
import { visible } from "../src/visible.js";
import { WORDS_OF } from "../src/words.js";

/** @typedef {ReturnType<typeof import("../src/words.js").speaker>} Speaker */
/** @typedef {import("./check.js").Result} Result */
/** @typedef {import("../src/verify.js").Finding} Finding */

const GOOD = ["active", "confirmed", "endorsement"];
const BAD = ["suspended", "disputed", "revoked", "expired", "not-yet", "tampered"];
/** Farthest moment that a `Date` holds. */
const DATE_MS_MAX = 8_640_000_000_000_000;
const ICONS = { good: "✓", bad: "✕", wait: "?" };
/** Facts in the order of the page, as keys of a summary and of words. */
const FACTS = [
  ["holder", "who"], ["title", "what"], ["awarded_on", "when"], ["credits", "credits"], ["programme", "programme"], ["level", "level"],
  ["number", "number"], ["valid_until", "until"],
];

/** Its text without what a reader would not see. @param {string} name @param {string} [text] @param {string} [className] @param {Node[]} [children] */
export function element(name, text = "", className = "", children = []) {
  const made = document.createElement(name);
  if (className !== "") made.className = className;
  if (text !== "") made.append(visible(text));
  made.append(...children);
  return made;
}

/** What the page says: a credential that is active is so within its own dates alone. @param {Finding} finding @param {number} nowMs */
export function shownVerdict(finding, nowMs) {
  const verdict = finding.verdict ?? "not-proven";
  if (!GOOD.includes(verdict)) return verdict;
  // The ledger proves that it is at least as late as its block.
  nowMs = Math.max(nowMs, finding.asOf?.timeMs ?? 0);
  if (finding.unreadable.length > 0) return "dates";
  if (finding.expiry !== null && finding.expiry <= nowMs) return "expired";
  return finding.start !== null && finding.start - nowMs > CLOCK_TOLERANCE_MS ? "not-yet" : verdict;
}

/** What the page says of one of the things that were opened: good is nothing that came with another certificate's files, or that names
 * institutions that are not shown to have signed it. @param {Result} result @param {number} nowMs */
export function shownVerdictOf({ finding, institutions, isMixed, isEndorsement }, nowMs) {
  const verdict = shownVerdict(finding, nowMs);
  if (!GOOD.includes(verdict)) return verdict === "renew" && finding.clockIsWrong ? "clock" : verdict;
  if (isMixed) return "mixed-one";
  if (!haveAllSigned(institutions)) return "alone";
  return isEndorsement ? "endorsement" : verdict;
}

/** @param {string} verdict */
export const toneOf = (verdict) => (GOOD.includes(verdict) ? "good" : BAD.includes(verdict) ? "bad" : "wait");

/** @param {string} sentence @param {"good" | "bad" | "wait"} tone */
export function verdictBox(sentence, tone) {
  const icon = element("div", "", "icon", [element("span", ICONS[tone])]);
  icon.setAttribute("aria-hidden", "true");
  return element("div", "", `verdict ${tone}`, [icon, element("h2", sentence)]);
}

/** @param {Speaker} speaker @param {Result} result @param {number} nowMs @returns {Node[]} */
export function resultNodes(speaker, result, nowMs) {
  const { finding } = result;
  const verdict = shownVerdictOf(result, nowMs);
  return [
    verdictBox(speaker.say(`verdict-${verdict}`, { name: finding.issuer?.name ?? "" }), toneOf(verdict)),
    ...asOf(speaker, result, nowMs),
    ...institutions(speaker, result),
    ...facts(speaker, result),
    ...checks(speaker, finding),
    ...open(speaker, finding),
    details(speaker, result),
  ];
}

/** @param {Speaker} speaker @param {Result} result @param {number} nowMs */
function asOf({ say, time, age }, { finding, asked }, nowMs) {
  if (finding.asOf === null) return [];
  const when = say("as-of", { time: time(finding.asOf.timeMs), age: age(finding.asOf.timeMs, nowMs) });
  const answer = asked === null ? say("not-asked") : "source" in asked ? say("asked-now", asked) : say("unanswered", { why: asked.why in WORDS_OF.en ? say(asked.why) : asked.why });
  return [element("p", `${when}; ${answer}.`, "asof")];
}

/** Who entered it, who has signed it, and who is only named. @param {Speaker} speaker @param {Result} result */
function institutions({ say }, { institutions: found }) {
  if (found === null) return [];
  const items = found.list.map(({ state, name, file }) => {
    const holds = state === "entered" || state === "signed";
    const mark = element("span", holds ? "✓" : "✕", "mark");
    mark.setAttribute("aria-hidden", "true");
    return element("li", "", holds ? "holds" : "fails", [mark, document.createTextNode(say(`institution-${state}`, { name, file }))]);
  });
  if (found.hasMore) items.push(element("li", say("institution-more"), "fails"));
  return [element("h3", say("institutions-title")), element("ul", "", "checks", items)];
}

/** Only what the ledger bound. @param {Speaker} speaker @param {Result} result */
function facts({ say, time, day }, { finding, pair }) {
  const { issuer } = finding;
  if (issuer === null || !finding.checks.some(({ part, holds }) => holds && (part === "document" || part === "summary"))) return [];
  const rows = [];
  const proved = { ...finding.stated, ...finding.summary };
  for (const [name, key] of FACTS) {
    const text = proved[name];
    if (text !== undefined) rows.push([say(key), name === "awarded_on" || name === "valid_until" ? day(text) : text]);
  }
  const standing = issuer.standing === "active" ? "" : `; ${say(`standing-${issuer.standing}`)}`;
  rows.push([say("by"), `${issuer.name} (${issuer.id})${standing}`]);
  if (pair.document !== null && pair.name !== "") rows.push([say("file"), pair.name]);
  const { start } = finding;
  if (start !== null && Math.abs(start) <= DATE_MS_MAX) rows.push([say("from"), time(start)]);
  if (finding.existedBy !== null) rows.push([say("entered"), time(finding.existedBy)]);
  const list = element("dl", "", "", rows.flatMap(([name, text]) => [element("dt", name), element("dd", text)]));
  const notes = [];
  if (finding.notProved.includes("document-not-seen")) notes.push(element("p", say("not-seen")));
  else if (Object.keys(proved).length === 0) notes.push(element("p", say("no-facts")));
  if (finding.checks.some(({ part, holds }) => holds && part === "issuer-id")) notes.push(element("p", say("agrees")));
  return [list, ...notes];
}

/** @param {Speaker} speaker @param {Finding} finding */
function checks({ say }, { checks: made }) {
  const items = made.map(({ part, holds, detail }) => {
    const mark = element("span", holds ? "✓" : "✕", "mark");
    mark.setAttribute("aria-hidden", "true");
    const state = element("span", ` – ${say(holds ? "ok" : "failed")}`, holds ? "unseen" : "");
    const said = detail === "" ? [] : [inEnglish(element("div", detail, "said"))];
    return element("li", "", holds ? "holds" : "fails", [mark, document.createTextNode(say(`proves-${part}`)), state, ...said]);
  });
  return [element("h3", say("checks-title")), element("ul", "", "checks", items)];
}

/** Details are in English alone. @param {HTMLElement} node */
function inEnglish(node) {
  node.lang = "en";
  return node;
}

/** @param {Speaker} speaker @param {Finding} finding */
function open({ say }, { notProved }) {
  if (notProved.length === 0) return [];
  return [element("h3", say("open-title")), element("ul", "", "", notProved.map((key) => element("li", say(`open-${key}`))))];
}

/** @param {Speaker} speaker @param {Result} result */
function details(speaker, result) {
  const { say } = speaker;
  const { finding } = result;
  const rows = [];
  if (finding.reason !== null) rows.push([say("detail-reason"), finding.reason]);
  if (finding.unreadable.length > 0) rows.push([say("detail-dates"), finding.unreadable.join(", ")]);
  if (finding.asOf !== null) rows.push([say("detail-block"), String(finding.asOf.height)]);
  if (finding.restsOn !== null) {
    rows.push([say("detail-rests"), finding.restsOn.anchor === "genesis" ? say("rests-genesis") : say("rests-file", { height: finding.restsOn.height })]);
  }
  if (finding.logIndex !== null) rows.push([say("detail-index"), String(finding.logIndex)]);
  if (finding.commitment !== null) rows.push([say("detail-commitment"), finding.commitment]);
  if (finding.signers.length > 0) {
    const names = finding.signers.join(", ");
    rows.push([say("detail-signed"), say("detail-of", { signed: finding.signers.length, validators: finding.validators, names })]);
  }
  const list = element("dl", "", "", rows.flatMap(([name, text]) => [element("dt", name), element("dd", text)]));
  const button = element("button", say("download"));
  button.setAttribute("type", "button");
  button.addEventListener("click", () => download(result));
  return element("details", "", "", [element("summary", say("details-title")), list, element("p", "", "actions", [button])]);
}

/** Document, receipt and finding in one JSON file. @param {Result} result */
function download({ pair, finding }) {
  const evidence = {
    finding: { ...finding, proof: undefined }, name: pair.name, receipt: base64url(pair.receipt), document: pair.document === null ? null : base64url(pair.document),
  };
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([JSON.stringify(evidence, null, 2)], { type: "application/json" }));
  link.download = "sanad-evidence.json";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
