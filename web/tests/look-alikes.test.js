// Names that people would take for each other.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { LOOK_ALIKES, looksLike } from "../src/look-alikes.js";

test("the table is the one of docs/formats/finding.md", () => {
  assert.equal(LOOK_ALIKES, readFileSync(new URL("../../crates/verify/look_alikes.txt", import.meta.url), "utf8"));
});

test("names that look alike, as crates/verify has them", () => {
  for (const other of [
    "Universitas Merapi", "universitas  MERAPI", "Universitas Merap1", "Univers1tas Merapl", "Universitas M\u00e9rapi", "Universitas M\u0435r\u0430pi",
    "Universitas \u039c\u0395R\u0391\u03a1\u0399", "Universitas-Merapi.", "\uff35niversitas Merapi", "Un\u0456versitas Merapi", "Un1ver5itas M3r4pi",
  ]) assert.ok(looksLike("Universitas Merapi", other) && looksLike(other, "Universitas Merapi"), other);
  assert.ok(looksLike("Universitas Semeru", "Universitas Serneru") && looksLike("Politeknik 17", "Politeknik l7"));
  for (const other of ["Universitas Merbabu", "Universitas Merapi Raya", "Universitas Merap", "", "\u2014"]) assert.ok(!looksLike("Universitas Merapi", other), other);
  assert.ok(!looksLike("", "") && !looksLike("\u2014", "\u2026"));
});
