import { closable, type ClosableTarget, type Target } from "./target.ts";

/** A path and what is served there. */
export type Route = readonly [path: string, target: Target & Partial<Disposable>];

/**
 * Serves several targets under one id: the one with the longest path that fits. `/api` fits `/api` and `/api/x`, not `/apix`.
 * A target does not see its own path: what is asked for as `/api/x` is `/x` to it.
 *
 * @example A web application and files
 * ```ts
 * import { folderTarget, proxyTarget, routes } from "@skip-public-ip/skip-public-ip";
 *
 * using target = routes([["/", proxyTarget("http://localhost:8080")], ["/files", folderTarget("public")]]);
 * // await serve(target);
 * ```
 *
 * @param table Paths that begin with `/`; `/` is for all that no other one fits.
 * @throws {SyntaxError} If a path is not valid, or is there twice.
 */
export function routes(table: Iterable<Route>): ClosableTarget {
  const byLength = [...table]
    .map(([path, target]) => ({ mount: parseMount(path), target }))
    .sort((a, b) => b.mount.length - a.mount.length);
  const mounts = byLength.map(({ mount }) => mount);
  const twice = byLength.find(({ mount }, at) => mounts.indexOf(mount) !== at);
  if (twice) throw new SyntaxError(`Cannot serve a path twice, current value is "${twice.mount || "/"}"`);
  return closable((request, info, outer = "") => {
    const path = new URL(request.url).pathname.slice(outer.length);
    const route = byLength.find(({ mount }) => path === mount || path.startsWith(`${mount}/`));
    if (route) return route.target(request, info, outer + route.mount);
    return new Response("404 Not Found\n\nNothing is served at this path.\n", { status: 404 });
  }, () => {
    for (const { target } of byLength) target[Symbol.dispose]?.();
  });
}

/**
 * Reads the path of a route as URLs write it, without a slash at its end.
 *
 * @throws {SyntaxError} If it does not begin with one `/`, or has a query or a fragment.
 */
export function parseMount(path: string): string {
  const { pathname, search, hash } = new URL(`http://x${path.startsWith("/") ? path : "/"}`);
  const valid = /^\/(?![/\\])/.test(path) && search === "" && hash === "" && !pathname.includes("//");
  if (!valid) {
    throw new SyntaxError(`Cannot serve a path: it must begin with one /, current value is "${path}"`);
  }
  return pathname.replace(/\/$/, "");
}
