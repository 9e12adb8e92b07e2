// A result on the page. All text goes in as text; nothing of a document is ever read as HTML.
import { base64url } from "../src/bytes.js";
import { answerOf } from "../src/answer.js";
import { isAgainst } from "../src/credential/credential.js";
import { isObject } from "../src/json.js";
import { visible } from "../src/visible.js";
import { sourceKey } from "./why.js";

/** @typedef {ReturnType<typeof import("../src/words.js").speaker>} Speaker */
/** @typedef {import("./check.js").Result} Result */
/** @typedef {import("../src/verify.js").Finding} Finding */

const ICONS = { good: "✓", bad: "✕", wait: "?" };
/** @type {Record<string, "good" | "bad" | "wait">} */
const TONES = { yes: "good", no: "bad", unknown: "wait" };
/** Checked and not so, but nothing against the certificate. */
const WAITING = ["not-proven", "issuer-id", "needs-history-path", "foreign-chain", "stale", "alone", "mixed-one"];
/** Facts in the order of the page, as keys of a summary and of words. */
const FACTS = [
  ["holder", "who"], ["title", "what"], ["awarded_on", "when"], ["credits", "credits"], ["programme", "programme"], ["level", "level"],
  ["number", "number"], ["valid_until", "until"],
];
/** Claims that say how to read the others, or are said elsewhere. */
const REGISTERED = ["iss", "vct", "iat", "nbf", "exp", "cnf", "status", "@context"];
/** Longest value of a claim that is shown, in characters. */
const CLAIM_CHARACTERS_MAX = 400;

/** Its text without what a reader would not see. @param {string} name @param {string} [text] @param {string} [className] @param {Node[]} [children] */
export function element(name, text = "", className = "", children = []) {
  const made = document.createElement(name);
  if (className !== "") made.className = className;
  if (text !== "") made.append(visible(text));
  made.append(...children);
  return made;
}

/** @param {ReturnType<typeof answerOf>} answer */
export const toneOf = ({ key, decision }) => (WAITING.includes(key) ? "wait" : TONES[decision]);

/** @param {string} sentence @param {"good" | "bad" | "wait"} tone */
export function verdictBox(sentence, tone) {
  const icon = element("div", "", "icon", [element("span", ICONS[tone])]);
  icon.setAttribute("aria-hidden", "true");
  return element("div", "", `verdict ${tone}`, [icon, element("h2", sentence)]);
}

/** Why nothing can be said. @param {Speaker} speaker @param {{ why: string, detail: string }} unread @returns {Node[]} */
export function unreadNodes(speaker, { why, detail }) {
  return [verdictBox(speaker.say("verdict-unread", { why: speaker.say(why) }), "wait"), ...inEnglish(speaker, "p", detail)];
}

/** @param {Speaker} speaker @param {Result} result @param {number} nowMs @returns {Node[]} */
export function resultNodes(speaker, result, nowMs) {
  const { finding, asked, endorses } = result;
  const { say, time, age } = speaker;
  const answer = answerOf(finding, asked, result);
  const { asOf, issuer } = finding;
  const values = {
    time: asOf === null ? "" : time(asOf.timeMs), age: asOf === null ? "" : age(asOf.timeMs, nowMs), issuer: issuer === null ? "" : `${issuer.name} (${issuer.id})`,
    name: issuer?.name ?? "", award: endorses?.name ?? "",
  };
  return [
    verdictBox(say(`verdict-${answer.key}`, values), toneOf(answer)),
    ...status(speaker, result, nowMs),
    ...notes(speaker, result),
    ...institutions(speaker, result),
    ...facts(speaker, result),
    ...disclosed(speaker, finding),
    ...bySelf(speaker, finding),
    ...checks(speaker, finding),
    ...open(speaker, finding),
    details(speaker, result),
  ];
}

/** Whether document or summary are shown to be those that were entered. @param {Finding} finding */
const isOpened = (finding) => finding.checks.some(({ part, holds }) => holds && (part === "document" || part === "summary"));

/** @param {Speaker} speaker @param {Result} result @param {number} nowMs */
function status({ say, time, age }, { finding, asked }, nowMs) {
  if (finding.asOf === null) return [];
  const when = say("as-of", { time: time(finding.asOf.timeMs), age: age(finding.asOf.timeMs, nowMs) });
  const isOld = finding.checks.some(({ part, holds }) => part === "age" && !holds);
  let answer = say("not-asked");
  if (asked !== null && "why" in asked) answer = say("unanswered", { source: asked.source, why: say(sourceKey(asked.why)) });
  else if (asked !== null) answer = say(isOld ? "asked-old" : "asked-now", asked);
  return [element("p", `${when}; ${answer}.`, "asof")];
}

/** What the word alone does not say. @param {Speaker} speaker @param {Result} result */
function notes({ say }, { finding, pair, endorses }) {
  if (!isOpened(finding)) return [];
  const keys = [];
  if (endorses !== null) keys.push(endorses.obstacle === null || endorses.found === "unreadable" ? `endorses-${endorses.found}` : "endorses-claimed");
  if (finding.credential?.checks.some(({ part, word }) => part === "form" && word !== "good")) keys.push("own-form-not-checked");
  if (pair.from === "pdf") keys.push("pdf-not-seen");
  if (finding.notProved.includes("document-not-seen")) keys.push("not-seen");
  const values = { award: endorses?.name ?? "", id: endorses?.id ?? "" };
  const alike = finding.looksLike.map(({ claimed, name, id }) => element("p", say("looks-like", { claimed, name: `${name} (${id})` }), "note fails"));
  return [...alike, ...keys.map((key) => element("p", say(key, values), "note"))];
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
function facts({ say, time, day, decimal, written }, { finding, pair, endorses }) {
  const { issuer } = finding;
  if (issuer === null || !isOpened(finding)) return [];
  const rows = [];
  const proved = { ...finding.stated, ...finding.summary };
  if (endorses !== null && endorses.comment !== "") rows.push([say("comment"), `“${endorses.comment}”`]);
  for (const [name, key] of endorses === null ? FACTS : []) {
    const text = proved[name];
    if (text !== undefined) rows.push([say(key), name === "awarded_on" || name === "valid_until" ? day(text) : name === "credits" ? decimal(text) : text]);
  }
  const standing = issuer.standing === "active" ? "" : `; ${say(`standing-${issuer.standing}`)}`;
  rows.push([say(endorses === null ? "by" : "endorsed-by"), `${issuer.name} (${issuer.id})${standing}`]);
  if (pair.document !== null && pair.name !== "") rows.push([say("file"), pair.name]);
  const validity = finding.credential?.validity;
  // As it is written: in another time zone it would be another day than the one that it was awarded on.
  if (validity?.from != null) rows.push([say("from"), written(validity.from)]);
  if (finding.existedBy !== null) rows.push([say("entered"), time(finding.existedBy)]);
  const list = element("dl", "", "", rows.flatMap(([name, text]) => [element("dt", name), element("dd", text)]));
  const below = [];
  const isPaper = finding.notProved.includes("document-not-seen");
  if (!isPaper && endorses === null && finding.claims === null && Object.keys(proved).length === 0) below.push(element("p", say("no-facts")));
  if (finding.checks.some(({ part, holds }) => holds && part === "issuer-id")) below.push(element("p", say("agrees")));
  return [list, ...below];
}

/** What an SD-JWT says: what its holder chose to show first. @param {Speaker} speaker @param {Finding} finding */
function disclosed({ say }, { claims }) {
  if (claims === null) return [];
  const text = (/** @type {import("../src/json.js").Json} */ value) => (typeof value === "string" ? value : JSON.stringify(value));
  const cut = (/** @type {string} */ whole) => (whole.length > CLAIM_CHARACTERS_MAX ? `${whole.slice(0, CLAIM_CHARACTERS_MAX)}…` : whole);
  const list = (/** @type {[string, string][]} */ rows) => element("dl", "", "", rows.flatMap(([name, value]) => [element("dt", cut(name)), element("dd", cut(value))]));
  const section = (/** @type {string} */ key, /** @type {[string, string][]} */ rows) =>
    rows.length === 0 ? [] : [element("h3", say(`${key}-title`)), element("p", say(key)), list(rows)];
  const always = Object.entries(claims.always).flatMap(([name, value]) => {
    // Such as the achievement, or the issuer.
    const told = isObject(value) ? value.name : value;
    return REGISTERED.includes(name) || typeof told === "object" || told === undefined ? [] : [/** @type {[string, string]} */ ([name, text(told)])];
  });
  return [...section("disclosed", claims.disclosed.map(({ claim, value }) => [claim.slice(1), text(value)])), ...section("always", always)];
}

/** What the file shows by itself. @param {Speaker} speaker @param {Finding} finding */
function bySelf(speaker, { credential, checks: made, issuer }) {
  if (credential === null) return [];
  const { say } = speaker;
  // A receipt has no keys of members. The issuer's own entry covers the signature, too.
  const isEntered = made.some(({ part, holds }) => holds && part === "document") && made.some(({ part, holds }) => holds && part === "issuer-id");
  const items = credential.checks.filter(({ part, word }) => word !== "good" || part === "signature").map(({ part, word, detail }) => {
    const key = part === "key" && word === "key-unproven" && isEntered ? "own-key-entered" : `own-${part}-${word}`;
    const tone = word === "good" || key === "own-key-entered" ? "holds" : isAgainst({ ...credential, word }) ? "fails" : "unsaid";
    const mark = element("span", { holds: "✓", fails: "✕", unsaid: "–" }[tone], "mark");
    mark.setAttribute("aria-hidden", "true");
    return element("li", "", tone, [mark, document.createTextNode(say(key, { name: issuer?.name ?? "" })), ...inEnglish(speaker, "div", word === "good" ? "" : detail)]);
  });
  return [element("h3", say("own-title")), element("ul", "", "checks", items)];
}

/** @param {Speaker} speaker @param {Finding} finding */
function checks(speaker, { checks: made }) {
  const { say } = speaker;
  const items = made.map(({ part, holds, detail }) => {
    const mark = element("span", holds ? "✓" : "✕", "mark");
    mark.setAttribute("aria-hidden", "true");
    const state = element("span", ` – ${say(holds ? "ok" : "failed")}`, holds ? "unseen" : "");
    return element("li", "", holds ? "holds" : "fails", [mark, document.createTextNode(say(`proves-${part}`)), state, ...inEnglish(speaker, "div", detail)]);
  });
  return [element("h3", say("checks-title")), element("ul", "", "checks", items)];
}

/** Details are in English alone, for readers of English. @param {Speaker} speaker @param {string} name @param {string} detail */
function inEnglish({ language }, name, detail) {
  return language === "en" && detail !== "" ? [element(name, detail, "said")] : [];
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
  if (finding.reason !== null && speaker.language === "en") rows.push([say("detail-reason"), finding.reason]);
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
