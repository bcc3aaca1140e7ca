// Builds the committed vendor bundle and the list of what is in it. The same input gives the same bytes anywhere.
import { readFile, writeFile, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const target = process.argv[2] ?? join(here, "../web/static/vendor");

/** The packages whose files went into the bundle, by name. */
function packagesOf(metafile) {
  const names = new Set();
  for (const path of Object.keys(metafile.inputs)) {
    const found = path.match(/node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules)/);
    if (found) names.add(found[1]);
  }
  return [...names].sort();
}

async function licenceOf(name) {
  const folder = join(here, "node_modules", name);
  const { version, license } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  const text = (await readFile(join(folder, "LICENSE"), "utf8")).replaceAll("\r\n", "\n").trim();
  return { name, version, license, text };
}

/** One table, and each licence text once with the packages it is for. */
function thirdParty(packages) {
  const rows = packages.map((p) => `| ${p.name} | ${p.version} | ${p.license} |`);
  const texts = new Map();
  for (const p of packages) texts.set(p.text, [...(texts.get(p.text) ?? []), p.name]);
  const sections = [...texts].map(([text, names]) => `## ${names.join(", ")}\n\n\`\`\`text\n${text}\n\`\`\``);
  return [
    "# What codemirror.js is made of",
    "Made by `make vendor` from the exact versions of `frontend/package-lock.json`.",
    ["| package | version | licence |", "|---|---|---|", ...rows].join("\n"),
    ...sections,
  ].join("\n\n") + "\n";
}

await mkdir(target, { recursive: true });
const { metafile } = await build({
  absWorkingDir: here,
  entryPoints: ["vendor/codemirror.js"],
  outdir: target,
  bundle: true,
  format: "esm",
  minify: true,
  charset: "utf8",
  target: "es2022",
  legalComments: "none",
  metafile: true,
  logLevel: "warning",
});
const packages = await Promise.all(packagesOf(metafile).map(licenceOf));
await writeFile(join(target, "THIRD_PARTY.md"), thirdParty(packages));
