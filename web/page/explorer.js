// Blocks and members of a static export or a node. What does not prove itself is not shown.
import { hex } from "../src/bytes.js";
import { readNode } from "../src/explorer-node.js";
import { readLedger } from "../src/explorer.js";
import { overHttp } from "../src/export.js";
import { STANDINGS } from "../src/layout.js";
import { preferred, speaker } from "../src/words.js";
import { embeddedTrust } from "./check.js";
import { readConfig } from "./config.js";
import { memberNode, table } from "./member.js";
import { element } from "./result.js";
import { whyOf } from "./why.js";

const BLOCKS_SHOWN = 20;
const REFRESH_MS = 3_000;

/** @type {import("../src/words.js").Language} */
let language = preferred(navigator.languages);
/** @type {import("../src/explorer.js").Ledger | { why: string } | null} */
let shown = null;
/** Members of which more is shown. @type {Set<string>} */
const opened = new Set();
/** @type {Map<string, import("./member.js").Counted>} */
const counted = new Map();
/** Whether a node is asked, again and again. */
let isLive = false;

function render() {
  const speaking = speaker(language);
  document.documentElement.lang = language;
  document.title = `${speaking.say("explorer")} – Sanad`;
  for (const place of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-say]"))) {
    place.textContent = speaking.say(place.dataset.say ?? "");
  }
  const place = /** @type {HTMLElement} */ (document.getElementById("ledger"));
  if (shown === null) place.replaceChildren(element("p", speaking.say("working")));
  else if ("why" in shown) place.replaceChildren(element("p", shown.why === "" ? speaking.say("explorer-none") : speaking.say("explorer-error", { why: speaking.say(shown.why) }), "trouble"));
  else {
    // A new block takes nobody's place on the page away.
    const focused = document.activeElement?.id ?? "";
    place.replaceChildren(...ledgerNodes(speaking, shown));
    if (focused !== "") document.getElementById(focused)?.focus({ preventScroll: true });
  }
}

/** @param {ReturnType<typeof speaker>} speaking @param {import("../src/explorer.js").Ledger} ledger */
function ledgerNodes(speaking, { header, basis, members, blocks }) {
  const { say, time, age } = speaking;
  const head = say("explorer-head", {
    height: header.height, time: time(header.timeMs), age: age(header.timeMs, Date.now()), signed: basis.signers.length,
    validators: basis.validators, entries: header.logSize,
  });
  const standing = (/** @type {import("../src/layout.js").Record} */ record) =>
    say("standing-since", { standing: say(`standing-${STANDINGS[record.standing]}`), height: record.since });
  return [
    element("p", head),
    element("h2", say("members")),
    table([say("member-name"), say("member-standing"), say("member-entries")], members.map((member) => [opener(member), standing(member.record), String(member.rest.events.count)])),
    ...members.filter(({ record }) => opened.has(record.id)).map((member) =>
      memberNode(speaking, member, counted.get(member.record.id), () => void countOf(member, header.height)),
    ),
    element("h2", say("blocks")),
    table(
      [say("detail-block"), say("block-time"), say("block-log"), say("block-hash")],
      blocks.slice(0, BLOCKS_SHOWN).map((block) => [String(block.header.height), time(block.header.timeMs), String(block.header.logSize), `${hex(block.hash).slice(0, 16)}…`]),
    ),
  ];
}

/** A button that shows more of a member, or less. @param {import("../src/explorer.js").Member} member */
function opener({ record: { id, name } }) {
  const button = element("button", `${name} (${id})`, "plain");
  button.id = `open-${id}`;
  button.setAttribute("aria-expanded", String(opened.has(id)));
  button.addEventListener("click", () => {
    if (!opened.delete(id)) opened.add(id);
    render();
  });
  return button;
}

/** @param {import("../src/explorer.js").Member} member @param {number} height */
async function countOf({ record: { id }, count }, height) {
  if (count === null) return;
  counted.set(id, "counting");
  render();
  try {
    counted.set(id, { height, counts: await count() });
  } catch (error) {
    counted.set(id, whyOf(error));
  }
  render();
}

/** A node's trust file is taken anew each time: validators may have changed. */
async function look() {
  try {
    const config = await readConfig();
    const trust = await embeddedTrust(config.trust, Date.now());
    isLive = config.export === "" && config.node !== "";
    if (trust === null) shown = { why: "" };
    else if (isLive) shown = await readNode(new URL(config.node, location.href).href, trust);
    else shown = config.export === "" ? { why: "" } : await readLedger(overHttp(new URL(config.export, location.href).href), trust);
  } catch (error) {
    shown = whyOf(error);
  }
  render();
  if (isLive) setTimeout(look, REFRESH_MS);
}

/** Shows the ledger, and goes on where a node is asked. */
export async function startExplorer() {
  document.getElementById("language")?.addEventListener("click", () => {
    language = language === "en" ? "id" : "en";
    render();
  });
  render();
  await look();
}
