/**
 * Machines on one switch, each a network namespace with an address of its own: for peers that come from several addresses with
 * nothing slow between them. Takes Linux and root.
 *
 * @module
 */
import { newPrefix, removalScript } from "../lab/prefix.ts";
import { runScript } from "../lab/shell.ts";
import type { Place } from "../skip_process.ts";

/** One machine. */
export interface SwitchHost extends Place {
  readonly address: string;
}

/** The machines, which are gone with all their processes when it is disposed of. */
export interface Switch extends AsyncDisposable {
  readonly hosts: readonly SwitchHost[];
}

/** Makes so many machines. */
export async function makeSwitch(count: number): Promise<Switch> {
  const prefix = newPrefix();
  const center = `${prefix}-switch`;
  const names = Array.from({ length: count }, (_, i) => `${prefix}-m${i}`);
  const addresses = names.map((_, i) => `10.77.0.${i + 1}`);
  const lines = [
    `ip netns add ${center}`,
    `ip -n ${center} link add br0 type bridge`,
    `ip -n ${center} link set br0 up`,
  ];
  for (const [i, name] of names.entries()) {
    lines.push(
      `ip netns add ${name}`,
      `ip -n ${name} link set lo up`,
      `ip -n ${name} link add eth0 type veth peer name port${i} netns ${center}`,
      `ip -n ${center} link set port${i} master br0 up`,
      `ip -n ${name} address add ${addresses[i]}/24 dev eth0`,
      `ip -n ${name} link set eth0 up`,
      `ip -n ${name} route add default via ${addresses[(i + 1) % count]}`,
    );
  }
  await runScript("make a switch", lines.join("\n"));
  return {
    hosts: names.map((name, i) => ({
      address: addresses[i]!,
      spawn: (command, args, options) =>
        new Deno.Command("ip", { ...options, args: ["netns", "exec", name, command, ...args] }).spawn(),
    })),
    [Symbol.asyncDispose]: () => runScript("remove a switch", removalScript(prefix)),
  };
}
