// Keeps the page's own files and its configuration, which has the trust file, and nothing else, so that it opens without network. FILES and
// VERSION come from scripts/build.js. The same bytes lie at SITE/v/sw.js and at SITE/v.sw.js: only the latter reaches SITE/v, which codes have.
const VERSION = "";
/** @type {string[]} */
const FILES = [];
/** What may change while the files stay: kept as it was last seen. */
const RENEWED = ["config.json"];
/** How long the network has, where the cache has an answer, too. */
const PATIENCE_MS = 4_000;
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

// The network first, so that a new page or trust file is seen, but not without end; boxes, exports and other answers are never kept.
worker.addEventListener("fetch", (/** @type {any} */ event) => {
  const { request } = event;
  // Programs that pass a link on add words to a page's address, after "?".
  const [address] = request.url.split(request.mode === "navigate" ? /[?#]/ : "#", 1);
  if (request.method !== "GET") return;
  // As the server would send it on; what stands after # stays.
  if (address === BARE && request.mode === "navigate") event.respondWith(Response.redirect(HOME, 302));
  if (!addresses([...FILES, ...RENEWED]).includes(address)) return;
  const asked = fetch(request);
  event.waitUntil(asked.then((answer) => (answer.ok && addresses(RENEWED).includes(address) ? keep(address, answer.clone()) : undefined), () => {}));
  event.respondWith(newest(address, asked));
});

/** A server that fails or is slow does not close the page; one that says that there is none does. @param {string} address
 * @param {Promise<Response>} asked @returns {Promise<Response>} */
async function newest(address, asked) {
  const late = new Promise((resolve) => setTimeout(resolve, PATIENCE_MS));
  const answer = /** @type {Response | undefined} */ (await Promise.race([asked.catch(() => {}), late]));
  const isFinal = answer !== undefined && (answer.ok || answer.type === "opaqueredirect" || [404, 410].includes(answer.status));
  return isFinal ? answer : ((await caches.match(address)) ?? asked);
}

/** @param {string} address @param {Response} answer */
async function keep(address, answer) {
  await (await caches.open(VERSION)).put(address, answer);
}
