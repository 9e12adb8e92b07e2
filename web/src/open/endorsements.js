// Endorsements that go with a credential, in one ZIP: docs/formats/codes.md.
import { endorsementIn } from "../endorsement.js";
import { Malformed } from "../faults.js";
import { isClaimed } from "../verify.js";
import { readZip } from "./archive.js";

/** @typedef {{ name: string, document: Uint8Array, receipt: Uint8Array }} EndorsementFile */

const ZIP_BYTES_MAX = 1 << 20;
const FILE_BYTES_MAX = 1 << 20;
const ENDORSEMENTS_MAX = 16;

/** In the order of the ZIP. Nothing of them is verified yet. @param {Uint8Array} zip @returns {Promise<EndorsementFile[]>} */
export async function readEndorsements(zip) {
  if (zip.length > ZIP_BYTES_MAX) throw new Malformed("a ZIP archive of endorsements of more than 1 MiB");
  const files = (await readZip(zip, 2 * ENDORSEMENTS_MAX, FILE_BYTES_MAX)).map(({ name, data }) => ({ name: name.replace(/^.*\//, ""), data }));
  const [receipts, documents] = [files.filter(({ data }) => isClaimed(data)), files.filter(({ data }) => !isClaimed(data))];
  const found = documents.map(({ name, data: document }) => {
    const beside = receipts.filter((receipt) => receipt.name === `${name}.receipt.json`);
    if (beside.length !== 1 || endorsementIn(document) === null) throw new Malformed("what is attached as an endorsement is none, or lacks its receipt");
    return { name, document, receipt: beside[0].data };
  });
  if (found.length === 0 || found.length !== receipts.length) throw new Malformed("what is attached as endorsements is none");
  return found;
}
