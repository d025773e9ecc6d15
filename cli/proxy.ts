import { openNetwork } from "../lib/network.ts";
import { listenTcp } from "../lib/tunnel/mod.ts";
import { CommandError, Exit, explain } from "./_exit.ts";
import { type FlagTable, readFlags } from "./_flags.ts";
import { LocalConnections } from "./_local_connections.ts";
import { readPort } from "./_network_flags.ts";
import { readNames } from "./_names.ts";
import { Output } from "./_output.ts";
import { namesPath, runningPath } from "./_paths.ts";
import { PEER_FLAGS, readDial } from "./_peer_flags.ts";
import { Peers } from "./_peers.ts";
import { oneLine } from "./_render.ts";
import { serveProxy } from "./_proxy.ts";
import { announceRunning } from "./_running.ts";
import { interruptible, untilInterrupted } from "./_signals.ts";

/** On loopback alone: whoever reaches the proxy reaches every peer in our name. */
const HOSTNAME = "127.0.0.1";
/** Where proxies of SOCKS are expected. */
const DEFAULT_PORT = 1080;

/** The flags of `skip proxy`: an invitation would be of one peer alone. */
export const PROXY_FLAGS: FlagTable = {
  ...PEER_FLAGS,
  boolean: [...PEER_FLAGS.boolean, "any"],
  string: ["identity", "port"],
  positional: [0, 0],
};

/** `skip proxy`: SOCKS5 and HTTP, through which any program reaches `http://<id>.skip.alt/`. */
export async function proxyCommand(args: string[]): Promise<number> {
  const flags = readFlags("proxy", args, PROXY_FLAGS);
  const port = flags.value("port") === undefined ? DEFAULT_PORT : readPort(flags);
  const output = Output.by(flags);
  const dialOptions = readDial(flags, output);
  using interrupt = interruptible();
  const { signal } = interrupt;
  try {
    await using stack = new AsyncDisposableStack();
    const [any, names] = [flags.has("any"), () => readNames(namesPath())];
    const options = await dialOptions();
    const { discovery } = stack.use(await openNetwork(options, { readOnly: true }));
    const peers = stack.adopt(new Peers({ options: { ...options, discovery } }), (p) => p.close());
    const onFailure = (host: string, error: unknown) => {
      const { code, what, why } = explain(error);
      output.event({ type: "failed", host, code, message: why });
      output.say(oneLine(`${host}: ${what}: ${why}`));
    };
    const connections = stack.adopt(
      new LocalConnections({
        serve: (stream, signal) => serveProxy(stream, { peers, names, any, onFailure }, signal),
        onCrowd: (crowd) => output.event({ type: "crowd", crowd }),
      }),
      (c) => c.close(),
    );
    const { addr } = stack.use(await listen(port, (connection) => connections.admit(connection)));
    const address = `${addr.hostname}:${addr.port}`;
    stack.use(await announceRunning(runningPath(), { command: "proxy", detail: `at ${address}` }));
    announce(address, output);
    return await untilInterrupted(signal);
  } catch (error) {
    return output.failure(error).exit;
  }
}

async function listen(port: number, onConnection: Parameters<typeof listenTcp>[1]) {
  try {
    return await listenTcp({ hostname: HOSTNAME, port }, onConnection);
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    throw new CommandError(error.message, {
      code: "port-in-use",
      exit: Exit.failed,
      what: "The proxy's port is in use",
      hint: "Choose another one with --port N; --port 0 takes any free one.",
    }, { cause: error });
  }
}

function announce(address: string, output: Output) {
  output.product(address);
  output.event({ type: "listening", address });
  output.say(
    `A proxy for http://<id>.skip.alt/, SOCKS5 and HTTP, until Ctrl-C. Every user of this machine can use it.

  curl --proxy socks5h://${address} http://ID.skip.alt/`,
  );
}
