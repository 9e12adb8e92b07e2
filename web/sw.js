// Keeps the page's own files and its configuration, which has the trust file, and nothing else, so that it opens without network. FILES and
// VERSION come from scripts/build.js.
const VERSION = "";
/** @type {string[]} */
const FILES = [];
/** What may change while the files stay: kept as it was last seen. */
const RENEWED = ["config.json"];
const worker = /** @type {any} */ (self);

worker.addEventListener("install", (/** @type {any} */ event) => {
  event.waitUntil(caches.open(VERSION).then((cache) => cache.addAll([...FILES, ...RENEWED])).then(() => worker.skipWaiting()));
});

worker.addEventListener("activate", (/** @type {any} */ event) => {
  const old = caches.keys().then((names) => Promise.all(names.filter((name) => name !== VERSION).map((name) => caches.delete(name))));
  event.waitUntil(old.then(() => worker.clients.claim()));
});

// The network first, so that a new page or trust file is seen; boxes, exports and other answers are never kept.
worker.addEventListener("fetch", (/** @type {any} */ event) => {
  const { request } = event;
  const address = request.url.split("#", 1)[0];
  const among = (/** @type {string[]} */ names) => names.some((name) => new URL(name, worker.registration.scope).href === address);
  if (request.method !== "GET" || !among([...FILES, ...RENEWED])) return;
  event.respondWith(fetch(request).then((answer) => {
    if (answer.ok && among(RENEWED)) event.waitUntil(keep(address, answer.clone()));
    return answer;
  }, () => caches.match(address)));
});

/** @param {string} address @param {Response} answer */
async function keep(address, answer) {
  await (await caches.open(VERSION)).put(address, answer);
}
