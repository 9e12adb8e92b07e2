// The page as an issuer serves it: SITE/v/ with an export below it, its worker beside it, and SITE/boxes/; the modules as they are written at SITE/sources/.
import { createReadStream, existsSync, readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { dirname, extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { createGzip } from "node:zlib";
import { sanad } from "../ledger.js";

const SOURCES = fileURLToPath(new URL("../../src", import.meta.url));
/** @type {Record<string, string>} */
const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".json": "application/json" };

/** @param {string} out @param {string[]} options */
export const build = (out, ...options) => sanad(["issuer", "page", out, ...options]);

/** `trouble`: for which paths it fails, or says nothing. @param {{ page: string, export: string, boxes: Map<string, Uint8Array>,
 *   trouble?: (path: string) => "fails" | "silent" | null }} site */
export async function serve(site) {
  const server = createServer((request, response) => {
    const path = new URL(String(request.url), "http://localhost").pathname;
    const trouble = site.trouble?.(path) ?? null;
    if (trouble === "silent") return;
    if (trouble === "fails") return response.writeHead(502).end("bad gateway");
    const box = path.startsWith("/boxes/") ? site.boxes.get(path.slice("/boxes/".length)) : undefined;
    if (box !== undefined) return response.end(box);
    if (path.startsWith("/sources/")) return response.setHeader("content-type", "text/javascript").end(readFileSync(join(SOURCES, normalize(path.slice("/sources".length)))));
    // A server of static files sends browsers on, in a way that they do not keep.
    if (path === "/v") return response.writeHead(302, { location: "/v/", "cache-control": "no-store" }).end();
    const [folder, name] = path === "/v.sw.js" ? [dirname(site.page), "v.sw.js"] : path.startsWith("/v/export/") ? [site.export, path.slice("/v/export/".length)] : [site.page, path.replace(/^\/v\//, "")];
    const file = join(folder, normalize(`/${name === "" ? "index.html" : name}`));
    if (!/^\/v(\/|\.sw\.js$)/.test(path) || !existsSync(file) || !statSync(file).isFile()) return response.writeHead(404).end();
    response.setHeader("content-type", TYPES[extname(file)] ?? "application/octet-stream");
    if (!(extname(file) in TYPES) || !request.headers["accept-encoding"]?.includes("gzip")) return createReadStream(file).pipe(response);
    // As web servers do.
    response.setHeader("content-encoding", "gzip");
    return createReadStream(file).pipe(createGzip()).pipe(response);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return { address: `http://localhost:${port}`, close: () => (server.closeAllConnections(), server.close()) };
}
