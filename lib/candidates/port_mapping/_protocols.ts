import type { Endpoint } from "../../endpoint.ts";
import { ask, type AskOptions } from "./_ask.ts";
import type { Gateway } from "./gateways.ts";
import { decodeNatPmpAddress, decodeNatPmpMap, encodeNatPmpMap, NAT_PMP_ADDRESS_REQUEST } from "./nat_pmp.ts";
import { decodePcpMap, encodePcpMap } from "./pcp.ts";

/** The protocols by which routers map ports. */
export type MappingProtocol = "pcp" | "nat-pmp";

/** What became of one request: a mapping, a refusal, or silence. */
export type Answer =
  | { readonly external: Endpoint; readonly lifetime: number; readonly epoch: number }
  | { readonly refused: number }
  | null;

/** One mapping at one router: what is the same in every request for it. */
export interface Claim {
  readonly protocol: MappingProtocol;
  readonly gateway: Gateway;
  readonly port: number;
  /** 12 random bytes, by which PCP knows whose mapping it is. */
  readonly nonce: Uint8Array;
  /** Where the router listens, for tests. */
  readonly routerPort?: number;
}

/** Asks for a mapping, or for its end with a lifetime of 0. Rejects only with `signal.reason`. */
export async function request(
  claim: Claim,
  { lifetime, suggested, signal }: { lifetime: number; suggested?: Endpoint; signal: AbortSignal },
): Promise<Answer> {
  const { gateway, nonce, port, protocol, routerPort } = claim;
  const to = { hostname: gateway.hostname, signal, ...(routerPort ? { port: routerPort } : {}) };
  if (protocol === "nat-pmp") {
    return await requestNatPmp(port, { lifetime, suggested: suggested?.port ?? port, to });
  }
  const message = encodePcpMap({
    ...{ nonce, port, lifetime, client: gateway.client },
    suggested: suggested ?? { hostname: "0.0.0.0", port },
  });
  const answer = await ask(message, (bytes) => decodePcpMap(bytes, nonce, port), to);
  if (answer === null) return null;
  const { result, external, epoch } = answer;
  return result === 0 ? { external, epoch, lifetime: answer.lifetime } : { refused: result };
}

async function requestNatPmp(
  port: number,
  { lifetime, suggested, to }: { lifetime: number; suggested: number; to: AskOptions },
): Promise<Answer> {
  const [address, mapping] = await Promise.all([
    ask(NAT_PMP_ADDRESS_REQUEST, decodeNatPmpAddress, to),
    ask(encodeNatPmpMap(port, { lifetime, suggested }), (bytes) => decodeNatPmpMap(bytes, port), to),
  ]);
  if (mapping === null || address === null) return null;
  if (mapping.result !== 0 || address.result !== 0) return { refused: mapping.result || address.result };
  const external = { hostname: address.hostname, port: mapping.externalPort };
  return { external, lifetime: mapping.lifetime, epoch: mapping.epoch };
}
