import { abortable } from "@std/async";
import { lookup } from "node:dns/promises";
import { addressFamily } from "../endpoint.ts";

/**
 * All IPv4 addresses of a name; an address stands for itself. An empty list where there are none or nobody
 * answers. Rejects only with `signal.reason`.
 */
export async function resolveName(name: string, signal: AbortSignal): Promise<string[]> {
  if (addressFamily(name) !== 0) return addressFamily(name) === 4 ? [name] : [];
  if (name.includes(".")) {
    try {
      return await Deno.resolveDns(name, "A", { signal });
    } catch {
      signal.throwIfAborted();
    }
  }
  // `localhost`, and what only this machine knows; it cannot be aborted but only left alone, so it is not the first choice.
  try {
    const found = await abortable(lookup(name, { family: 4, all: true }), signal);
    return found.map(({ address }) => address);
  } catch {
    signal.throwIfAborted();
    return [];
  }
}
