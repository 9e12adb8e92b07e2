import assert from "node:assert/strict";
import { deflateSync } from "node:zlib";
import { test } from "node:test";
import { derive } from "../src/blake3.js";
import { base64url, concat, equal, hex, unhex, utf8 } from "../src/bytes.js";
import { sha256 } from "../src/ed25519.js";
import { Malformed } from "../src/faults.js";
import { boxAddress, boxId, openBox, readCode, readDigits } from "../src/open/codes.js";
import { textOf } from "../src/open/objects.js";
import { inflate } from "../src/open/inflate.js";
import { pairsOf, readText } from "../src/open/index.js";
import { digitsOf, makeBox, makePdf, makeZip } from "./makers.js";
import { sample } from "./samples.js";

const given = sample("receipt/active.json");
const receipt = unhex(given.binary);
const document = utf8(given.document);
const file = (/** @type {string} */ name, /** @type {Uint8Array} */ data) => ({ name, data });

/** What a user sees of pairs. @param {import("../src/open/index.js").File[]} files */
const shown = async (files) => (await pairsOf(files)).pairs.map(({ name, document, receipt, from }) => ({ name, document, receipt, from }));

/** @param {() => Promise<unknown>} work @param {RegExp} word */
const refused = (work, word) => assert.rejects(work, (error) => error instanceof Malformed && word.test(error.message));

test("digits", () => {
  for (let length = 1; length <= 40; length++) {
    const data = receipt.subarray(0, length);
    assert.ok(equal(readDigits(digitsOf(data)), data));
  }
  assert.deepEqual(readCode(`https://a.example/v#${digitsOf(receipt)}`), { receipt });
  assert.deepEqual(readText(` ${digitsOf(receipt)}\n`), { pair: { name: "", document: null, receipt, from: "code" } });
  assert.throws(() => readDigits("1".repeat(30)), Malformed);
  assert.throws(() => readDigits("9".repeat(29)), Malformed);
});

test("link codes", () => {
  const key = new Uint8Array(32).fill(7);
  assert.deepEqual(readCode(`https://a.example/x/v#${base64url(key)}`), { key });
  for (const page of ["https://a.example/x/v", "https://a.example/x/v/", "https://a.example/x/v/index.html"]) {
    assert.match(boxAddress(key, `${page}#abc`), /^https:\/\/a\.example\/x\/boxes\/[0-9a-f]{32}$/);
  }
  for (const damaged of ["short", "_".repeat(43), base64url(key).slice(1), `${base64url(key).slice(0, -1)}%3D`]) {
    assert.equal(readCode(`https://a.example/v#${damaged}`), null);
    assert.throws(() => readText(`https://a.example/v#${damaged}`), /neither a link/);
  }
});

test("the samples of docs/formats/codes.md", async () => {
  const fill = (/** @type {number} */ byte) => new Uint8Array(32).fill(byte);
  const key = derive("sanad/v1 link key", concat(fill(7), fill(9)));
  assert.deepEqual(readCode("https://sertifikat.univ-merapi.example/v#uxavQdxXaZDWiE-4T3EGJz_oL3uQ-g0RUoBDic3ShXA"), { key });
  assert.equal(hex(boxId(key)), "71973a36fc531263c9aa90caa6da7275");
  assert.equal(hex(derive("sanad/v1 box key", key)), "ab94bba4619a28486487975bd1995ec2ee2f3a3a016f859edf8d445001635d0d");
  const box = await makeBox(key, "ijazah.json", utf8("{}"), unhex("f5736e6401"));
  assert.equal(hex(await sha256(box)), "17ca6ab0637b76b344ffe72a56cdbe17ad32135dc2efe5bcb980109b8ab2d5bb");
  assert.deepEqual(readCode("759633751805453710843816199760038823201805"), { receipt: unhex("f5736e640102030405060708090a0b0c0d") });
});

test("boxes", async () => {
  const key = new Uint8Array(32).fill(7);
  const box = await makeBox(key, "ijazah.json", document, receipt);
  assert.deepEqual(await openBox(key, box), { name: "ijazah.json", document, receipt, endorsements: [] });
  assert.equal(boxId(key).length, 16);
  await refused(() => openBox(new Uint8Array(32), box), /does not open/);
  for (const at of [5, 17, box.length - 1]) {
    const changed = box.slice();
    changed[at] ^= 1;
    await refused(() => openBox(key, changed), /does not open/);
  }
  await refused(() => openBox(key, box.subarray(0, 20)), /cut short/);
  await refused(() => openBox(key, utf8("x")), /not a box/);
  for (const name of ["../x", ".x", "a\u202eb"]) await refused(async () => openBox(key, await makeBox(key, name, document, receipt)), /./);
});

/** The ZIP of endorsements, with what may be wrong with it. @param {[string, Uint8Array][]} files */
const zipOf = (files) => makeZip(files.map(([name, data]) => file(`endorsements/${name}`, data)));
const endorsement = utf8('{"type": ["VerifiableCredential", "EndorsementCredential"], "credentialSubject": {"id": "urn:a"}}');
/** @type {[string, Uint8Array][]} */
const pair = [["a.endorsement.json", endorsement], ["a.endorsement.json.receipt.json", receipt]];
const attached = { name: "a.endorsement.json", document: endorsement, receipt };

test("endorsements go with a credential, in a box and in a PDF", async () => {
  const key = new Uint8Array(32).fill(7);
  assert.deepEqual(await openBox(key, await makeBox(key, "ijazah.json", document, receipt, zipOf(pair))), { name: "ijazah.json", document, receipt, endorsements: [attached] });
  const made = (/** @type {Uint8Array[]} */ ...files) => [file("a.pdf", makePdf(files))];
  const pairs = [{ name: "a.pdf", document, receipt, from: "pdf" }, { ...attached, from: "files" }];
  assert.deepEqual(await shown(made(document, receipt, zipOf(pair))), pairs);
  assert.deepEqual(await shown(made(zipOf(pair), receipt, document)), pairs);
  // Beside itself it is shown once.
  const beside = pair.map(([name, data]) => file(name, data));
  assert.deepEqual((await shown([...made(document, receipt, zipOf(pair)), ...beside])).map(({ name }) => name), ["a.endorsement.json", "a.pdf"]);
  for (const odd of [pair.slice(0, 1), pair.slice(1), [...pair, ["b.json", endorsement]], [["b.json", document], ["b.json.receipt.json", receipt]], []]) {
    const zip = zipOf(/** @type {[string, Uint8Array][]} */ (odd));
    await refused(() => pairsOf(made(document, receipt, zip)), /./);
    await refused(async () => openBox(key, await makeBox(key, "ijazah.json", document, receipt, zip)), /./);
  }
  await refused(() => pairsOf(made(document, receipt, zipOf(pair), document)), /4 attachments/);
  await refused(() => pairsOf(made(zipOf(pair), receipt, zipOf(pair))), /3 attachments/);
  const many = Array.from({ length: 17 }, (_, i) => pair.map(([name, data]) => /** @type {[string, Uint8Array]} */ ([name.replace("a", `${i}`), data]))).flat();
  await refused(() => pairsOf(made(document, receipt, zipOf(many))), /more than 32/);
  const long = zipOf([["a.endorsement.json", new Uint8Array(2 << 20)], pair[1]]);
  await refused(() => pairsOf(made(document, receipt, long)), /too much/);
});

test("PDFs", async () => {
  for (const packed of [false, true]) {
    const pairs = await shown([file("a.pdf", makePdf([document, receipt], packed))]);
    assert.deepEqual(pairs, [{ name: "a.pdf", document, receipt, from: "pdf" }]);
  }
  const refuses = (/** @type {Uint8Array} */ data, /** @type {RegExp} */ word) => refused(() => pairsOf([file("a.pdf", data)]), word);
  await refuses(makePdf([]), /no attachments/);
  await refuses(makePdf([document]), /1 attachments/);
  await refuses(makePdf([document, receipt, document]), /3 attachments/);
  await refuses(makePdf([document, document]), /no receipt/);
  await refuses(makePdf([receipt, receipt]), /two receipts/);
  await refuses(concat(makePdf([document, receipt]), utf8("trailer << /Encrypt 9 0 R >>")), /encrypted/);
  await refuses(makePdf([new Uint8Array(3 << 20), receipt], true), /inflates to too much/);
});

test("PDFs that another reader could see something else in", async () => {
  const sound = makePdf([document, receipt]);
  const bytes = (/** @type {string} */ text) => Uint8Array.from(text, (character) => character.charCodeAt(0));
  const reads = async (/** @type {Uint8Array} */ data) => assert.deepEqual(await shown([file("a.pdf", data)]), [{ name: "a.pdf", document, receipt, from: "pdf" }]);
  const refuses = (/** @type {Uint8Array} */ data, /** @type {RegExp} */ word) => refused(() => pairsOf([file("a.pdf", data)]), word);
  const changed = (/** @type {string | RegExp} */ from, /** @type {string} */ to) => bytes(textOf(sound).replace(from, to));
  const other = utf8("{}");

  for (const packed of [false, true]) await reads(makePdf([document, receipt], packed, makePdf([document, receipt], packed)));
  await reads(concat(utf8("%!junk\n".repeat(10)), sound));
  const update = makePdf([other, receipt], false, sound);
  await refuses(update, /differ between the revisions/);
  await refuses(makePdf([document, receipt], false, update), /differ between the revisions/);
  await refuses(bytes(textOf(update).replace("%%EOF", "%%E0F")), /twice in one revision/);
const laidOut = makePdf([document, receipt], false, utf8("%PDF-1.7\n%/Linearized 1\n"));
  await reads(laidOut);
  await refuses(makePdf([other, receipt], false, laidOut), /twice in one revision/);
  const named = (/** @type {number} */ i) => `<< /F (other-${i}) /EF << /F ${10 + i} 0 R >> >>`;
  await refuses(makePdf([document, receipt], false, sound, named), /differ between the revisions/);

  await refuses(concat(sound, new Uint8Array(4 << 20).fill(10)), /more than 4 MiB/);
  await refuses(sound.subarray(0, sound.length - 20), /no end/);
  await refuses(concat(sound, utf8("junk")), /no end/);
  await refuses(changed(/startxref\n\d+/, "startxref\n0"), /no table/);
  await refuses(changed(/startxref\n\d+/, "startxref\n99999999999999"), /no end/);
  await refuses(changed(/\n(\d{9})\d 00000 n/, "\n$17 00000 n"), /lead elsewhere/);
  await refuses(changed("/Size 100", "/Size 4294967295"), /another form/);
  await refuses(changed("/Size 100", "/Size 100 /Size 100"), /stands twice/);
  const table = textOf(sound).lastIndexOf("xref\n1 1");
  await refuses(changed("/Size 100", `/Size 100 /Prev ${table}`), /no chain of tables/);
  await refuses(concat(changed("%%EOF", ""), utf8("1 0 obj<<>>endobj ".repeat(70_000))), /twice|too many/);

  // A third file, said in ways that a careless reader passes over.
  const third = (/** @type {string} */ files) =>
    makePdf([document, receipt, other], false, undefined, (i) => (i < 2 ? named(i) : `<< /F (z) ${files} >>`));
  for (const files of ["/E#46 << /F 12 0 R >>", "/EF % >>\n << /F 12 0 R >>", "/X (>>stream\n) /EF << /F 12 0 R >>", "/X (endobj\n) /EF << /UF 12 0 R >>", "/X [<< /EF << /DOS 12 0 R >> >>]"]) {
    await refuses(third(files), /3 attachments/);
  }
  await refuses(third("/EF 33 0 R"), /without its file/);
  await refuses(makePdf([document, receipt, other], false, undefined, (i) => (i ? named(i) : "<< /F (x) /EF << /F 10 0 R /UF 12 0 R >> >>")), /3 attachments/);
  for (const deep of ["[".repeat(200_000), "<</A".repeat(200_000), "(".repeat(1000)]) await refuses(third(`/X ${deep}`), /damaged/);
  // Two that the tables do not have.
  await refuses(bytes(textOf(sound).replace(/30 1\n\d{10} 00000 n/, "30 1\n0000000000 00000 f")), /in no table/);
  await refuses(third("/X 99999999999999999999 >> endobj 99 0 obj <<"), /number out of range/);
  const inside = Array.from({ length: 5000 }, (_, i) => `${100 + i} 0 obj (`).join("") + ") endobj".repeat(5000);
  await refuses(third(`/X 1 >> endobj ${inside} 99 0 obj <<`), /overlap/);
});

test("archives", async () => {
  const files = [file("a/ijazah.json", document), file("a/ijazah.json.receipt", receipt)];
  for (const packed of [false, true]) {
    assert.deepEqual(await shown([file("a.zip", makeZip(files, packed))]), [{ name: "ijazah.json", document, receipt, from: "files" }]);
  }
  const two = [...files, file("a/b.json", utf8("{}")), file("a/b.json.receipt", receipt)];
  assert.equal((await pairsOf([file("a.zip", makeZip(two))])).pairs.length, 2);
  // What macOS adds is left out.
  const added = ["__MACOSX/a/._ijazah.json", "__MACOSX/._a", "a/.DS_Store"].map((name) => file(name, utf8("x")));
  assert.deepEqual(await pairsOf([file("a.zip", makeZip([...files, ...added]))]), await pairsOf([file("a.zip", makeZip(files))]));
  for (const name of ["/ijazah.json", "a/.x", "b/x"]) await refused(() => pairsOf([file("a.zip", makeZip([...files, file(name, document)]))]), /ZIP archive/);
  // Names in an archive are those that it was made with: `sanad` goes by them, too.
  const renamed = [file("a.json", document), file("b.json", receipt)];
  assert.deepEqual((await pairsOf(renamed)).pairs.map(({ how }) => how), ["files"]);
  const packed = await pairsOf([file("a.zip", makeZip(renamed))]);
  assert.deepEqual([packed.pairs.map(({ how }) => how), packed.leftOut], [["stray"], ["a.json"]]);
  // What has no receipt is named, and a certificate beside other files is not passed over.
  const mixed = await pairsOf([...two, file("notes.txt", document), file("a.pdf", makePdf([utf8("[]"), receipt]))]);
  assert.deepEqual([mixed.pairs.map(({ from }) => from), mixed.leftOut], [["files", "files", "pdf"], ["notes.txt"]]);
  await refused(() => pairsOf([file("a.zip", makeZip([file("a", new Uint8Array((4 << 20) + 1))]))]), /inflates to too much/);
  await refused(() => pairsOf([file("a.zip", makeZip(files).subarray(0, 60))]), /directory/);
  // One name twice, as file systems compare: programs take different ones.
  for (const [first, second] of [["x.json", "x.json"], ["x.json", "X.JSON"], ["caf\u00e9", "cafe\u0301"], ["stra\u00dfe", "STRASSE"], ["x", "x. "]]) {
    const twice = [...files, file(`a/${first}`, document), file(`a/${second}`, utf8("{}"))];
    await refused(() => pairsOf([file("a.zip", makeZip(twice))]), /two files of one name/);
  }
  await refused(() => pairsOf([file("a.zip", makeZip(Array.from({ length: 65 }, (_, i) => file(`${i}`, document))))]), /more than 64/);
  await refused(() => pairsOf([file("a.json", document)]), /no receipt/);
  // A checksum that is not that of the file, in the directory, which alone counts.
  for (const packed of [false, true]) {
    const zip = makeZip(files, packed);
    const directory = new DataView(zip.buffer).getUint32(zip.length - 6, true);
    zip[directory + 16] ^= 1;
    await refused(() => pairsOf([file("a.zip", zip)]), /ZIP archive is damaged: its checksum/);
  }
});

test("what belongs together, by names and folders", async () => {
  const pdf = file("siti.pdf", makePdf([document, receipt]));
  const placed = async (/** @type {import("../src/open/index.js").File[]} */ files) => (await pairsOf(files)).pairs.map(({ name, folder, how }) => [name, folder, how]);
  const [json, proof] = [file("credential.json", document), file("credential.json.receipt.json", receipt)];
  // A PDF with the same inside is not shown twice; one with another receipt is.
  assert.deepEqual(await placed([json, proof, pdf]), [["credential.json", "", "files"]]);
  const other = file("budi.pdf", makePdf([utf8("{}"), receipt]));
  assert.deepEqual(await placed([json, proof, other]), [["credential.json", "", "files"], ["budi.pdf", "", "pdf"]]);
  assert.deepEqual(await placed([pdf, proof]), [["siti.pdf", "", "pdf"], ["credential.json.receipt.json", "", "stray"]]);
  // Renamed, as phones do; also a PDF that is the document itself.
  assert.deepEqual(await placed([file("download (1)", document), file("download", receipt)]), [["download (1)", "", "files"]]);
  // What begins as a picture is no PDF, whatever follows: programs take it for either.
  await refused(() => pairsOf([file("a.pdf", concat(Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a), pdf.data))]), /no receipt/);
  assert.deepEqual(await placed([file("a.pdf", utf8("%PDF-1.4 of another platform")), file("x.receipt", receipt)]), [["a.pdf", "", "files"]]);
  // Several receipts of one document: which of them counts is for their proofs to say.
  const { pairs: [several] } = await pairsOf([json, proof, file("credential.json.receipt", receipt)]);
  assert.deepEqual([several.receipt, several.others, several.how], [receipt, [receipt], "files"]);
  // A file whose name only begins as a receipt's is none beside it.
  assert.deepEqual((await pairsOf([json, proof, file("credential.json.receipt.old", utf8("x"))])).leftOut, ["credential.json.receipt.old"]);
  // Each folder of an archive has a credential.json of its own.
  const inside = (/** @type {string} */ folder, /** @type {import("../src/open/index.js").File[]} */ ...files) => files.map(({ name, data }) => file(folder + name, data));
  assert.deepEqual(await placed([file("a.zip", makeZip(inside("a/", json, proof))), file("b.zip", makeZip(inside("b/", json, proof)))]), [["credential.json", "a.zip/a/", "files"], ["credential.json", "b.zip/b/", "files"]]);
  // Of two folders in one archive nobody can see which document was checked; sanad verify takes neither.
  for (const files of [[...inside("a/", json, proof), ...inside("b/", json)], [...inside("b/", json), json, proof]]) await refused(() => pairsOf([file("all.zip", makeZip(files))]), /several folders/);
  for (const path of ["../../x.json", "/x.json", "a/b/x.json", "a\\x.json", ".x.json", "a//x.json", "ijazah\u202efdp.json", `${"x".repeat(256)}.json`]) {
    await refused(() => pairsOf([file("all.zip", makeZip([file(path, document)]))]), /a name in the ZIP archive/);
  }
  const much = Array.from({ length: 9 }, (_, i) => file(`${i}`, new Uint8Array(4 << 20)));
  await refused(() => pairsOf([file("all.zip", makeZip(much))]), /inflates to too much/);
});

test("what is compressed is inflated up to a limit", async () => {
  const bomb = new Uint8Array(deflateSync(new Uint8Array(50 << 20)));
  await refused(() => inflate(bomb, "deflate", 1 << 20), /too much/);
  await refused(() => inflate(bomb.subarray(0, 100), "deflate", 1 << 30), /damaged/);
});
