// The page as a node serves it, in Chromium: four nodes on loopback, the certificates of an issuer, and the explorer.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { PROGRAM, documentOf, sanad } from "../ledger.js";
import { PHONE, choose, launch, look, noChromium, worksOffline } from "./chromium.js";

const missing = noChromium || (existsSync(PROGRAM) ? false : "no programs of sanad");
const skip = missing ? { skip: missing } : {};
const GOOD = 0;
const REVOKED = 1;
/** Two credentials, one of them revoked. */
const ENTRIES = 3;
/** What is issued while the explorer is open. */
const LATER = 2;
const HEARTBEAT_MS = 500;
const LIVE_MS_MAX = 30_000;

const work = mkdtempSync(join(tmpdir(), "sanad-node-page-"));
const net = join(work, "net");
/** @type {import("playwright-core").Browser} */
let browser;
/** Of the last node, which is stopped once. @type {string} */
let address;
/** @type {Record<string, string>} */
let env;
/** @type {string[]} */
const requests = [];
/** @type {string[]} */
const complaints = [];

/** @param {number} n */
const pathOf = (n) => join(work, "documents", documentOf(n)[0]);

/** @param {number} n */
function issue(n) {
  writeFileSync(pathOf(n), documentOf(n)[1]);
  sanad(["issue", pathOf(n), "--issuer-dir", join(net, "node-1")], env);
}

/** @param {number} n */
const filesOf = (n) => ["", ".receipt.json"].map((ending) => ({ name: `${documentOf(n)[0]}${ending}`, data: new Uint8Array(readFileSync(pathOf(n) + ending)) }));

before(async () => {
  if (missing) return;
  sanad(["localnet", "create", net, "--nodes", "4", "--name", "Konsorsium Uji", "--heartbeat-ms", String(HEARTBEAT_MS)]);
  sanad(["localnet", "start", net]);
  const { nodes } = JSON.parse(sanad(["--json", "localnet", "status", net]));
  address = nodes[3].page;
  env = { SANAD_GENESIS: join(net, "genesis.json"), SANAD_PASSPHRASE_FILE: join(net, "passphrase"), SANAD_NODE: nodes[0].url };
  mkdirSync(join(work, "documents"));
  for (const n of [GOOD, REVOKED]) issue(n);
  sanad(["revoke", pathOf(REVOKED), "--yes", "--issuer-dir", join(net, "node-1")], env);
  await reached(ENTRIES);
  browser = await launch();
});

after(async () => {
  await browser?.close();
  if (existsSync(net)) sanad(["localnet", "stop", net]);
  rmSync(work, { recursive: true, force: true });
});

/** Until the page's node has so many entries in its log. @param {number} entries */
async function reached(entries) {
  const deadline = Date.now() + LIVE_MS_MAX;
  for (;;) {
    const head = await (await fetch(new URL("v1/headers/latest", address))).json();
    if (head.header.log_size >= entries) return;
    assert.ok(Date.now() < deadline, `the node does not reach ${entries} entries`);
    await new Promise((resolve) => setTimeout(resolve, HEARTBEAT_MS / 5));
  }
}

/** @param {string} [path] */
async function open(path = "") {
  const page = await (await browser.newContext({ viewport: PHONE, locale: "en-GB" })).newPage();
  page.on("request", (request) => requests.push(request.url()));
  page.on("pageerror", (error) => complaints.push(error.message));
  // A node has no icon, for which browsers ask.
  page.on("console", (message) => message.type() === "error" && !message.location().url.endsWith("/favicon.ico") && complaints.push(message.text()));
  await page.goto(new URL(path, address).href);
  return page;
}

/** @param {import("playwright-core").Page} page */
const trusting = (page) => page.locator("#fingerprint:not(:empty)").waitFor({ state: "attached" });

test("a good, a revoked and a tampered certificate, asked just now at the node", skip, async () => {
  const page = await open();
  await trusting(page);
  const { host } = new URL(address);
  const good = await choose(page, filesOf(GOOD));
  assert.match(good, /Valid: this certificate is active/);
  assert.ok(good.includes(`asked just now at ${host}`) && good.includes("Siti Rahma 0"), good);
  await look(page, "node-good");
  // Its receipt is older than its end.
  const revoked = await choose(page, filesOf(REVOKED));
  assert.match(revoked, /Revoked: the issuer has withdrawn it for ever/);
  assert.ok(revoked.includes(`asked just now at ${host}`), revoked);
  const [document, receipt] = filesOf(GOOD);
  document.data = new TextEncoder().encode(new TextDecoder().decode(document.data).replace("Siti Rahma 0", "Budi Santoso"));
  const tampered = await choose(page, [document, receipt]);
  assert.match(tampered, /Tampered: the certificate or its proof was changed/);
  assert.ok(!/Budi Santoso|Siti Rahma|asked just now/.test(tampered), tampered);
});

test("a node that answers with a changed proof changes no verdict", skip, async () => {
  const page = await open();
  await trusting(page);
  /** @type {boolean[]} */
  const answered = [];
  await page.route("**/v1/credentials/**", async (route) => {
    const answer = await route.fetch();
    const text = await answer.text();
    const changed = text.replace('"status_leaf":"0c', '"status_leaf":"00');
    answered.push(changed !== text);
    await route.fulfill({ response: answer, body: changed });
  });
  assert.match(await choose(page, filesOf(REVOKED)), /Active as of [^]*its status now could not be had/);
  assert.deepEqual(answered, [true]);
});

test("the explorer shows a new block and a new entry by itself", skip, async () => {
  const page = await open("explorer.html");
  await page.locator("table").first().waitFor();
  const text = () => page.locator("#ledger").innerText();
  const entries = async () => Number(/; (\d+) entries/.exec(await text())?.[1]);
  const before = { height: Number(/Block (\d+) of/.exec(await text())?.[1]), entries: await entries() };
  assert.equal(before.entries, ENTRIES);
  await look(page, "node-explorer");
  issue(LATER);
  await page.waitForFunction((height) => Number(/Block (\d+) of/.exec(document.getElementById("ledger")?.innerText ?? "")?.[1]) > height, before.height, { timeout: LIVE_MS_MAX });
  await page.getByText(`; ${ENTRIES + 1} entries`).waitFor({ timeout: LIVE_MS_MAX });
  await page.context().close();
});

test("a member's history and counts, from proofs, and none from a list that was changed", skip, async () => {
  const page = await open("explorer.html");
  const ledger = page.locator("#ledger");
  await page.getByRole("button", { name: "Universitas Merapi" }).click();
  await page.getByRole("heading", { name: "Universitas Merapi" }).waitFor();
  const text = await ledger.innerText();
  assert.match(text, /Role: validator[^]*issuing\s+[0-9a-f]{16}…\s+from 0[^]*did:web:univ-merapi\.example\s+from 0/);
  await page.getByRole("button", { name: /Count what it issued/ }).click();
  await page.getByText(/Issued 3, counted from every entry as of block \d+: 2 active, 0 confirmed, 0 suspended, 0 disputed, 1 revoked/).waitFor();
  await look(page, "node-member");
  // It stays open, and the focus where it is, as blocks come.
  const opener = page.getByRole("button", { name: "Universitas Merapi" });
  await opener.focus();
  const height = Number(/Block (\d+) of/.exec(await ledger.innerText())?.[1]);
  await page.waitForFunction((before) => Number(/Block (\d+) of/.exec(document.getElementById("ledger")?.innerText ?? "")?.[1]) > before, height, { timeout: LIVE_MS_MAX });
  assert.equal(await opener.evaluate((button) => document.activeElement === button), true);
  await page.context().close();

  const deceived = await open("explorer.html");
  await deceived.route(/\/v1\/members\/univ-merapi\.example\/entries\?/, async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, body: (await answer.text()).replace(/"entries":\["[0-9a-f]{2}/, '"entries":["01') });
  });
  await deceived.getByRole("button", { name: "Universitas Merapi" }).click();
  await deceived.getByRole("button", { name: /Count what it issued/ }).click();
  await deceived.locator(".member .trouble").waitFor();
  assert.doesNotMatch(await deceived.locator("#ledger").innerText(), /counted from every entry/);
  await deceived.context().close();
});

test("its files have the published hashes, and the page to keep has the trust file inside", skip, async () => {
  const answer = async (/** @type {string} */ name) => Buffer.from(await (await fetch(new URL(name, address))).arrayBuffer());
  const sum = (/** @type {string | Buffer} */ data) => createHash("sha256").update(data).digest("hex");
  const list = (await answer("page.sha256")).toString();
  assert.equal(list, readFileSync(new URL("../../../crates/page/site/page.sha256", import.meta.url), "utf8"));
  for (const [, hash, name] of list.matchAll(/^(\S+) {2}(.+)$/gm)) assert.equal(sum(await answer(name)), hash, name);
  const single = join(work, "page.html");
  writeFileSync(single, await answer("page.html"));
  const page = await (await browser.newContext({ viewport: PHONE, locale: "en-GB" })).newPage();
  await page.goto(`file://${single}`);
  await trusting(page);
  assert.match(await choose(page, filesOf(GOOD)), /Valid[^]*not asked since/);
  await page.context().close();
});

test("opened once, the page judges with the node stopped, and says how old its answer is", skip, async () => {
  const page = await open();
  await trusting(page);
  await worksOffline(page);
  sanad(["localnet", "stop", net, "--node", "4"]);
  await page.reload();
  await trusting(page);
  const text = await choose(page, filesOf(GOOD));
  assert.match(text, /Active as of [^]*the status now could not be had from \S+: no connection/);
  assert.match(await choose(page, filesOf(LATER)), /Active as of/);
  const kept = await page.evaluate(async () => {
    const lists = await Promise.all((await caches.keys()).map(async (name) => (await (await caches.open(name)).keys()).map(({ url }) => new URL(url).pathname)));
    return lists.flat();
  });
  assert.deepEqual(kept.filter((path) => path.startsWith("/v1/")), []);
  await look(page, "node-stopped");
});

test("no request went elsewhere, and nothing was complained about", skip, () => {
  assert.deepEqual(requests.filter((url) => new URL(url).host !== new URL(address).host), []);
  assert.deepEqual(complaints.filter((text) => !text.includes("net::ERR_CONNECTION_REFUSED")), []);
});
