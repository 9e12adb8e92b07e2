// node scripts/demo-page.mjs CHROMIUM URL FILE...: opens the files with the verifier's page in headless Chromium, as somebody does
// who chooses them, and prints the headline of the verdict.
import { createRequire } from "node:module";

const [executablePath, url, ...files] = process.argv.slice(2);
const { chromium } = createRequire(new URL("../web/package.json", import.meta.url))("playwright-core");
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
try {
  const page = await browser.newPage({ locale: "en-GB" });
  await page.goto(url);
  await page.locator("#fingerprint:not(:empty)").waitFor({ state: "attached" });
  await page.locator("#files").setInputFiles(files);
  const headline = page.locator("#result h2").first();
  await headline.waitFor();
  console.log((await headline.innerText()).trim().replace(/\s+/g, " "));
} finally {
  await browser.close();
}
