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

/** Gives a machine more IPv6 addresses of its network: temporary ones (RFC 8981) and deprecated ones. */
export async function addIpv6Addresses(
  { namespace }: LabHost,
  addresses: readonly { readonly address: string; readonly deprecated?: boolean }[],
): Promise<void> {
  const lines = addresses.map(({ address, deprecated = false }) =>
    `addr add ${address}/64 dev eth0 nodad${deprecated ? " preferred_lft 0" : ""}\n`
  );
  await runScript("add addresses", `ip -n ${namespace} -batch - <<'LINES'\n${lines.join("")}LINES\n`);
}
