// Unpacks the page's script, which scripts/build.js puts here. The page's policy allows it by its hash: another one would not run.
const PACKED = "";

const data = Uint8Array.from(atob(PACKED), (c) => c.charCodeAt(0));
if (typeof DecompressionStream === "undefined") {
  document.body.prepend("Peramban ini terlalu lama. Gunakan Chrome, Firefox atau Safari terkini. This browser is too old. Use a current Chrome, Firefox or Safari.");
} else {
  // A server's own policy may be stricter than the page's: docs/verifier.md.
  addEventListener("securitypolicyviolation", ({ effectiveDirective }) => {
    if (effectiveDirective.startsWith("script-src")) document.body.prepend("Situs ini tidak mengizinkan skrip halaman. This site's policy does not allow the page's script.");
  });
  const script = document.createElement("script");
  script.type = "module";
  script.textContent = await new Response(new Blob([data]).stream().pipeThrough(new DecompressionStream("deflate-raw"))).text();
  document.head.append(script);
}
