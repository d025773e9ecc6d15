import { DhtNode, PUBLIC_BOOTSTRAP } from "../lib/discovery/mod.ts";
import { addressFamily, formatEndpoint, parseHostPort } from "../lib/endpoint.ts";
import { UsageError } from "./_exit.ts";
import { type Flags, type FlagTable, readFlags } from "./_flags.ts";
import { readBootstrap, readPort } from "./_network_flags.ts";
import { Output } from "./_output.ts";
import { interruptible, untilInterrupted } from "./_signals.ts";

/** The flags of `skip dht`. */
export const DHT_FLAGS: FlagTable = {
  boolean: ["json", "quiet", "verbose"],
  string: ["port", "host"],
  collect: ["bootstrap"],
  positional: [0, 0],
};

/** `skip dht`: a plain node of the DHT, for private networks and tests. */
export async function dhtCommand(args: string[]): Promise<number> {
  const flags = readFlags("dht", args, DHT_FLAGS);
  const output = Output.by(flags);
  const hostname = readHost(flags);
  using interrupt = interruptible();
  const { signal } = interrupt;
  try {
    await using node = await DhtNode.open({
      port: readPort(flags),
      bootstrap: readBootstrap(flags)?.map(parseHostPort) ?? PUBLIC_BOOTSTRAP,
      readOnly: false,
      ...(hostname ? { hostname } : {}),
    });
    const address = formatEndpoint({ hostname: hostname ?? "0.0.0.0", port: node.port });
    output.product(address);
    output.event({ type: "ready", address, port: node.port });
    output.say("A node of the DHT, until Ctrl-C.");
    return await untilInterrupted(signal);
  } catch (error) {
    return output.failure(error).exit;
  }
}

function readHost(flags: Flags): string | undefined {
  const host = flags.value("host");
  if (host === undefined || addressFamily(host) === 4) return host;
  throw new UsageError(`--host is not valid: "${host}"`, "Give --host an IPv4 address of this machine.");
}
