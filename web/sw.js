// Keeps the page's own files and its configuration, which has the trust file, and nothing else, so that it opens without network. FILES and
// VERSION come from scripts/build.js. The same bytes lie at SITE/v/sw.js and at SITE/v.sw.js: only the latter reaches SITE/v, which codes have.
const VERSION = "";
/** @type {string[]} */
const FILES = [];
/** What may change while the files stay: kept as it was last seen. */
const RENEWED = ["config.json"];
const worker = /** @type {any} */ (self);
/** The page's address with a slash, and without. */
const HOME = worker.registration.scope.replace(/\/?$/, "/");
const BARE = HOME.slice(0, -1);
const addresses = (/** @type {string[]} */ names) => names.map((name) => new URL(name, HOME).href);

worker.addEventListener("install", (/** @type {any} */ event) => {
  event.waitUntil(caches.open(VERSION).then((cache) => cache.addAll(addresses([...FILES, ...RENEWED]))).then(() => worker.skipWaiting()));
});

worker.addEventListener("activate", (/** @type {any} */ event) => {
  const old = caches.keys().then((names) => Promise.all(names.filter((name) => name !== VERSION).map((name) => caches.delete(name))));
  event.waitUntil(old.then(() => worker.clients.claim()));
});

// The network first, so that a new page or trust file is seen; boxes, exports and other answers are never kept.
worker.addEventListener("fetch", (/** @type {any} */ event) => {
  const { request } = event;
  const [address] = request.url.split("#", 1);
  if (request.method !== "GET") return;
  // As the server would send it on; what stands after # stays.
  if (address === BARE && request.mode === "navigate") event.respondWith(Response.redirect(HOME, 302));
  if (!addresses([...FILES, ...RENEWED]).includes(address)) return;
  event.respondWith(fetch(request).then((answer) => {
    if (answer.ok && addresses(RENEWED).includes(address)) event.waitUntil(keep(address, answer.clone()));
    return answer;
  }, () => caches.match(address)));
});

/** @param {string} address @param {Response} answer */
async function keep(address, answer) {
  await (await caches.open(VERSION)).put(address, answer);
}
