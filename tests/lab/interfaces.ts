/**
 * Network interfaces that machines have besides the one to their network.
 *
 * @module
 */
import type { LabHost } from "./host.ts";
import { runScript } from "./shell.ts";

/** What Docker gives to every machine alike. */
export const DOCKER_ADDRESS = "172.17.0.1";
/** What a VPN gives to its first machine, many another VPN too. */
export const VPN_ADDRESS = "10.8.0.2";

/**
 * Gives a machine a bridge as of Docker, with a container's port, and the interface of a VPN that swallows what is sent
 * to it: the same addresses at each machine.
 */
export async function addVirtualInterfaces({ namespace }: LabHost): Promise<void> {
  await runScript(
    "add interfaces",
    `ip -n ${namespace} -batch - <<'LINES'
link add docker0 type bridge
addr add ${DOCKER_ADDRESS}/16 dev docker0
link set docker0 up
link add veth0 type veth peer name veth1
link set veth0 master docker0 up
link set veth1 up
tuntap add tun0 mode tun
addr add ${VPN_ADDRESS}/24 dev tun0
link set tun0 up
LINES
`,
  );
}

/**
 * Gives a machine of an IPv6 network what one has after some days there: deprecated addresses, and a temporary one
 * (RFC 8981), which it then dials from.
 */
export async function ageIpv6({ namespace, ipv6 }: LabHost): Promise<void> {
  const prefix = ipv6!.replace(/::.*$/, "");
  const deprecated = Array.from(
    { length: 5 },
    (_, n) => `addr add ${prefix}::de:${n}/64 dev eth0 nodad preferred_lft 0\n`,
  );
  await runScript(
    "age a machine's addresses",
    `ip -n ${namespace} -batch - <<'LINES'\n${deprecated.join("")}LINES
ip netns exec ${namespace} sh -ec 'echo 2 > /proc/sys/net/ipv6/conf/eth0/use_tempaddr'
ip -n ${namespace} addr change ${ipv6}/64 dev eth0 mngtmpaddr valid_lft 86400 preferred_lft 14400
`,
  );
}
