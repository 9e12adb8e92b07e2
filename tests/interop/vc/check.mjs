// Verifies a credential with the libraries of Digital Bazaar, as they are.
//
//     node check.mjs CREDENTIAL DID_DOCUMENT [STATUS_LIST ...]
//
// Exit code 0: every proof holds, and no status list says otherwise; 1: one does not; 3: the proofs hold, and a list says that the
// credential is revoked or suspended. Contexts, DID document and lists are given, and nothing else is loaded.
import fs from 'node:fs';
import * as vc from '@digitalbazaar/vc';
import {checkStatus} from '@digitalbazaar/vc-bitstring-status-list';
import * as didKey from '@digitalbazaar/did-method-key';
import * as Ed25519Multikey from '@digitalbazaar/ed25519-multikey';
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import {cryptosuite as rdfc} from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import {createVerifyCryptosuite} from '@digitalbazaar/eddsa-jcs-2022-cryptosuite';

globalThis.fetch = () => { throw new Error('no network'); };

const contexts = {
  'https://www.w3.org/ns/credentials/v2': 'credentials-v2.json',
  'https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json': 'open-badges-3.0.3.json',
  'https://w3id.org/security/data-integrity/v2': 'data-integrity-v2.json',
  'https://w3id.org/security/multikey/v1': 'multikey-v1.json',
};
const folder = new URL('../../../crates/credential/contexts/', import.meta.url);
const read = path => JSON.parse(fs.readFileSync(path, 'utf8'));
const [credential, did, ...lists] = process.argv.slice(2).map(read);

const keys = didKey.driver();
keys.use({multibaseMultikeyHeader: 'z6Mk', fromMultibase: Ed25519Multikey.from});

async function documentLoader(url) {
  const found = document => ({contextUrl: null, documentUrl: url, document});
  if(contexts[url]) return found(read(new URL(contexts[url], folder)));
  if(url === did.id) return found(did);
  const list = lists.find(list => list.id === url);
  if(list) return found(list);
  const method = did.verificationMethod.find(method => method.id === url);
  if(method) return found({'@context': 'https://w3id.org/security/multikey/v1', ...method});
  if(url.startsWith('did:key:')) return found(await keys.get({url}));
  throw new Error(`${url} is not loaded`);
}

const suite = [rdfc, createVerifyCryptosuite()].map(cryptosuite => new DataIntegrityProof({cryptosuite}));
const result = await vc.verifyCredential({credential, suite, documentLoader, ...(credential.credentialStatus && {checkStatus})});
// `verified` is true if some proof holds: each has to.
const holds = result.verified && result.results.length > 0 && result.results.every(proof => proof.verified);
const {statusResult} = result;
const causes = [result.error, ...(result.error?.errors ?? []), statusResult?.error].filter(Boolean).map(error => error.message);
if(!holds) {
  console.log(`refused: ${causes.join(': ')}`);
  process.exit(1);
}
const set = (statusResult?.results ?? []).filter(({status}) => status).map(({credentialStatus}) => credentialStatus.statusPurpose);
console.log(`good: ${result.results.map(({proof}) => proof.cryptosuite).join(', ')}${set.map(purpose => `; ${purpose}`).join('')}`);
process.exit(set.length === 0 ? 0 : 3);
