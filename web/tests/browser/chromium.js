// Chromium with the page, for the tests that play it.
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";
import { chromium } from "playwright-core";

const PATH = process.env.SANAD_CHROMIUM ?? ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((path) => existsSync(path));
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const SECOND_MS = 1000;

export const PHONE = { width: 390, height: 844 };
/** What keeps the page from being played, if anything. */
export const noChromium = PATH === undefined ? "no Chromium" : false;

/** @param {string[]} [args] */
export const launch = (args = []) => chromium.launch({ executablePath: PATH, args: ["--no-sandbox", ...args] });

/** @param {import("playwright-core").Page} page @param {{ name: string, data: Uint8Array }[]} files @returns {Promise<string>} the verdict */
export async function choose(page, files) {
  await page.locator("#result").evaluate((result) => result.replaceChildren());
  await page.locator("#files").setInputFiles(files.map(({ name, data }) => ({ name, mimeType: "application/octet-stream", buffer: Buffer.from(data) })));
  return verdict(page);
}

/** @param {import("playwright-core").Page} page */
export async function verdict(page, timeout = 20 * SECOND_MS) {
  await page.locator("#result h2").first().waitFor({ timeout });
  return page.locator("#result").innerText();
}

/** When the service worker has the page's files, and answers for them. @param {import("playwright-core").Page} page */
export async function worksOffline(page) {
  await page.evaluate(() => navigator.serviceWorker.ready);
  await page.waitForFunction(async () => (await caches.keys()).length > 0 && navigator.serviceWorker.controller !== null);
}

/** A picture, and no violation by axe; no line wider than the phone. @param {import("playwright-core").Page} page @param {string} name */
export async function look(page, name) {
  const folder = process.env.SANAD_SCREENSHOTS;
  if (folder !== undefined) {
    mkdirSync(folder, { recursive: true });
    await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
  }
  await page.evaluate(AXE);
  const found = await page.evaluate(async () => /** @type {any} */ (globalThis).axe.run());
  assert.deepEqual(found.violations.map((/** @type {any} */ v) => `${v.id}: ${v.nodes.map((/** @type {any} */ n) => n.html).join(" ")}`), [], name);
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(width <= PHONE.width, `${name} is ${width} wide`);
}
