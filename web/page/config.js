// What differs from site to site: config.json beside the page, or the last line of the page in one file. Everything else is the same bytes
// wherever a version of the page is served.
import { Malformed } from "../src/faults.js";
import { fields } from "../src/forms.js";
import { get, readLimited } from "../src/http.js";
import { parseForm } from "../src/json.js";

/** @typedef {object} Config
 * @property {string} trust the genesis or trust file in base64url; empty where the visitor brings one
 * @property {string} export address of a static export that answers for the status now, or empty
 * @property {string} node address of a node's reads over HTTP, which answers for the status now, or empty */

const CONFIG_BYTES_MAX = 32 << 20;

/** @returns {Promise<Config>} */
export async function readConfig() {
  const inside = document.getElementById("config")?.textContent;
  return configOf(inside ? new TextEncoder().encode(inside) : await fetchConfig());
}

async function fetchConfig() {
  const answer = await get("config.json", { credentials: "same-origin" });
  if (!answer.ok || answer.body === null) throw new Malformed(`config.json is not there: ${answer.status}`);
  return readLimited(answer.body, CONFIG_BYTES_MAX);
}

/** @param {Uint8Array} text @returns {Config} */
function configOf(text) {
  const given = fields(parseForm(text, CONFIG_BYTES_MAX), ["export", "node", "trust"]);
  const texts = [given.export, given.node, given.trust];
  if (texts.some((value) => typeof value !== "string")) throw new Malformed("config.json has another form");
  const [at, node, trust] = texts.map(String);
  return { export: at, node, trust };
}
