import { join, relative, sep } from "node:path";

/** The one hidden name that is meant for others (RFC 8615). */
const WELL_KNOWN = ".well-known";

/**
 * Finds what `pathname` of a URL names below `root`: a true path, without symbolic links. `undefined` where there is nothing,
 * where a name on the way is hidden, and where it would lead out of `root`, by whatever means.
 */
export async function findInside(root: string, pathname: string): Promise<string | undefined> {
  const names = namesOf(pathname);
  if (names === undefined) return undefined;
  try {
    const home = await Deno.realPath(root);
    const path = await Deno.realPath(join(home, ...names));
    return isInside(home, path) ? path : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    return undefined; // not found, a loop of links, not a folder, not permitted by the system, too long
  }
}

/** Whether a name may be seen: dot files hold secrets more often than not. */
export function isVisible(name: string): boolean {
  return !name.startsWith(".") || name === WELL_KNOWN;
}

/** The decoded names, or nothing if one of them is not a plain name: `..`, or one with a separator in it. */
function namesOf(pathname: string): string[] | undefined {
  const encoded = pathname.replace(/^\//, "").replace(/\/$/, "");
  if (encoded === "") return [];
  try {
    const names = encoded.split("/").map(decodeURIComponent);
    return names.every(isPlain) ? names : undefined;
  } catch {
    return undefined; // broken percent-encoding
  }
}

/** On Windows `:` begins a stream of a file, and a dot or a space at the end is the same file without it. */
function isPlain(name: string): boolean {
  if (name === "" || !isVisible(name) || /[/\\\0]/.test(name)) return false;
  return Deno.build.os !== "windows" || !/[:<>"|?*]|[. ]$/.test(name);
}

/** A link may lead elsewhere, also to what is hidden. */
function isInside(home: string, path: string): boolean {
  const way = relative(home, path);
  if (way === "") return true;
  const names = way.split(sep);
  return way !== path && names.every(isVisible);
}
