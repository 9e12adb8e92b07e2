// The service worker, so that the page opens without a network: at its own address, and at the one that codes have, which is without the slash.

/** Registers it. */
export async function keepOffline() {
  // A page on a stick has none.
  if (!("serviceWorker" in navigator) || !location.protocol.startsWith("http")) return;
  const workers = navigator.serviceWorker;
  // A code says SITE/v#…, beyond the reach of a worker below SITE/v/: one beside the folder reaches both.
  const [folder] = /^.*\/v\/(?=(index\.html)?$)/.exec(location.pathname) ?? [];
  const wide = folder === undefined ? Promise.reject(new Error("not at SITE/v/")) : workers.register("../v.sw.js", { scope: folder.slice(0, -1) });
  await wide.catch(() => workers.register("sw.js")).catch(() => {});
}
