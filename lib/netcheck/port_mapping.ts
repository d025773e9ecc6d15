import { deadline } from "@std/async";
import { type MappingState, openPortMapping } from "../candidates/mod.ts";
import { addressScope } from "../endpoint.ts";

/** A router that has said nothing to any protocol by then knows none. */
const PATIENCE_MS = 2500;

/** What {@linkcode measurePortMapping} works with. */
export interface PortMappingCheck {
  /** The TCP port that the router is to map for a moment. */
  readonly port: number;
  /** Our address as the network sees it, where somebody has said. */
  readonly publicAddress: string | undefined;
  /** This machine's addresses. */
  readonly own: readonly string[];
  readonly signal: AbortSignal;
  /** Keeps a mapping; for tests. @default {openPortMapping} */
  readonly open?: typeof openPortMapping;
}

/**
 * Whether the router maps ports on request, by which protocol, and if not, why. Empty where no router stands between us and
 * the network. Never rejects.
 */
export async function measurePortMapping(check: PortMappingCheck): Promise<MappingState[]> {
  const { port, publicAddress, own, signal, open = openPortMapping } = check;
  if (!publicAddress || addressScope(publicAddress) !== "global" || own.includes(publicAddress)) return [];
  const arrived = Promise.withResolvers<void>();
  await using mapping = open({ port, publicAddress: () => publicAddress, onChange: arrived.resolve });
  await deadline(arrived.promise, PATIENCE_MS, { signal }).catch(() => {}); // what was said until then counts
  return mapping.states.map((s) => s.state === "asking" ? { ...s, state: "silent" } : s);
}
