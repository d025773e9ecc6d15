/**
 * Home routers that map ports on request: a real miniupnpd in the router's namespace, on nftables.
 *
 * It speaks UPnP IGD, NAT-PMP and PCP. The last two share one switch in its settings, and a UDP port: a router that
 * knows but one of them drops the packets of the other, which their first byte tells apart. It refuses every mapping
 * while its external address has a special purpose (RFC 6890, RFC 6598), the documentation blocks included.
 *
 * @module
 */
import { forgetConnections } from "./faults.ts";
import type { LabHost } from "./host.ts";
import { portRestricted } from "./nat_rules.ts";
import type { Plan } from "./plan.ts";
import { runScript } from "./shell.ts";

/** What a router understands. */
export interface MappingProtocols {
  readonly igd: boolean;
  readonly natPmp: boolean;
  readonly pcp: boolean;
}

const ALL: MappingProtocols = { igd: true, natPmp: true, pcp: true };
const NONE: MappingProtocols = { igd: false, natPmp: false, pcp: false };

/** What the router of a peer understands, by the peer's kind of network. */
export const MAPPING_ROUTERS: Readonly<Record<string, MappingProtocols>> = {
  upnp: ALL,
  "upnp-igd": { ...NONE, igd: true },
  "upnp-natpmp": { ...NONE, natPmp: true },
  "upnp-pcp": { ...NONE, pcp: true },
  "upnp-cgnat": ALL,
  "upnp-squat": ALL,
};

/** UDP, of NAT-PMP and PCP. */
const PCP_PORT = 5351;
/** The first byte of each message. */
const NAT_PMP_VERSION = 0;
const PCP_VERSION = 2;
/** TCP, of the description and the requests of UPnP IGD. */
const HTTP_PORT = 5000;
/** UDP, of the search for devices. */
const SSDP_PORT = 1900;

/** {@linkcode portRestricted} with the chains that miniupnpd writes its mappings into. */
export function mappingRouter({ natPmp, pcp }: MappingProtocols): string {
  const strange = natPmp === pcp ? [] : [natPmp ? PCP_VERSION : NAT_PMP_VERSION];
  const sieve = strange.map((version) => `udp dport ${PCP_PORT} @th,64,8 ${version} drop`);
  return `${portRestricted()}
  table inet upnp {
    chain forward { type filter hook forward priority filter - 1; jump miniupnpd; }
    chain prerouting { type nat hook prerouting priority dstnat; jump prerouting_miniupnpd; }
    chain postrouting { type nat hook postrouting priority srcnat - 1; jump postrouting_miniupnpd; }
    chain miniupnpd {}
    chain prerouting_miniupnpd {}
    chain postrouting_miniupnpd {}
    chain sieve {
      type filter hook input priority filter - 1;
      ${sieve.join("\n      ")}
    }
  }`;
}

/** Plans the daemon in a router that has {@linkcode mappingRouter} rules. */
export function planMapper(plan: Plan, namespace: string, protocols: MappingProtocols): void {
  plan.run(namespace, mapper(protocols));
}

/**
 * What happens when the router in front of a peer is switched off and on: its mappings and connections are gone, and the
 * daemon's clock begins anew.
 */
export async function rebootRouter(peer: LabHost): Promise<void> {
  const protocols = MAPPING_ROUTERS[peer.nat];
  if (!protocols) throw new RangeError(`Cannot reboot the router: "${peer.nat}" maps no ports`);
  const namespace = peer.routers.at(-1)!;
  await runScript(
    "reboot a router",
    `nsenter --net=/run/netns/${namespace} sh -e <<'INSIDE'
for pid in $(ip netns pids ${namespace}); do
  [ "$(cat /proc/$pid/comm)" != miniupnpd ] || kill -9 $pid
done
for chain in miniupnpd prerouting_miniupnpd postrouting_miniupnpd; do nft flush chain inet upnp $chain; done
INSIDE
`,
  );
  await forgetConnections(peer);
  await runScript(
    "start miniupnpd",
    `nsenter --net=/run/netns/${namespace} sh -e <<'INSIDE'\n${mapper(protocols)}INSIDE\n`,
  );
}

/** Starts the daemon and waits until it listens. It leaves no file: what it writes is in a file system of its own. */
function mapper({ igd, natPmp, pcp }: MappingProtocols): string {
  const listening = [
    ...(igd ? [["tcp", HTTP_PORT], ["udp", SSDP_PORT]] as const : []),
    ...(natPmp || pcp ? [["udp", PCP_PORT]] as const : []),
  ].map(([protocol, port]) => `grep -q ':${hex(port)} ' /proc/net/${protocol}`);
  return `unshare --mount sh -c 'mount -t tmpfs none /run && exec miniupnpd -d -f /dev/stdin' \\
  > /dev/null 2>&1 <<'SETTINGS' &
ext_ifname=wan
listening_ip=lan
ipv6_disable=yes
http_port=${HTTP_PORT}
enable_upnp=${igd ? "yes" : "no"}
enable_natpmp=${natPmp || pcp ? "yes" : "no"}
upnp_table_name=upnp
upnp_nat_table_name=upnp
secure_mode=yes
system_uptime=no
uuid=9b38f34a-58c5-478e-8c7e-e5ec7b4da648
SETTINGS
until ${listening.join(" && ")}; do kill -0 $!; sleep 0.01; done
`;
}

/** As files in /proc/net write a port. */
function hex(port: number): string {
  return port.toString(16).toUpperCase().padStart(4, "0");
}
