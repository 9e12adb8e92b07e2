// All modules in one text: each becomes a block that returns what it exports, after those that it imports. The modules here use named
// imports and exports alone, and import each other in circles nowhere.
import { posix } from "node:path";

const IMPORT = /^import \{([^}]*)\} from "([^"]+)";\n/gms;
const EXPORT = /^export (async function|function|class|const) (\w+)/gm;

/** @param {string} entry @param {Map<string, string>} files */
export function bundle(entry, files) {
  /** @type {Map<string, string>} */
  const names = new Map();
  /** @type {string[]} */
  const blocks = [];
  add(entry, []);
  return `${blocks.join("\n")}\n`;

  /** @param {string} path @param {string[]} above @returns {string} the name of the module's exports */
  function add(path, above) {
    const known = names.get(path);
    if (known !== undefined) return known;
    if (above.includes(path)) throw new Error(`modules in a circle: ${[...above, path].join(", ")}`);
    const text = files.get(path);
    if (text === undefined) throw new Error(`no module ${path}`);
    const inside = text.replace(IMPORT, (_, imported, from) => {
      const module = add(posix.join(posix.dirname(path), from), [...above, path]);
      return `const { ${imported.replace(/\s+/g, " ").trim().replace(/,$/, "").replaceAll(" as ", ": ")} } = ${module};\n`;
    });
    if (/^import /m.test(inside)) throw new Error(`${path} has an import of another form`);
    const exported = [...inside.matchAll(EXPORT)].map(([, , name]) => name);
    const name = `module_${names.size}`;
    names.set(path, name);
    const body = inside.replace(/^export (?=async function|function|class|const)/gm, "").replaceAll("</script", "<\\/script");
    if (/^export /m.test(body)) throw new Error(`${path} has an export of another form`);
    blocks.push(`// ${path}\nconst ${name} = (() => {\n${body}\nreturn { ${exported.join(", ")} };\n})();`);
    return name;
  }
}
