// The word and the part that these modules give, run by Node or by Chromium.
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { serve } from "./browser/site.js";

/** @typedef {(trust: Uint8Array, receipt: Uint8Array, document: Uint8Array | null, isWhole?: boolean) => Promise<string>} Judge
 * `isWhole`: what the document shows by itself, and the exit code that follows, too */

const WEB = fileURLToPath(new URL("..", import.meta.url));

/** @returns {Promise<{ judge: Judge, close: () => Promise<void> }>} */
export async function nodeJudge() {
  const judge = makeJudge(await import("../src/verify.js"), await import("../page/check.js"), await import("../src/faults.js"), await import("../src/answer.js"));
  return { judge, close: async () => {} };
}

/** @param {string} executablePath @returns {Promise<{ judge: Judge, close: () => Promise<void> }>} */
export async function chromiumJudge(executablePath) {
  const site = await serve({ page: WEB, export: WEB, boxes: new Map() });
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  const page = await browser.newPage();
  await page.goto(`${site.address}/v/style.css`);
  await page.evaluate(async ([made, address]) => {
    const from = (/** @type {string} */ path) => import(`${address}/v/${path}`);
    const judge = new Function(`return (${made})`)()(await from("src/verify.js"), await from("page/check.js"), await from("src/faults.js"), await from("src/answer.js"));
    const { unbase64url } = await from("src/bytes.js");
    Object.assign(globalThis, {
      judge: (/** @type {any[]} */ [isWhole, ...given]) => judge(...given.map((text) => (text === null ? null : unbase64url(text))), isWhole),
    });
  }, [makeJudge.toString(), site.address]);
  const close = async () => {
    await browser.close();
    site.close();
  };
  const text = (/** @type {Uint8Array | null} */ data) => (data === null ? null : Buffer.from(data).toString("base64url"));
  const judge = (/** @type {Uint8Array} */ trust, /** @type {Uint8Array} */ receipt, /** @type {Uint8Array | null} */ document, isWhole = false) =>
    page.evaluate((given) => /** @type {any} */ (globalThis).judge(given), [isWhole, text(trust), text(receipt), text(document)]);
  return { judge, close };
}

/** Also sent to the browser as text, so it uses nothing but its arguments.
 * @param {typeof import("../src/verify.js")} verifier @param {typeof import("../page/check.js")} check
 * @param {typeof import("../src/faults.js")} faults @param {typeof import("../src/answer.js")} answer @returns {Judge} */
function makeJudge({ verifyReceipt }, { checkAll, trustFrom }, { Malformed, DocumentNeeded }, { answerOf }) {
  /** @type {Map<number, Promise<import("../src/trust.js").Trust>>} */
  const known = new Map();
  return async (trust, receipt, document, isWhole = false) => {
    const proved = known.get(trust.length) ?? trustFrom(trust, Date.now());
    known.set(trust.length, proved);
    try {
      const finding = await verifyReceipt(await proved, receipt, document);
      const { verdict, reason, credential } = finding;
      const part = (reason ?? "").split(":")[0];
      if (!isWhole) return `${verdict} ${part}`.trim();
      const [result] = (await checkAll(await proved, [{ name: "", document, receipt, from: "files" }], null)).results;
      const { decision } = answerOf(result.finding, result.asked, result);
      return `${verdict} ${part} ${credential?.word ?? "no-credential"} ${["yes", "no", "unknown"].indexOf(decision)}`;
    } catch (error) {
      if (error instanceof Malformed || error instanceof DocumentNeeded) return "error";
      throw error;
    }
  };
}
