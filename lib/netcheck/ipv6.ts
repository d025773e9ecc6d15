import type { InterfaceAddress } from "../candidates/mod.ts";
import { addressFamily, addressScope } from "../endpoint.ts";
import { openPort } from "../punch/mod.ts";
import { askFrom, type Server } from "./servers.ts";
import type { IPv6Report } from "./types.ts";

/** What IPv6 is good for here: `reached` are the servers that answered, `asked` says whether any had IPv6 at all. */
export async function measureIPv6(
  interfaces: readonly InterfaceAddress[],
  { asked, reached, signal }: { asked: boolean; reached: readonly Server[]; signal: AbortSignal },
): Promise<IPv6Report> {
  const addresses = interfaces.map((i) => i.address)
    .filter((address) => addressFamily(address) === 6 && addressScope(address) === "global");
  if (!asked) return { addresses };
  const over = reached.filter(({ endpoint }) => addressFamily(endpoint.hostname) === 6);
  const observer = over.find((server) => server.isObserver);
  if (!observer) return { addresses, reachable: over.length > 0 };
  try {
    await using port = await openPort({ port: 0, onConnection: (stream) => stream.close() });
    const probe = { transport: "tcp", port: port.port } as const;
    const outcome = await askFrom(observer.endpoint, { probe, signal });
    return { addresses, reachable: true, ...(outcome ? { unasked: outcome } : {}) };
  } catch {
    return { addresses, reachable: true };
  }
}
