// Verifies an SD-JWT VC with the library of the OpenWallet Foundation, as it is.
//
//     node check.mjs SD_JWT DID_DOCUMENT
//
// Exit code 0: signature, dates and disclosures hold, and the claims are printed as JSON; 1: they do not. The issuer's did.json is
// given, and nothing is loaded.
import crypto from 'node:crypto';
import fs from 'node:fs';
import {SDJwtVcInstance} from '@sd-jwt/sd-jwt-vc';

globalThis.fetch = () => { throw new Error('no network'); };

const [credential, did] = process.argv.slice(2).map(path => fs.readFileSync(path, 'utf8').trim());
const {kid, typ, alg} = JSON.parse(Buffer.from(credential.split('.')[0], 'base64url'));
const method = JSON.parse(did).verificationMethod.find(method => method.id === kid);

function base58(text) {
  const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
  const number = [...text].reduce((sum, letter) => sum * 58n + BigInt(alphabet.indexOf(letter)), 0n);
  return Buffer.from(number.toString(16).padStart(68, '0'), 'hex');
}

// Multikey: "z", then the two bytes of Ed25519 and the key.
const x = base58(method.publicKeyMultibase.slice(1)).subarray(2).toString('base64url');
const key = crypto.createPublicKey({format: 'jwk', key: {kty: 'OKP', crv: 'Ed25519', x}});

const reader = new SDJwtVcInstance({
  verifier: (data, signature) => crypto.verify(null, Buffer.from(data), key, Buffer.from(signature, 'base64url')),
  hasher: data => crypto.createHash('sha256').update(typeof data === 'string' ? data : Buffer.from(data)).digest(),
  hashAlg: 'sha-256',
});
try {
  if(typ !== 'dc+sd-jwt' || alg !== 'EdDSA') throw new Error(`${typ}, ${alg}`);
  const {payload} = await reader.verify(credential);
  console.log(JSON.stringify(payload));
} catch(error) {
  console.log(`refused: ${error.message}`);
  process.exit(1);
}
