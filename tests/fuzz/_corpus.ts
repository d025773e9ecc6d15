/**
 * What running programs really said, as `capture.ts` has taken it down.
 *
 * @module
 */
import keys from "./corpus/keys.json" with { type: "json" };
import krpc from "./corpus/krpc.json" with { type: "json" };
import proxy from "./corpus/proxy.json" with { type: "json" };
import router from "./corpus/router.json" with { type: "json" };
import stun from "./corpus/stun.json" with { type: "json" };
import tls from "./corpus/tls.json" with { type: "json" };

const fromHex = (list: readonly string[]) => list.map((text) => Uint8Array.fromHex(text));

/** Key files of openssl. */
export const KEY_FILES: readonly string[] = keys;
/** Packets of the DHT, between nodes of the library and one of ours. */
export const KRPC: readonly Uint8Array[] = fromHex(krpc);
/** What curl says to a proxy. */
export const PROXY: readonly Uint8Array[] = fromHex(proxy);
/** NAT-PMP and PCP of miniupnpd. */
export const ROUTER_DATAGRAMS: readonly Uint8Array[] = fromHex(
  router.filter((text) => text.startsWith("udp ")).map((text) => text.slice("udp ".length)),
);
/** UPnP of miniupnpd: an answer to a search, a description, and answers to actions. */
export const ROUTER_TEXTS: readonly string[] = router.filter((text) => !text.startsWith("udp "));
/** Requests, and what coturn answers. */
export const STUN: readonly Uint8Array[] = fromHex(stun);
/** What the runtime's TLS client sends: one that accepts the server, one that refuses it. */
export const TLS: readonly Uint8Array[] = fromHex(tls);
