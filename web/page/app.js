// The page: what was opened, in which language, and what is shown. Nothing is stored, but the page itself by its service worker.
import { Malformed } from "../src/faults.js";
import { fingerprint } from "../src/layout.js";
import { pairsOf, readText } from "../src/open/index.js";
import { isBadge } from "../src/credential/badge.js";
import { preferred, speaker } from "../src/words.js";
import { codeInPicture, detector, scan } from "./camera.js";
import { Unread, askExport, askNode, checkAll, embeddedTrust, fetchBox, trustFrom } from "./check.js";
import { readConfig } from "./config.js";
import { element, resultNodes, unreadNodes, verdictBox } from "./result.js";
import { whyOf } from "./why.js";
import { keepOffline } from "./worker.js";

/** @typedef {import("../src/words.js").Language} Language */

const FILE_BYTES_MAX = 64 << 20;

/** @type {Language} */
let language = preferred(navigator.languages);
/** @type {import("./config.js").Config} */
let config = { export: "", node: "", trust: "" };
/** @type {import("../src/trust.js").Trust | null} */
let trust = null;
/** `leftOut`: files without a receipt. @type {import("./check.js").Checked & { leftOut: string[] } | ReturnType<typeof whyOf> | null} */
let shown = null;

/** @template {HTMLElement} T @param {string} id @returns {T} */
const byId = (id) => /** @type {T} */ (document.getElementById(id));

/** Whoever answers for the status now: a static export or a node, beside the page or elsewhere. @returns {import("./check.js").Asked | null} */
function source() {
  if (!location.protocol.startsWith("http")) return null;
  if (config.export !== "") return askExport(new URL(config.export, location.href).href);
  return config.node === "" ? null : askNode(new URL(config.node, location.href).href);
}

// What is shown

function render() {
  const { say } = speaker(language);
  document.documentElement.lang = language;
  document.title = `${say("title")} – Sanad`;
  for (const place of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-say]"))) {
    place.textContent = say(place.dataset.say ?? "");
  }
  byId("language").lang = language === "en" ? "id" : "en";
  renderTrust();
  renderResult();
}

function renderTrust() {
  const { say, time, age } = speaker(language);
  const trouble = byId("trouble");
  trouble.hidden = trust !== null;
  trouble.textContent = trust === null ? say("trust-none") : "";
  byId("trust-word").textContent = "";
  byId("fingerprint").textContent = trust === null ? "" : fingerprint(trust.chainId);
  if (trust === null) return;
  const { name } = trust.genesis;
  const anchor = trust.header;
  byId("trust-word").textContent =
    anchor === null ? say("trust-genesis", { name }) : say("trust-file", { name, time: time(anchor.timeMs), age: age(anchor.timeMs, Date.now()) });
}

function renderResult() {
  const speaking = speaker(language);
  const place = byId("result");
  place.replaceChildren();
  byId("start").hidden = shown !== null;
  byId("another").hidden = shown === null;
  if (shown === null) return;
  if ("why" in shown) {
    place.append(...unreadNodes(speaking, shown));
    return;
  }
  if (shown.results.some(({ isMixed }) => isMixed)) place.append(verdictBox(speaking.say("verdict-mixed"), "bad"));
  // Before what was checked, and as large: nobody may take one for the other.
  if (shown.leftOut.length > 0) place.append(verdictBox(speaking.say("left-out", { names: shown.leftOut.join(", ") }), "wait"));
  if (shown.unused.length > 0) place.append(verdictBox(speaking.say("unused", { names: shown.unused.join(", ") }), "wait"));
  for (const { name, why } of shown.unread) place.append(verdictBox(speaking.say("verdict-unread-one", { name, why: speaking.say(why) }), "wait"));
  for (const result of shown.results) place.append(element("article", "", "", resultNodes(speaking, result, Date.now())));
}

// What was given

/** @param {() => ReturnType<typeof pairsOf>} open */
async function show(open) {
  const place = byId("result");
  byId("start").hidden = true;
  place.setAttribute("aria-busy", "true");
  place.replaceChildren(element("p", speaker(language).say("working")));
  try {
    if (trust === null) throw new Unread("trust-none");
    const asked = source();
    const { pairs, leftOut } = await open();
    shown = { ...(await checkAll(trust, pairs, asked)), leftOut };
  } catch (error) {
    shown = whyOf(error);
  }
  renderResult();
  place.removeAttribute("aria-busy");
  scrollTo(0, 0);
  place.focus({ preventScroll: true });
}

/** @param {string} text */
const showText = (text) =>
  show(async () => {
    const given = readText(text);
    return { pairs: "key" in given ? await fetchBox(given.key, location.href) : [given.pair], leftOut: [] };
  });

/** @param {File[]} files */
async function showFiles(files) {
  /** @type {import("../src/open/index.js").File[]} */
  const given = [];
  for (const file of files) {
    if (file.size > FILE_BYTES_MAX) return show(() => Promise.reject(new Malformed("a file of more than 64 MiB")));
    given.push({ name: file.name, data: new Uint8Array(await file.arrayBuffer()) });
  }
  // A picture alone shows a code, unless it is a credential itself.
  const isPhoto = files.length === 1 && /^image\/(?!svg)/.test(files[0].type) && !isBadge(given[0].data);
  if (!isPhoto) return show(() => pairsOf(given));
  if (detector() === null) return show(() => Promise.reject(new Unread("camera-none")));
  return showText((await codeInPicture(files[0]).catch(() => null)) ?? "");
}

function showAddress() {
  // What is no part of the page was meant as a code: whoever scanned a damaged one is told so.
  if (location.hash.length > 1 && document.getElementById(location.hash.slice(1)) === null) void showText(location.href);
}

/** @param {File} file */
async function changeTrust(file) {
  try {
    trust = await trustFrom(new Uint8Array(await file.arrayBuffer()), Date.now());
    shown = null;
  } catch (error) {
    shown = whyOf(error);
  }
  render();
}

// The camera

/** @type {AbortController | null} */
let scanning = null;

async function toggleCamera() {
  const { say } = speaker(language);
  const [button, word, video] = [byId("camera"), byId("camera-word"), /** @type {HTMLVideoElement} */ (byId("video"))];
  if (scanning !== null) return scanning.abort();
  word.hidden = detector() !== null;
  word.textContent = say("camera-none");
  if (detector() === null) return undefined;
  scanning = new AbortController();
  video.hidden = false;
  button.textContent = say("camera-stop");
  let text = null;
  try {
    text = await scan(video, scanning.signal);
  } catch {
    word.hidden = false;
    word.textContent = say("camera-denied");
  }
  scanning = null;
  video.hidden = true;
  button.textContent = say("camera");
  return text === null ? undefined : showText(text);
}

// The start

function listen() {
  byId("language").addEventListener("click", () => {
    language = language === "en" ? "id" : "en";
    render();
  });
  byId("another").addEventListener("click", () => {
    shown = null;
    // Else the key of a link would stay in the address, and a reload show it again.
    if (location.hash !== "") history.replaceState(null, "", location.pathname + location.search);
    render();
    byId("files").focus();
  });
  const files = /** @type {HTMLInputElement} */ (byId("files"));
  files.addEventListener("change", async () => {
    await showFiles([...(files.files ?? [])]);
    files.value = "";
  });
  byId("paste").addEventListener("submit", (event) => {
    event.preventDefault();
    void showText(/** @type {HTMLTextAreaElement} */ (byId("text")).value);
  });
  byId("camera").addEventListener("click", () => void toggleCamera());
  const trustInput = /** @type {HTMLInputElement} */ (byId("trust-file"));
  trustInput.addEventListener("change", () => {
    if (trustInput.files?.[0]) void changeTrust(trustInput.files[0]);
  });
  addEventListener("dragover", (event) => {
    event.preventDefault();
    byId("drop").classList.add("over");
  });
  addEventListener("dragleave", () => byId("drop").classList.remove("over"));
  addEventListener("drop", (event) => {
    event.preventDefault();
    byId("drop").classList.remove("over");
    void showFiles([...(event.dataTransfer?.files ?? [])]);
  });
  addEventListener("hashchange", showAddress);
}

/** Shows the page, and what its address names. */
export async function startPage() {
  listen();
  render();
  try {
    config = await readConfig();
    trust = await embeddedTrust(config.trust, Date.now());
  } catch (error) {
    shown = whyOf(error);
  }
  render();
  if (trust !== null) showAddress();
  await keepOffline();
}
