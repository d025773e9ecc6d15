import type { FlagTable } from "./_flags.ts";

/** One command: reads its own arguments, talks through `Output`, and gives the exit code. */
export interface Command {
  run(args: string[]): Promise<number>;
  /** What it takes. */
  readonly flags: FlagTable;
}

/** Every command. Loaded when called: `skip id` has no need of the network's code. */
export const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  async serve() {
    const { serveCommand, SERVE_FLAGS } = await import("./serve.ts");
    return { run: serveCommand, flags: SERVE_FLAGS };
  },
  async connect() {
    const { connectCommand, CONNECT_FLAGS } = await import("./connect.ts");
    return { run: connectCommand, flags: CONNECT_FLAGS };
  },
  async ping() {
    const { pingCommand, PING_FLAGS } = await import("./ping.ts");
    return { run: pingCommand, flags: PING_FLAGS };
  },
  async forward() {
    const { forwardCommand, FORWARD_FLAGS } = await import("./forward.ts");
    return { run: forwardCommand, flags: FORWARD_FLAGS };
  },
  async proxy() {
    const { proxyCommand, PROXY_FLAGS } = await import("./proxy.ts");
    return { run: proxyCommand, flags: PROXY_FLAGS };
  },
  async pipe() {
    const { pipeCommand, PIPE_FLAGS } = await import("./pipe.ts");
    return { run: pipeCommand, flags: PIPE_FLAGS };
  },
  async check() {
    const { checkCommand, CHECK_FLAGS } = await import("./check.ts");
    return { run: checkCommand, flags: CHECK_FLAGS };
  },
  async status() {
    const { statusCommand, STATUS_FLAGS } = await import("./status.ts");
    return { run: statusCommand, flags: STATUS_FLAGS };
  },
  async id() {
    const { idCommand, ID_FLAGS } = await import("./id.ts");
    return { run: idCommand, flags: ID_FLAGS };
  },
  async invite() {
    const { inviteCommand, INVITE_FLAGS } = await import("./invite.ts");
    return { run: inviteCommand, flags: INVITE_FLAGS };
  },
  async name() {
    const { nameCommand, NAME_FLAGS } = await import("./name.ts");
    return { run: nameCommand, flags: NAME_FLAGS };
  },
  async dht() {
    const { dhtCommand, DHT_FLAGS } = await import("./dht.ts");
    return { run: dhtCommand, flags: DHT_FLAGS };
  },
  async completions() {
    const { completionsCommand, COMPLETIONS_FLAGS } = await import("./completions.ts");
    return { run: completionsCommand, flags: COMPLETIONS_FLAGS };
  },
  async help() {
    const { helpCommand, HELP_FLAGS } = await import("./help.ts");
    return { run: helpCommand, flags: HELP_FLAGS };
  },
};
