/**
 * What goes wrong in networks, done on purpose.
 *
 * @module
 */
import type { LabHost } from "./host.ts";
import type { Lab } from "./lab.ts";
import { runScript } from "./shell.ts";

/** Takes a machine off its network: it has no route any more. Gives the way to plug it in again. */
export async function unplug(host: LabHost): Promise<() => Promise<void>> {
  const { namespace } = host;
  const { stdout: route } = await host.output("ip", ["-4", "route", "show", "default"]);
  await runScript("unplug a machine", `ip -n ${namespace} link set eth0 down`);
  return () =>
    runScript(
      "plug a machine in",
      `ip -n ${namespace} link set eth0 up\nip -n ${namespace} route add ${route.trim()}`,
    );
}

/** Makes the routers in front of a machine forget all their mappings, like a restart. */
export async function forgetConnections({ routers }: LabHost): Promise<void> {
  const script = `${import.meta.dirname}/forget_connections.py`;
  await runScript(
    "make routers forget their connections",
    routers.map((router) => `ip netns exec ${router} python3 ${script}`).join("\n"),
  );
}

/** Gives the outermost router of a machine another public address, as providers do every night. */
export async function renumber(
  lab: Lab,
  { publicAddress, routers }: Pick<LabHost, "publicAddress" | "routers">,
  address: string,
): Promise<void> {
  const [wan, router] = [`${lab.prefix}-wan`, routers[0]];
  await runScript(
    "renumber a router",
    `port=$(ip -n ${wan} route show ${publicAddress} | sed 's/.* dev \\([^ ]*\\).*/\\1/')
ip -n ${wan} route add ${address}/32 dev $port
ip -n ${router} address add ${address}/32 dev wan
ip -n ${router} address del ${publicAddress}/32 dev wan
ip -n ${wan} route del ${publicAddress}/32`,
  );
}

/** Gives a router, the outermost one of a machine, other external ports: that of each internal one is in this range. */
export async function rebind(host: LabHost, { first, last }: { first: number; last: number }): Promise<void> {
  await runScript(
    "give a router other ports",
    `ip netns exec ${
      host.routers[0]
    } nft insert rule ip nat postrouting oifname wan meta l4proto { tcp, udp } ` +
      `masquerade to :${first}-${last}`,
  );
  await forgetConnections(host);
}

/** Gives a machine another address in its LAN, besides the one it has. */
export async function addAddress({ namespace }: LabHost, address: string): Promise<void> {
  await runScript("add an address", `ip -n ${namespace} address add ${address}/24 dev eth0`);
}
