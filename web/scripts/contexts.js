// node scripts/contexts.js [--check]: src/credential/contexts.js, the JSON-LD contexts of crates/credential/contexts in one small text. With --check
// nothing is written; it ends with 1 if what is there holds other contexts.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { deflateRawSync, inflateRawSync } from "node:zlib";

const FOLDER = new URL("../../crates/credential/contexts/", import.meta.url);
const OUT = fileURLToPath(new URL("../src/credential/contexts.js", import.meta.url));
const OPEN_BADGES = "https://purl.imsglobal.org/spec/ob/v3p0/";
/** Addresses and files, those that are alike beside each other. */
const FILES = {
  "https://www.w3.org/2018/credentials/v1": "credentials-v1",
  "https://www.w3.org/ns/credentials/v2": "credentials-v2",
  "https://www.w3.org/ns/credentials/examples/v2": "credentials-examples-v2",
  "https://w3id.org/security/data-integrity/v1": "data-integrity-v1",
  "https://w3id.org/security/data-integrity/v2": "data-integrity-v2",
  "https://w3id.org/security/multikey/v1": "multikey-v1",
  "https://w3id.org/security/suites/ed25519-2020/v1": "ed25519-signature-2020-v1",
  "https://w3id.org/vc/status-list/2021/v1": "status-list-2021-v1",
  [`${OPEN_BADGES}context.json`]: "open-badges-3.0.0",
  [`${OPEN_BADGES}context-3.0.1.json`]: "open-badges-3.0.1",
  [`${OPEN_BADGES}context-3.0.2.json`]: "open-badges-3.0.2",
  [`${OPEN_BADGES}context-3.0.3.json`]: "open-badges-3.0.3",
  [`${OPEN_BADGES}extensions.json`]: "open-badges-extensions",
};

const wanted = JSON.stringify(
  Object.fromEntries(Object.entries(FILES).map(([url, name]) => [url, JSON.parse(readFileSync(new URL(`${name}.json`, FOLDER), "utf8"))["@context"]])),
);
const packed = /"([^"]*)";\n$/.exec(existsSync(OUT) ? readFileSync(OUT, "utf8") : "")?.[1] ?? "";
// What is inside counts: another zlib gives other bytes.
const isSame = packed !== "" && inflateRawSync(Buffer.from(packed, "base64")).toString() === wanted;

if (process.argv.includes("--check")) {
  if (!isSame) {
    console.error("src/credential/contexts.js does not hold the contexts of crates/credential; run npm run build");
    process.exitCode = 1;
  }
} else if (!isSame) {
  const text = deflateRawSync(wanted, { level: 9, memLevel: 9 }).toString("base64");
  writeFileSync(OUT, `// Made by scripts/contexts.js from crates/credential/contexts: an object of contexts by address, as JSON, deflated, in base64.\nexport const PACKED = "${text}";\n`);
}
