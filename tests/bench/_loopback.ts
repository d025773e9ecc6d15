/**
 * Loopbacks to measure on: TCP's congestion control decides there too, since each hop of a tunnel is a connection.
 *
 * @module
 */
import { labUnavailable } from "../lab/mod.ts";
import { runScript } from "../lab/shell.ts";

/** What nearly every Linux has. */
const USUAL = "cubic";

/** A loopback interface, and how to start a program on it. */
export interface Loopback extends AsyncDisposable {
  readonly congestionControl: string;
  /** The command line that runs `command` there. */
  in(command: readonly string[]): readonly [program: string, ...args: string[]];
}

/** This machine's own. */
export async function ownLoopback(): Promise<Loopback> {
  const file = "/proc/sys/net/ipv4/tcp_congestion_control";
  return {
    congestionControl: await Deno.readTextFile(file).then((text) => text.trim(), () => "the system's"),
    in: ([program = "", ...args]) => [program, ...args],
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** One with the usual congestion control, in a namespace of its own; takes Linux and root. */
export async function usualLoopback(): Promise<Loopback> {
  const namespace = `skip-bench-${Deno.pid}`;
  const route = (prefix: string) =>
    `ip -n ${namespace} route replace local ${prefix} dev lo table local congctl ${USUAL} src 127.0.0.1`;
  await runScript(
    "make a loopback",
    [
      `ip netns add ${namespace}`,
      `ip -n ${namespace} link set lo up`,
      route("127.0.0.0/8"),
      route("127.0.0.1"),
    ].join("\n"),
  );
  return {
    congestionControl: USUAL,
    in: (command) => ["ip", "netns", "exec", namespace, ...command],
    [Symbol.asyncDispose]: () => runScript("remove a loopback", `ip netns delete ${namespace}`),
  };
}

/** This machine's own, and the usual one beside it where that is another and can be made. */
export async function loopbacks(): Promise<Loopback[]> {
  const own = await ownLoopback();
  if (own.congestionControl === USUAL || labUnavailable() !== undefined) return [own];
  return [own, await usualLoopback()];
}
