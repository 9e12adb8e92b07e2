// node scripts/build.js [--check]: the page as everybody serves it, in crates/page/site, from where programs take it: the modules in one
// script, deflated, which the policy of the page allows by its hash; page.html for a USB stick (one file, as browsers load no modules from
// file://); and their hashes. With --check nothing is written; it ends with 1 if what is there is another page.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { deflateRawSync, inflateRawSync } from "node:zlib";
import { minify } from "terser";
import { bundle } from "./bundle.js";

const WEB = fileURLToPath(new URL("..", import.meta.url));
const OUT = fileURLToPath(new URL("../../crates/page/site", import.meta.url));
const PAGE_BYTES_MAX = 150_000;
/** The last line of page.html, in which a program puts a trust file; crates/page knows it. */
const CONFIG_LINE = '<script id="config" type="application/json">{"export":"","node":"","trust":""}</script>\n';

/** @param {string} folder @returns {[string, string][]} */
const modules = (folder) =>
  readdirSync(join(WEB, folder), { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".js")).map((name) => [`${folder}/${name}`, text(`${folder}/${name}`)]);

/** @type {Map<string, string>} */
const files = new Map(["index.html", "explorer.html", "style.css"].map((name) => [name, text(name)]));
files.set("style.css", String(files.get("style.css")).replace(/\s*([{};])\s*/g, "$1").replace(/: /g, ":"));
// One file: a browser that found the modules level by level would take a round trip for each.
const code = await compact(bundle("page/main.js", new Map([...modules("page"), ...modules("src")])));
files.set("page.js", await compact(replaced(text("load.js"), 'PACKED = ""', `PACKED = "${packed(code)}"`)));
// The script that page.js unpacks, and no other, may run besides those of the site.
for (const name of ["index.html", "explorer.html"]) files.set(name, replaced(String(files.get(name)), "script-src 'self'", `script-src 'self' ${hash(code)}`));
const version = sha256([...files].map(([name, text]) => `${name}\n${text}`).join("\n")).slice(0, 16);
const cached = ["./", ...files.keys()].filter((name) => name !== "index.html");
const worker = replaced(replaced(text("sw.js"), 'VERSION = ""', `VERSION = "sanad-${version}"`), "FILES = []", `FILES = ${JSON.stringify(cached)}`);
files.set("sw.js", await compact(worker));
const size = [...files.values()].reduce((sum, text) => sum + Buffer.byteLength(text), 0);
if (size > PAGE_BYTES_MAX) throw new Error(`page and explorer have ${size} bytes, more than ${PAGE_BYTES_MAX}`);
const single = singleFile();
// Served with a trust file inside, so its hash is that of what is left without one.
files.set("page.html.sha256", `${sha256(single)}  page.html without its trust file\n`);
files.set("page.sha256", [...files].map(([name, text]) => `${sha256(text)}  ${name}\n`).sort().join(""));
files.set("page.html", single);

if (process.argv.includes("--check")) {
  const found = readdirSync(OUT, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).length;
  const others = [...files].filter(([name, text]) => read(join(OUT, name)) !== text).map(([name]) => name);
  if (others.length > 0 || found !== files.size) {
    console.error(`crates/page/site is not what web/ makes; run npm run build. Other files: ${others.join(", ")}`);
    process.exitCode = 1;
  }
} else {
  rmSync(OUT, { recursive: true, force: true });
  for (const [name, text] of files) {
    mkdirSync(dirname(join(OUT, name)), { recursive: true });
    writeFileSync(join(OUT, name), text);
  }
}
console.log(`${files.size} files, page and explorer ${size} bytes, page.html ${Buffer.byteLength(single)} bytes`);

/** @param {string} name in web/ */
function text(name) {
  return readFileSync(join(WEB, name), "utf8");
}

/** Without comments, spaces and long names: it is read in web/. @param {string} script */
async function compact(script) {
  return String((await minify(script, { module: true, format: { comments: false, semicolons: false } })).code);
}

/** As a policy names it. @param {string} text */
function hash(text) {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}

/** Deflated, in base64. What is there already is kept if it holds the same: another zlib gives other bytes. @param {string} script */
function packed(script) {
  const before = /"([A-Za-z0-9+/=]{1000,})"/.exec(read(join(OUT, "page.js")))?.[1];
  if (before !== undefined && inflateRawSync(Buffer.from(before, "base64")).toString() === script) return before;
  return deflateRawSync(script, { level: 9, memLevel: 9 }).toString("base64");
}

/** @param {string} path */
function read(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** @param {string} text */
function sha256(text) {
  return createHash("sha256").update(text).digest("hex");
}

/** @param {string} text @param {string} from @param {string} to */
function replaced(text, from, to) {
  if (!text.includes(from)) throw new Error(`${from} is not there`);
  return text.replace(from, () => to);
}

/** Script and style inside, allowed by their hashes alone; a page on a stick connects to nothing. Its configuration is the last line. */
function singleFile() {
  const [style, script] = [String(files.get("style.css")), String(files.get("page.js"))];
  const policy = `default-src 'none'; script-src ${hash(script)} ${hash(code)}; style-src ${hash(style)}; img-src blob:; media-src blob:; base-uri 'none'; form-action 'none'`;
  return String(files.get("index.html"))
    .replace(/content="default-src[^"]*"/, () => `content="${policy}"`)
    .replace(/<link rel="preload"[^>]*>\n/, "")
    .replace('<link rel="stylesheet" href="style.css">', () => `<style>${style}</style>`)
    .replace('<script type="module" src="page.js"></script>', "")
    .replace(/<\/body>\n<\/html>\n$/, () => `<script type="module">${script}</script>\n${CONFIG_LINE}`);
}
