/**
 * A JSR registry on loopback that serves this checkout as publishing would, and `@std` beside it: what a consumer gets
 * from `jsr:@skip-public-ip/skip-public-ip`, tested before anything is published and where JSR is out of reach.
 */
import { readConfig, ROOT } from "../tools/run_flags.ts";
import { standInFiles } from "../tools/std_stand_in.ts";

/** One version of one package. */
export interface JsrPackage {
  /** With its scope: `@scope/name`. */
  name: string;
  version: string;
  /** Entry points, as in deno.json: `{ ".": "./mod.ts" }`. */
  exports: Record<string, string>;
  /** The text of every file by its path, which starts with `/`. */
  files: Map<string, string>;
}

/** A running registry, and a Deno cache of its own: what it served must not stay in the user's. */
export interface JsrRegistry extends AsyncDisposable {
  /** The environment in which Deno takes `jsr:` packages from here; npm packages stay where they are cached. */
  env: { JSR_URL: string; DENO_DIR: string };
}

const CONTENT_TYPES: Record<string, string> = {
  ts: "text/typescript",
  js: "text/javascript",
  json: "application/json",
};
/** Before any age that a consumer may demand of a dependency. */
const CREATED_AT = "2026-01-01T00:00:00Z";

/**
 * Replaces bare specifiers by what the import map says, as publishing does.
 *
 * @param text A module's source.
 * @param imports The "imports" of deno.json.
 */
export function unfurl(text: string, imports: Record<string, string>): string {
  return text.replace(
    /(\bfrom\s+|\bimport\s+|\bimport\(\s*)(["'])([^"'.\s][^"']*)\2/g,
    (all, head, quote, specifier) => {
      const name = Object.keys(imports).find((name) =>
        specifier === name || specifier.startsWith(`${name}/`)
      );
      if (name === undefined) return all;
      return `${head}${quote}${imports[name]}${specifier.slice(name.length)}${quote}`;
    },
  );
}

async function addFiles(files: Map<string, string>, path: string, imports: Record<string, string>) {
  const url = new URL(path, ROOT);
  const info = await Deno.stat(url).catch(() => undefined);
  if (info?.isFile) files.set(`/${path}`, unfurl(await Deno.readTextFile(url), imports));
  if (!info?.isDirectory) return;
  for await (const entry of Deno.readDir(url)) await addFiles(files, `${path}/${entry.name}`, imports);
}

/** This checkout as JSR would serve it: the files that deno.json publishes, their specifiers unfurled. */
export async function checkoutPackage(): Promise<JsrPackage> {
  const { name, version, exports, imports, publish } = await readConfig();
  const files = new Map<string, string>();
  for (const path of publish.include) await addFiles(files, path, imports);
  return { name, version, exports, files };
}

/** The `@std` packages that deno.json names, each in the lowest version that it accepts. */
export async function stdPackages(): Promise<JsrPackage[]> {
  const { imports } = await readConfig();
  const wanted = Object.values(imports).flatMap((target) => {
    const [, name, version] = /^jsr:@std\/([a-z-]+)@\D?([\d.]+)/.exec(target) ?? [];
    return name && version ? [{ name, version }] : [];
  });
  return await Promise.all(wanted.map(async ({ name, version }) => ({
    name: `@std/${name}`,
    version,
    exports: { ".": "./mod.js" },
    files: await standInFiles(name),
  })));
}

async function manifest(files: Map<string, string>) {
  const entries = [...files].map(async ([path, text]) => {
    const bytes = new TextEncoder().encode(text);
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    return [path, { size: bytes.length, checksum: `sha256-${hash.toHex()}` }];
  });
  return Object.fromEntries(await Promise.all(entries));
}

async function answer(pkg: JsrPackage, rest: string): Promise<Response> {
  const { name, version, exports, files } = pkg;
  if (rest === "meta.json") {
    const [scope, bare] = name.slice(1).split("/");
    return Response.json({
      scope,
      name: bare,
      latest: version,
      versions: { [version]: { createdAt: CREATED_AT } },
    });
  }
  if (rest === `${version}_meta.json`) return Response.json({ manifest: await manifest(files), exports });
  const text = rest.startsWith(`${version}/`) ? files.get(rest.slice(version.length)) : undefined;
  if (text === undefined) return new Response("no such file", { status: 404 });
  const type = CONTENT_TYPES[rest.slice(rest.lastIndexOf(".") + 1)] ?? "text/plain";
  return new Response(text, { headers: { "content-type": type } });
}

async function cacheBesideNpm(): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "--no-config"],
    stdin: "null",
    stderr: "inherit",
  }).output();
  const { npmCache } = JSON.parse(new TextDecoder().decode(stdout));
  const folder = await Deno.makeTempDir({ prefix: "skip-deno-dir-" });
  await Deno.mkdir(npmCache, { recursive: true });
  await Deno.symlink(npmCache, `${folder}/npm`, { type: "dir" });
  return folder;
}

/**
 * Serves packages on loopback until disposed of.
 *
 * @param packages What the registry knows.
 */
export async function serveJsr(packages: JsrPackage[]): Promise<JsrRegistry> {
  const byName = new Map(packages.map((pkg) => [pkg.name, pkg]));
  const cache = await cacheBesideNpm();
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const path = decodeURIComponent(new URL(request.url).pathname);
    const [, name = "", rest = ""] = /^\/(@[^/]+\/[^/]+)\/(.+)$/.exec(path) ?? [];
    const pkg = byName.get(name);
    return pkg ? await answer(pkg, rest) : new Response("no such package", { status: 404 });
  });
  return {
    env: { JSR_URL: `http://127.0.0.1:${server.addr.port}/`, DENO_DIR: cache },
    async [Symbol.asyncDispose]() {
      await server.shutdown();
      await Deno.remove(cache, { recursive: true });
    },
  };
}
