// Documents of every form that an issuer may enter: signed by itself or by another, wrongly, not at all; naming itself, another or nobody; over, to come,
// withheld; and what only looks like a credential. All are entered by univ-merapi.example, which has the issuer id https://univ-merapi.example.
import { createHash, createSign, generateKeyPairSync, sign } from "node:crypto";
import { crc32, deflateSync, gzipSync } from "node:zlib";
import { concat, hex, u32, utf8 } from "../src/bytes.js";
import { canonical } from "../src/json.js";
import { makePdf, makeZip } from "./makers.js";

const OWN = "https://univ-merapi.example";
const OTHER = "https://univ-bromo.example";
const CONTEXTS = ["https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"];
const ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const ED25519 = generateKeyPairSync("ed25519");
const P256 = generateKeyPairSync("ec", { namedCurve: "P-256" });
const RSA = generateKeyPairSync("rsa", { modulusLength: 2048 });

/** @param {Uint8Array} bytes */
function base58(bytes) {
  let text = "";
  for (let number = BigInt(`0x${hex(bytes)}`); number > 0n; number /= 58n) text = ALPHABET[Number(number % 58n)] + text;
  return text;
}

/** @param {import("node:crypto").KeyObject} key @returns {any} */
const jwkOf = (key) => key.export({ format: "jwk" });
const MULTIKEY = `z${base58(concat(Uint8Array.of(0xed, 1), Buffer.from(jwkOf(ED25519.publicKey).x, "base64url")))}`;
const DID = `did:key:${MULTIKEY}`;

/** @param {unknown} value */
const part = (value) => Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
/** @param {Uint8Array | string} data */
const sha256 = (data) => createHash("sha256").update(data).digest();

/** An Open Badge. @param {object} [changes] */
const badge = (changes = {}) => ({
  "@context": CONTEXTS, id: "urn:uuid:11111111-0000-4000-8000-000000000000", type: ["VerifiableCredential", "OpenBadgeCredential"],
  issuer: { id: OWN, type: ["Profile"], name: "Universitas Merapi" }, validFrom: "2026-09-01T00:00:00Z", name: "Keterampilan Digital",
  credentialSubject: {
    type: ["AchievementSubject"], identifier: [{ type: "IdentityObject", identityHash: "Siti Rahma", identityType: "name", hashed: false }], creditsEarned: 3.5,
    achievement: { id: `${OWN}/achievements/digital`, type: ["Achievement"], name: "Keterampilan Digital", description: "Digital.", criteria: { narrative: "Lulus." } },
  },
  ...changes,
});

/** With a proof of eddsa-jcs-2022. @param {any} credential @param {object} [changes] of the proof */
function withProof(credential, changes = {}) {
  const config = {
    "@context": credential["@context"], type: "DataIntegrityProof", cryptosuite: "eddsa-jcs-2022", created: "2026-09-01T00:00:00Z", verificationMethod: `${OWN}#${MULTIKEY}`,
    proofPurpose: "assertionMethod", ...changes,
  };
  const message = concat(sha256(canonical(/** @type {any} */ (config))), sha256(canonical(credential)));
  return { ...credential, proof: { ...config, proofValue: `z${base58(new Uint8Array(sign(null, message, ED25519.privateKey)))}` } };
}

/** @param {object} payload @param {object} [header] @param {(message: string) => Buffer} [signer] */
function jwt(payload, header = {}, signer = (message) => sign(null, Buffer.from(message), ED25519.privateKey)) {
  const message = `${part({ alg: "EdDSA", typ: "JWT", jwk: jwkOf(ED25519.publicKey), ...header })}.${part(payload)}`;
  return `${message}.${signer(message).toString("base64url")}`;
}

/** Open Badges 3.0, 8.2, as VC 1.1 has it. @param {any} credential @param {object} [claims] */
const vc = (credential, claims = {}) => ({ iss: credential.issuer?.id, jti: credential.id, nbf: Date.parse("2026-09-01T00:00:00Z") / 1000, vc: credential, ...claims });

/** @param {string} text one character of the signature is another */
const spoilt = (text) => text.replace(/(.)(.{20})$/, (_, character, rest) => (character === "A" ? "B" : "A") + rest);

/** @param {object} claims @param {Record<string, unknown>} own @param {string[]} shown @param {object} [header] */
function sdJwt(claims, own, shown, header = { typ: "dc+sd-jwt" }) {
  const disclosures = Object.entries(own).map(([name, value]) => /** @type {[string, string]} */ ([name, part([`salt of ${name}`, name, value])]));
  const signed = jwt({ ...claims, _sd: disclosures.map(([, text]) => sha256(text).toString("base64url")).sort() }, header);
  return `${signed}~${disclosures.filter(([name]) => shown.includes(name)).map(([, text]) => `${text}~`).join("")}`;
}

const PNG = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
/** @param {string} kind @param {Uint8Array} content */
function chunk(kind, content) {
  const checked = concat(utf8(kind), content);
  return concat(u32(content.length), checked, u32(crc32(checked)));
}
/** @param {string[]} texts of badges @param {boolean} [packed] */
const png = (texts, packed = false) =>
  concat(
    PNG, chunk("IHDR", new Uint8Array(13)),
    ...texts.map((text) => chunk("iTXt", concat(utf8("openbadgecredential\0"), Uint8Array.of(packed ? 1 : 0, 0), utf8("\0\0"), packed ? new Uint8Array(deflateSync(text)) : utf8(text)))),
    chunk("IEND", new Uint8Array(0)),
  );
/** @param {string} inner */
const svg = (inner) => `<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg" xmlns:ob="https://purl.imsglobal.org/ob/v3p0">${inner}<g/></svg>`;

const VCT = { vct: "urn:sanad:open-badge:1", iss: OWN, achievement: { name: "Keterampilan Digital" } };

/** By name. @returns {[string, Uint8Array][]} */
export function forms() {
  const other = { issuer: { id: OTHER, type: ["Profile"], name: "Universitas Bromo" } };
  const keyed = { issuer: { id: DID, type: ["Profile"], name: "Universitas Merapi" } };
  const signed = withProof(badge());
  const { issuer: _, ...nameless } = badge();
  const json = JSON.stringify;
  const ecdsa = (/** @type {string} */ message) => createSign("sha256").update(message).sign({ key: P256.privateKey, dsaEncoding: "ieee-p1363" });
  const rsa = (/** @type {string} */ message) => createSign("sha256").update(message).sign(RSA.privateKey);
  const endorsement = {
    "@context": CONTEXTS, id: "urn:uuid:22222222-0000-4000-8000-000000000000", type: ["VerifiableCredential", "EndorsementCredential"], issuer: { id: OWN, type: ["Profile"], name: "Universitas Merapi" },
    validFrom: "2026-09-01T00:00:00Z", name: "Dukungan", credentialSubject: { id: badge().id, type: ["EndorsementSubject"], endorsementComment: "Sangat baik." },
  };
  const past = { validUntil: "2026-10-01T00:00:00Z" };
  // VC 1.1 has its dates within a claim, and the claim may be withheld in part, or as a whole.
  const inner = {
    "@context": ["https://www.w3.org/2018/credentials/v1"], type: ["VerifiableCredential"], issuer: OWN, issuanceDate: "2026-09-01T00:00:00Z", credentialSubject: { id: "did:example:1" },
  };
  const end = part(["salt", "expirationDate", "2026-10-01T00:00:00Z"]);
  const inside = jwt({ iss: OWN, vc: { ...inner, _sd: [sha256(end).toString("base64url")] } }, { typ: undefined });
  /** @type {Record<string, string | Uint8Array>} */
  const made = {
    // JSON
    "json-unsigned.json": json(badge()), "json-signed.json": json(signed), "json-by-key.json": json(withProof(badge(keyed), { verificationMethod: `${DID}#${MULTIKEY}` })),
    "json-wrong.json": json({ ...signed, name: "Lain" }), "json-other.json": json(withProof(badge(other))), "json-nobody.json": json(withProof(nameless)),
    "json-context.json": json({ ...withProof({ ...badge(), "@context": CONTEXTS.slice(0, 1) }), "@context": CONTEXTS }),
    "json-two-proofs.json": json({ ...signed, proof: [signed.proof, { ...signed.proof, proofValue: spoilt(signed.proof.proofValue) }] }),
    "json-suite.json": json({ ...signed, proof: { ...signed.proof, cryptosuite: "bbs-2023" } }), "json-purpose.json": json({ ...signed, proof: { ...signed.proof, proofPurpose: "authentication" } }),
    "json-proof-over.json": json(withProof(badge(), { expires: "2026-09-02T00:00:00Z" })), "json-rdfc-wrong.json": json({ ...signed, proof: { ...signed.proof, cryptosuite: "eddsa-rdfc-2022" } }),
    "json-over.json": json(badge({ validUntil: "2026-10-01T00:00:00Z" })), "json-to-come.json": json(badge({ validFrom: "2099-01-01T00:00:00Z" })),
    "json-date.json": json(badge({ validFrom: "1 September 2026" })), "json-no-subject.json": json({ ...badge(), credentialSubject: undefined }),
    "json-type.json": json(badge({ type: ["VerifiableCredential", "Ijazah"] })), "json-role.json": json(badge({ credentialSubject: { ...badge().credentialSubject, creditsEarned: "3" } })),
    "json-own-context.json": json(badge({ "@context": [...CONTEXTS, { Ijazah: "https://univ-merapi.example/ijazah" }], type: ["VerifiableCredential", "OpenBadgeCredential", "Ijazah"] })),
    "json-redefined.json": json(badge({ "@context": [...CONTEXTS, { issuer: "https://univ-merapi.example/penerbit" }] })), "json-plain.json": json({ name: "Ijazah", issuer: OTHER }),
    "json-alike.json": json(badge({ issuer: { id: OWN, type: ["Profile"], name: "Universitas Brom0" } })), "json-plain-own.json": json({ name: "Ijazah", issuer: OWN }), "json-inside.json": json({ lampiran: badge(other) }), "json-presentation.json": json({ "@context": CONTEXTS, type: "VerifiablePresentation", verifiableCredential: [badge()] }),
    "json-envelope.json": json({ "@context": CONTEXTS[0], id: `data:application/vc+jwt,${jwt(badge(), { typ: "vc+jwt" })}`, type: "EnvelopedVerifiableCredential" }),
    "json-envelope-other.json": json({ "@context": CONTEXTS[0], id: `data:application/vc+jwt,${jwt(badge(other), { typ: "vc+jwt" })}`, type: "EnvelopedVerifiableCredential" }),
    // Padded by its holder, who wants nobody to read its end; and larger than what is read, however it is laid out.
    "json-padded-over.json": " ".repeat(5 << 20) + json(badge(past)), "json-padded-after.json": json(badge(past)).replace("{", `{${"\n".repeat(5 << 20)}`), "json-padded.json": " ".repeat(3 << 20) + json(badge()),
    "json-escaped-over.json": json(badge({ ...past, description: "x".repeat(1 << 20) })).replace(/x/g, "\\u0078"), "json-large.json": json(badge({ ...past, description: "x".repeat(5 << 20) })),
    "json-large-escaped.json": json(badge({ ...past, description: "x".repeat(5 << 20) })).replaceAll("VerifiableCredential", "Verifiable\\u0043redential").replaceAll("www.w3.org", "www.w3\\u002eorg"),
    "json-many.json": json(badge({ ...past, angka: Array(100_001).fill(1) })), "json-plain-large.json": json({ name: "Data", issuer: OWN, text: "x".repeat(5 << 20) }), "json-plain-many.json": json({ name: "Data", issuer: OWN, angka: Array(100_001).fill(1) }),
    "json-list.json": json([badge(other)]), "json-quoted.json": json(json(badge(other))),
    // JWT
    "jwt-own.jwt": jwt(vc(badge())), "jwt-whole.jwt": jwt(badge(), { typ: "vc+jwt" }), "jwt-other.jwt": jwt(vc(badge(other))), "jwt-by-key.jwt": jwt(vc(badge(keyed)), { kid: `${DID}#${MULTIKEY}` }),
    "jwt-wrong.jwt": spoilt(jwt(vc(badge()))), "jwt-wrong-other.jwt": spoilt(jwt(vc(badge(other)))), "jwt-es256.jwt": jwt(vc(badge()), { alg: "ES256", jwk: jwkOf(P256.publicKey) }, ecdsa),
    "jwt-es256-wrong.jwt": spoilt(jwt(vc(badge()), { alg: "ES256", jwk: jwkOf(P256.publicKey) }, ecdsa)), "jwt-rs256.jwt": jwt(vc(badge()), { alg: "RS256", jwk: jwkOf(RSA.publicKey) }, rsa),
    "jwt-rs256-wrong.jwt": spoilt(jwt(vc(badge()), { alg: "RS256", jwk: jwkOf(RSA.publicKey) }, rsa)), "jwt-none.jwt": jwt(vc(badge()), { alg: "none" }), "jwt-hs256.jwt": jwt(vc(badge()), { alg: "HS256" }),
    "jwt-elsewhere.jwt": jwt(vc(badge()), { jwk: undefined, kid: `${OWN}/keys/1` }), "jwt-kind.jwt": jwt(vc(badge()), { jwk: jwkOf(P256.publicKey) }), "jwt-crit.jwt": jwt(vc(badge()), { crit: ["b64"] }),
    "jwt-typ.jwt": jwt(vc(badge()), { typ: "at+jwt" }), "jwt-nobody.jwt": jwt({ vc: nameless }), "jwt-iss.jwt": jwt(vc(badge(), { iss: OTHER })), "jwt-over.jwt": jwt(vc(badge(), { exp: 1 })),
    "jwt-to-come.jwt": jwt(vc(badge(), { nbf: 4e9 })), "jwt-plain.jwt": jwt({ iss: OTHER, name: "Siti" }), "jwt-broken.jwt": jwt(vc(badge(other))).replace(/(.{400})/, "$1\n"), "jwt-among.txt": `token: ${jwt(vc(badge(other)))} .`,
    "jwt-padded.jwt": jwt(vc(badge(other))).replace(/\.([^.]*)\./, (_, payload) => `.${payload}${"=".repeat((4 - (payload.length % 4)) % 4) || "=="}.`),
    // SD-JWT
    "sd-own.jwt": sdJwt(VCT, { name: "Siti Rahma" }, ["name"]), "sd-hidden.jwt": sdJwt(VCT, { name: "Siti Rahma" }, []), "sd-other.jwt": sdJwt({ ...VCT, iss: OTHER }, { name: "Siti Rahma" }, ["name"]),
    "sd-nobody.jwt": sdJwt({ vct: VCT.vct }, { name: "Siti Rahma" }, ["name"]), "sd-issuer-hidden.jwt": sdJwt({ vct: VCT.vct }, { iss: OTHER, name: "Siti" }, ["iss"]), "sd-over.jwt": sdJwt({ ...VCT, exp: 1 }, { name: "Siti" }, ["name"]),
    "sd-wrong.jwt": sdJwt(VCT, { name: "Siti Rahma" }, ["name"]).replace(/^([^~]*)/, (signed) => spoilt(signed)), "sd-typ.jwt": sdJwt(VCT, { name: "Siti" }, ["name"], { typ: "JWT" }),
    "sd-vc.jwt": sdJwt({ ...badge() }, { evidence: [{ type: ["Evidence"] }] }, [], { typ: "vc+sd-jwt" }), "sd-vc-end.jwt": sdJwt({ ...badge(), validUntil: "2099-01-01T00:00:00Z" }, { note: 1 }, [], { typ: "vc+sd-jwt" }),
    "sd-dates.jwt": sdJwt({ ...VCT, nbf: 1_788_220_800, validFrom: "2026-09-01T00:00:00Z" }, { name: "Siti" }, []), "sd-no-date.jwt": sdJwt({ ...VCT, nbf: 1_788_220_800 }, past, []),
    "sd-vct.jwt": sdJwt({ ...VCT, vct: "urn:example:ijazah", nbf: 1_788_220_800, validFrom: "2026-09-01T00:00:00Z" }, past, []), "sd-vct-exp.jwt": sdJwt({ ...VCT, vct: "urn:example:ijazah", exp: 4e9 }, past, []),
    "sd-no-vct.jwt": sdJwt({ iss: OWN, achievement: VCT.achievement }, { name: "Siti" }, ["name"]), "sd-vct-number.jwt": sdJwt({ ...VCT, vct: 7 }, {}, []), "sd-vct-shown.jwt": sdJwt({ ...VCT, vct: "urn:example:ijazah" }, { name: "Siti" }, ["name"]), "sd-inside.jwt": `${inside}~`, "sd-inside-over.jwt": `${inside}~${end}~`,
    "sd-vc-whole.jwt": sdJwt({ iss: OWN }, { vc: inner }, ["vc"], { typ: "JWT" }), "sd-vc-vct.jwt": sdJwt({ ...badge(), vct: VCT.vct, nbf: 1_788_220_800 }, { note: 1 }, [], { typ: "vc+sd-jwt" }),
    // Pictures
    "badge.png": png([json(signed)]), "badge-packed.png": png([json(signed)], true), "badge-other.png": png([json(withProof(badge(other)))]), "badge-wrong.png": png([json({ ...signed, name: "Lain" })]), "badge-jwt.png": png([jwt(vc(badge()))]),
    "badge-jwt-other.png": png([jwt(vc(badge(other)))]), "badge-two.png": png([json(signed), json(signed)]), "badge-none.png": png([]), "badge-after.png": concat(png([json(badge(other))]), utf8("more")), "badge-cut.png": png([json(badge(other))]).slice(0, -30),
    "badge.svg": svg(`<ob:credential><![CDATA[${json(signed)}]]></ob:credential>`), "badge-other.svg": svg(`<ob:credential verify="${jwt(vc(badge(other)))}"/>`), "badge-wrong.svg": svg(`<ob:credential verify="${spoilt(jwt(vc(badge())))}"></ob:credential>`),
    "badge-two.svg": svg(`<ob:credential verify="${jwt(vc(badge()))}">{}</ob:credential>`), "plain.svg": "<svg xmlns=\"http://www.w3.org/2000/svg\"/>",
    // Others
    "ijazah.xml": "<ijazah><penerbit>https://univ-bromo.example</penerbit></ijazah>", "ijazah.txt": "Ijazah Siti Rahma", "empty-inside.pdf": makePdf([utf8("a"), utf8("b")]), "archive.bin": makeZip([{ name: "a.json", data: utf8(json(badge(other))) }]),
    "bom.json": `\ufeff${json(badge(other))}`, "utf-16.json": new Uint8Array(Buffer.from(`\ufeff${json(badge(other))}`, "utf16le")), "base64.txt": Buffer.from(json(badge(other))).toString("base64"), "hex.txt": hex(utf8(json(badge(other)))),
    "percent.txt": encodeURIComponent(json(badge(other))), "gzip.gz": new Uint8Array(gzipSync(json(badge(other)))), "page.html": `<html><script type="application/json">${json(badge(other))}</script></html>`, "comment.json": `/* a */ ${json(badge(other))}`,
    "endorsement.json": json(withProof(endorsement)), "endorsement-unsigned.json": json(endorsement),
  };
  return Object.entries(made).map(([name, data]) => [name, typeof data === "string" ? utf8(data) : data]);
}
