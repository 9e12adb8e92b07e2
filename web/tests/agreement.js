// node tests/agreement.js FOLDER [MUTATIONS [CHROMIUM]]: a ledger of make-ledger.js, judged by `sanad verify --json` and by these
// modules, run by Node or by that browser: its receipts of all forms, mutations of them, and documents of every form with an old answer beside them or none.
// Ends with 1 if one verdict, the part that gave it, what a document shows by itself, or the exit code differs.
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { Unread, checkAll, trustFrom } from "../page/check.js";
import { answerOf } from "../src/answer.js";
import { concat, utf8 } from "../src/bytes.js";
import { Malformed } from "../src/faults.js";
import { pairsOf } from "../src/open/index.js";
import { chromiumJudge, nodeJudge } from "./judges.js";
import { findingBySanad, sanad, verifyBySanad } from "./ledger.js";
import { makePdf, makeZip } from "./makers.js";

const [folder, mutations = "1000", browser] = process.argv.slice(2);
const { judge, close } = await (browser === undefined ? nodeJudge() : chromiumJudge(browser));
const path = (/** @type {string[]} */ ...names) => join(folder, ...names);
const counts = new Map();
/** @type {string[]} */
const differences = [];
let total = 0;

/** @param {string} flag @param {string} file @param {{ document: string | null, receipt: string }[]} pairs */
async function compare(flag, file, pairs) {
  const trust = readFileSync(file);
  const said = answers(flag, file, pairs);
  for (const { document, receipt } of pairs) {
    const found = await judge(trust, readFileSync(receipt), document === null ? null : readFileSync(document));
    const expected = said.get(receipt) ?? "error";
    total += 1;
    counts.set(expected, (counts.get(expected) ?? 0) + 1);
    if (found !== expected) differences.push(`${flag} ${receipt}: sanad says ${expected}, the page ${found}`);
  }
}

/** Verdict and part by receipt. @param {string} flag @param {string} file @param {{ document: string | null, receipt: string }[]} pairs */
function answers(flag, file, pairs) {
  const trusted = [flag, file];
  const beside = pairs.filter(({ document, receipt }) => document !== null && receipt.startsWith(`${document}.receipt`));
  const said = new Map();
  const take = (/** @type {any} */ output) => {
    for (const finding of output.findings) said.set(finding.receipt, `${finding.verdict} ${(finding.reason ?? "").split(":")[0]}`.trim());
  };
  for (let i = 0; i < beside.length; i += 500) {
    take(verifyBySanad([...beside.slice(i, i + 500).map(({ document }) => String(document)), ...trusted]));
  }
  for (const { document, receipt } of pairs) {
    if (document === null || !receipt.startsWith(`${document}.receipt`)) {
      take(verifyBySanad([...(document === null ? [] : [document]), "--receipt", receipt, ...trusted]));
    }
  }
  return said;
}

/** What each document shows by itself, and what follows from it. @param {string} file */
async function compareForms(file) {
  const trust = readFileSync(file);
  for (const name of readdirSync(path("forms")).filter((name) => !name.includes(".receipt"))) {
    const [document, receipt] = [path("forms", name), path("forms", `${name}.receipt.json`)];
    const { code, finding } = findingBySanad([document, "--genesis", file, "--offline"]);
    const expected = `${finding.verdict} ${(finding.reason ?? "").split(":")[0]} ${finding.credential?.verdict ?? "no-credential"} ${code}`;
    const found = await judge(trust, readFileSync(receipt), readFileSync(document), true);
    total += 1;
    counts.set(expected, (counts.get(expected) ?? 0) + 1);
    if (found !== expected) differences.push(`${document}: sanad says ${expected}, the page ${found}`);
  }
}

/** Files that are given together: the page is green where sanad verify ends with 0, and nowhere else, and what is revoked is so for both. @param {string} file */
async function compareArchives(file) {
  const trust = await trustFrom(new Uint8Array(readFileSync(file)), Date.now());
  const read = (/** @type {string[]} */ ...at) => new Uint8Array(readFileSync(path(...at)));
  const revoked = { document: read("documents", "00001.json"), old: read("documents", "00001.json.receipt.json"), newer: read("later", "00001.json.receipt.json") };
  const good = { document: read("documents", "00000.json"), receipt: read("documents", "00000.json.receipt.json") };
  const [name, proof, own] = ["a.json", "a.json.receipt.json", { "a.json": good.document, "a.json.receipt.json": good.receipt }];
  const padded = utf8(" ".repeat(3 << 20) + new TextDecoder().decode(good.document));
  const png = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
  const pdf = makePdf([good.document, good.receipt]);
  /** @type {Record<string, Record<string, Uint8Array>>} */
  const archives = {
    "one": own, "one-in-folder": { "x/a.json": good.document, "x/a.json.receipt.json": good.receipt }, "pdf": { "a.pdf": pdf },
    "old-new": { [name]: revoked.document, [proof]: revoked.old, "f.receipt.json": revoked.newer }, "new-old": { "f.receipt.json": revoked.newer, [name]: revoked.document, [proof]: revoked.old },
    "pdf-new": { "a.pdf": makePdf([revoked.document, revoked.old]), "f.receipt.json": revoked.newer }, "new": { [name]: revoked.document, [proof]: revoked.newer, "f.receipt.json": revoked.old },
    "two-folders": { ...own, "x/a.json": revoked.document }, "same-names": { "x/a.json": good.document, "y/a.json": revoked.document, "x/a.json.receipt.json": good.receipt },
    "without": { ...own, "b.json": revoked.document }, "other-receipt": { ...own, "b.receipt.json": revoked.newer }, "slip": { "../../a.json": good.document, "../../a.json.receipt.json": good.receipt },
    "hidden": { ".a.json": good.document, ".a.json.receipt.json": good.receipt }, "turned": { "a\u202ed.json": good.document, "a\u202ed.json.receipt.json": good.receipt },
    "padded": { [name]: padded, [proof]: good.receipt }, "bomb": { [name]: utf8(" ".repeat(5 << 20) + new TextDecoder().decode(good.document)), [proof]: good.receipt }, "png-pdf": { "a.pdf": concat(png, pdf) },
  };
  rmSync(path("archives"), { recursive: true, force: true });
  mkdirSync(path("archives"));
  for (const [title, files] of Object.entries(archives)) {
    const data = makeZip(Object.entries(files).map(([name, data]) => ({ name, data })));
    const zip = path("archives", `${title}.zip`);
    writeFileSync(zip, data);
    const expected = codeOf(zip, file);
    const found = await codeOfPage(trust, zip, data);
    total += 1;
    // Why nothing is said may be said in either way.
    if ((found === 0) !== (expected === 0) || (found === 1) !== (expected === 1)) differences.push(`${zip}: sanad ends with ${expected}, the page with ${found}`);
  }
}

/** @param {string} file @param {string} genesis */
function codeOf(file, genesis) {
  try {
    sanad(["verify", file, "--genesis", genesis, "--offline"]);
    return 0;
  } catch (error) {
    return /** @type {{ status: number }} */ (error).status;
  }
}

/** As the page decides of all that it shows. @param {import("../src/trust.js").Trust} trust @param {string} name @param {Uint8Array} data */
async function codeOfPage(trust, name, data) {
  try {
    const { pairs, leftOut } = await pairsOf([{ name, data }]);
    const { results, unused, unread } = await checkAll(trust, pairs, null);
    const decisions = results.map((result) => answerOf(result.finding, result.asked, result).decision);
    if (decisions.includes("unknown") || leftOut.length + unread.length > 0) return 2;
    if (decisions.includes("no")) return 1;
    return unused.length > 0 ? 2 : 0;
  } catch (error) {
    if (error instanceof Malformed || error instanceof Unread) return 2;
    throw error;
  }
}

/** The same numbers every time. @param {number} seed */
function randomly(seed) {
  let state = seed;
  return (/** @type {number} */ below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const names = readdirSync(path("documents")).filter((name) => !name.includes(".receipt")).sort();
const issued = names.map((name) => ({ document: path("documents", name), receipt: path("documents", `${name}.receipt.json`) }));
const later = readdirSync(path("later")).map((name) => ({ document: path("documents", name.replace(".receipt.json", "")), receipt: path("later", name) }));
const binary = readdirSync(path("binary")).map((name) => ({ document: path("documents", name.replace(/\.receipt$/, "")), receipt: path("binary", name) }));
const paper = readdirSync(path("paper")).map((name) => ({ document: null, receipt: path("paper", name) }));

const renewed = readdirSync(path("renewed")).map((name) => ({
  document: path("documents", name.replace(/\.receipt(\.json)?$/, "")), receipt: path("renewed", name),
}));

const binaries = [...binary, ...renewed.filter(({ receipt }) => receipt.endsWith(".receipt"))];

/** Copies with one change each: a byte of receipt or document, a digit of a number, a cut, two hashes in each other's place. */
function mutate() {
  const random = randomly(20261127);
  const made = path("mutated");
  rmSync(made, { recursive: true, force: true });
  mkdirSync(made);
  return Array.from({ length: Number(mutations) }, (_, n) => {
    const isBinary = n % 2 === 1;
    const original = isBinary ? binaries[random(binaries.length)] : issued[random(issued.length)];
    const document = join(made, `${n}-${basename(original.document)}`);
    const receipt = `${document}.receipt${isBinary ? "" : ".json"}`;
    copyFileSync(original.document, document);
    const target = n % 10 === 4 ? document : receipt;
    const from = new Uint8Array(readFileSync(n % 10 === 4 ? original.document : original.receipt));
    if (target === document) copyFileSync(original.receipt, receipt);
    writeFileSync(target, changed(from, n, isBinary, random));
    return { document, receipt };
  });
}

/** @param {Uint8Array} data @param {number} n @param {boolean} isBinary @param {(below: number) => number} random */
function changed(data, n, isBinary, random) {
  const at = random(data.length);
  if (n % 12 === 11) return data.slice(0, at);
  if (!isBinary && n % 4 === 0) {
    // Another digit in the place of one, so that the form stays good.
    const digits = [...data.keys()].filter((i) => data[i] >= 48 && data[i] <= 57);
    const place = digits[random(digits.length)] ?? at;
    data[place] = 48 + ((data[place] - 48 + 1 + random(9)) % 10);
  } else if (isBinary && n % 3 === 0) data[at] ^= 1 << random(8);
  else if (isBinary) data[at] = (data[at] + 1 + random(255)) & 255;
  else data[at] = 33 + random(94);
  return data;
}

const started = Date.now();
const genesis = existsSync(path("genesis.json")) ? path("genesis.json") : path("net", "genesis.json");
await compare("--genesis", genesis, [...issued, ...later, ...binary, ...paper, ...renewed]);
await compare("--trust", path("consortium.trust"), [...issued.slice(0, 200), ...binary, ...renewed]);
await compareForms(genesis);
await compareArchives(genesis);
const changedOnes = mutate();
await compare("--genesis", genesis, changedOnes);
await compare("--trust", path("trust.json"), changedOnes.slice(0, 200));
await close();
for (const line of differences) console.log(line);
console.log([...counts].sort((a, b) => b[1] - a[1]).map(([answer, count]) => `${count} ${answer}`).join(", "));
console.log(`${total} receipts, ${differences.length} differences, ${Math.round((Date.now() - started) / 1000)} s`);
process.exitCode = differences.length === 0 ? 0 : 1;
