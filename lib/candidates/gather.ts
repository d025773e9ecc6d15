import type { Observation } from "../discovery/mod.ts";
import { addressScope, type Candidate, type Endpoint, sameEndpoint } from "../endpoint.ts";
import { type Nat, natOf } from "../nat.ts";
import { hostCandidates, type InterfaceAddress, interfaceAddresses } from "./host.ts";
import { reflect } from "./reflexive.ts";

/** Where this peer may be reached, and how the network sees it. */
export interface LocalCandidates {
  /** Best first: host, then mapped by the router, then server-reflexive. */
  readonly candidates: readonly Candidate[];
  /** What our NAT does: as servers saw it where some were asked, else how it maps ports by the DHT's votes. */
  readonly nat: Nat;
  /** The address under which the network sees us; absent when nobody has said. */
  readonly publicAddress?: string;
  /** Our UDP endpoint as the network sees it: where a datagram may get in. */
  readonly observed?: Candidate;
  /** This machine's addresses. */
  readonly interfaces: readonly InterfaceAddress[];
}

/** A port that the router maps lets everybody in. */
const OPENED: Partial<Nat> = { filtering: "independent" };

/** What {@linkcode gatherCandidates} works from. */
export interface GatherOptions {
  /** The local TCP port. */
  readonly port: number;
  /** The local UDP port, to which the observations refer. */
  readonly udpPort: number;
  /** What the nodes of the DHT said. */
  readonly observations: readonly Observation[];
  /** Our NAT where servers have looked at it: better than what the nodes say, which is about UDP. */
  readonly learned?: { readonly nat: Nat; readonly external?: Endpoint };
  /** The port as the router maps it on request, at our public address. */
  readonly mapped?: Candidate;
  /** This machine's addresses; `interfaceAddresses()` by default. */
  readonly interfaces?: readonly InterfaceAddress[];
}

/**
 * Gathers the candidates of a TCP port (RFC 8445 section 5.1.1).
 *
 * The server-reflexive candidate is what servers saw of the port. Where none was asked it supposes that the NAT preserves the
 * port, and where each saw another one it stands for the address alone: a guess that costs the other side one SYN.
 */
export function gatherCandidates(options: GatherOptions): LocalCandidates {
  const { port, udpPort, observations, learned, mapped, interfaces = interfaceAddresses() } = options;
  const { observed, nat } = reflect(observations, udpPort, interfaces.map((i) => i.address));
  const host = hostCandidates(port, interfaces);
  if (observed === undefined) {
    // Alone on a machine without a network: whoever finds us is on this machine too.
    const candidates = host.length > 0 ? host : [{ kind: "host", hostname: "127.0.0.1", port } as const];
    return { candidates, nat, interfaces };
  }

  const own = nat.mapping === "open" || addressScope(observed.hostname) === "loopback";
  const external = own ? undefined : learned?.external;
  const seen: Candidate = {
    kind: own ? "host" : "reflexive",
    hostname: external?.hostname ?? observed.hostname,
    port: external?.port ?? port,
  };
  const known = own || !mapped ? host : [...host, mapped];
  // Which of two addresses leads to us is not for certain: a proxy may have stood before the servers.
  const voted: Candidate[] = external && external.hostname !== observed.hostname
    ? [{ kind: "reflexive", hostname: observed.hostname, port }]
    : [];
  const reflexive = [seen, ...voted].filter((c) => !known.some((k) => sameEndpoint(c, k)));
  return {
    candidates: [...known, ...reflexive],
    nat: own ? natOf("open") : { ...(learned?.nat ?? nat), ...(mapped && OPENED) },
    publicAddress: observed.hostname,
    observed: { kind: seen.kind, ...observed },
    interfaces,
  };
}
