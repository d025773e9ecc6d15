import type { NatType } from "./nat.ts";
import type { Attachment } from "./uplink.ts";

/** What a finished command said. */
export interface Finished {
  /** Its exit code, or 128 and the signal's number. */
  readonly code: number;
  /** Its standard output, as UTF-8. */
  readonly stdout: string;
  /** Its standard error, as UTF-8. */
  readonly stderr: string;
}

/** A machine of the lab: a network namespace in which commands run. */
export class LabHost {
  /** The network namespace's name, for `ip netns exec`. */
  readonly namespace: string;
  /** The machine's own IPv4 address, private or public. */
  readonly address: string;
  /** The IPv4 address under which the WAN sees it. */
  readonly publicAddress: string;
  /** All addresses of its outermost router, among which that may choose for each port or flow. */
  readonly pool: readonly string[];
  /** The machine's own IPv6 address, where its network has IPv6. */
  readonly ipv6: string | undefined;
  /** The kind of network that it is in. */
  readonly nat: NatType;
  /** The namespaces of the routers from the WAN to it, outermost first. */
  readonly routers: readonly string[];

  /** Describes a machine that was made. */
  constructor(namespace: string, nat: NatType, routers: readonly string[], attachment: Attachment) {
    this.namespace = namespace;
    this.nat = nat;
    this.routers = routers;
    this.address = attachment.address;
    this.publicAddress = attachment.publicAddress;
    this.pool = attachment.pool ?? [attachment.publicAddress];
    this.ipv6 = attachment.ipv6;
  }

  /** Starts a command; its process id is the command's own. The lab kills it when it closes, at the latest. */
  spawn(command: string, args: readonly string[] = [], options: Deno.CommandOptions = {}): Deno.ChildProcess {
    return this.#command(command, args, options).spawn();
  }

  /** Runs a command to its end and gives what it said. */
  async output(
    command: string,
    args: readonly string[] = [],
    options: Deno.CommandOptions = {},
  ): Promise<Finished> {
    const { code, stdout, stderr } = await this.#command(command, args, options).output();
    const text = new TextDecoder();
    return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
  }

  #command(command: string, args: readonly string[], options: Deno.CommandOptions): Deno.Command {
    return new Deno.Command("ip", {
      ...options,
      args: ["netns", "exec", this.namespace, command, ...args],
    });
  }
}
