import type { Endpoint } from "../../endpoint.ts";
import { ask, type AskOptions } from "./_ask.ts";
import type { Gateway } from "./gateways.ts";
import { decodeNatPmpAddress, decodeNatPmpMap, encodeNatPmpMap, NAT_PMP_ADDRESS_REQUEST } from "./nat_pmp.ts";
import { UpnpClaim } from "./_upnp.ts";
import { decodePcpMap, encodePcpMap, isPcpUnknown } from "./pcp.ts";

/** The protocols by which routers map ports. */
export type MappingProtocol = "pcp" | "nat-pmp" | "upnp";

/** What became of one request: a mapping, a refusal with the protocol's own number for it, silence, or that there was none any more. */
export type Answer =
  | { readonly external: Endpoint; /** Seconds. */ readonly lifetime: number }
  | { readonly refused: number }
  | "unneeded"
  | null;

/** What is asked for. */
export interface Wish {
  /** Seconds; 0 ends the mapping. */
  readonly lifetime: number;
  /** The external endpoint that we would like, or had. */
  readonly suggested?: Endpoint | undefined;
  readonly signal: AbortSignal;
  /** Aborts when the mapping is not needed after all: what has not yet been asked of the router then is not. */
  readonly unless?: AbortSignal;
}

/** One mapping at one router by one protocol. */
export interface Claim {
  readonly protocol: MappingProtocol;
  readonly gateway: Gateway;
  /** Asks for the mapping, or for its end. Rejects only with `signal.reason`. */
  request(wish: Wish): Promise<Answer>;
}

/** What claims are made for. */
export interface ClaimOptions {
  /** The TCP port. */
  readonly port: number;
  /** Where the router listens, for tests. */
  readonly routerPort?: number | undefined;
}

/** A claim by each protocol, the best one first: most routers that know PCP know the others for the sake of old clients. */
export function claimsAt(gateway: Gateway, { port, routerPort }: ClaimOptions): Claim[] {
  const to = {
    hostname: gateway.hostname,
    client: gateway.client,
    ...(routerPort ? { port: routerPort } : {}),
  };
  const nonce = crypto.getRandomValues(new Uint8Array(12));
  return [
    { protocol: "pcp", gateway, request: (wish) => requestPcp(port, nonce, { ...to, ...wish }) },
    { protocol: "nat-pmp", gateway, request: (wish) => requestNatPmp(port, { ...to, ...wish }) },
    new UpnpClaim(gateway, { port, routerPort }),
  ];
}

async function requestPcp(port: number, nonce: Uint8Array, options: AskOptions & Wish): Promise<Answer> {
  const { client, lifetime, suggested } = options;
  const message = encodePcpMap({
    ...{ nonce, port, lifetime, client },
    suggested: suggested ?? { hostname: "0.0.0.0", port },
  });
  const answer = await ask(message, (bytes) => {
    return isPcpUnknown(bytes) ? { refused: bytes[3]! } : decodePcpMap(bytes, nonce, port);
  }, options);
  if (answer === null || "refused" in answer) return answer;
  return answer.result === 0 ? answer : { refused: answer.result };
}

async function requestNatPmp(port: number, options: AskOptions & Wish): Promise<Answer> {
  const message = encodeNatPmpMap(port, {
    lifetime: options.lifetime,
    suggested: options.suggested?.port ?? port,
  });
  const [address, mapping] = await Promise.all([
    ask(NAT_PMP_ADDRESS_REQUEST, decodeNatPmpAddress, options),
    ask(message, (bytes) => decodeNatPmpMap(bytes, port), options),
  ]);
  if (mapping === null || address === null) return null;
  if (mapping.result !== 0 || address.result !== 0) return { refused: mapping.result || address.result };
  const external = { hostname: address.hostname, port: mapping.externalPort };
  return { external, lifetime: mapping.lifetime };
}
