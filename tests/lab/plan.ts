/**
 * What is to be made in the kernel, collected first and then done by one shell, because hundreds of single
 * commands would take seconds.
 *
 * @module
 */
import { HOST_NETWORKS } from "./addresses.ts";

/** A network device, by the namespace that it is in and its name there (at most 15 characters). */
export interface Device {
  readonly namespace: string;
  readonly device: string;
}

interface Setup {
  readonly ip: string[];
  readonly nft: string[];
  readonly sysctl: string[];
  readonly run: string[];
}

/**
 * The machine's resolver is out of reach in the lab: names fail at once, instead of after 10 to 20 s. A public host
 * may have something else at the port of name servers.
 */
const NO_NAME_SERVER = `table ip names {
  chain output { type filter hook output priority filter; ip daddr != ${HOST_NETWORKS} udp dport 53 reject; }
}`;

/** A batch of namespaces, cables and settings; {@linkcode Plan.script} is the product. */
export class Plan {
  readonly #created: string[] = [];
  readonly #links: string[] = [];
  readonly #setups = new Map<string, Setup>();

  /** A new namespace with its loopback up; `forward` makes a router of it. */
  namespace(name: string, { forward = false }: { forward?: boolean } = {}): void {
    this.#created.push(name);
    if (!forward) this.nft(name, NO_NAME_SERVER);
    this.ip(name, "link set lo up");
    this.#setup(name).sysctl.push(
      // Whoever has IPv6 says so. Without this the kernel would speak it everywhere, with link-local addresses.
      "ipv6/conf/all/disable_ipv6=1",
      "ipv6/conf/default/disable_ipv6=1",
      "ipv6/conf/lo/disable_ipv6=0",
      `ipv4/ip_forward=${forward ? 1 : 0}`,
      // Routes here are asymmetric on purpose, and distributions differ in their default.
      "ipv4/conf/*/rp_filter=0",
      // What a bridge carries between its ports is the LAN's own business, not the router's rules'.
      "bridge/bridge-nf-call-iptables=0",
      "bridge/bridge-nf-call-ip6tables=0",
    );
  }

  /** Lets a namespace speak IPv6, with addresses that are valid at once. */
  ipv6(namespace: string, { forward = false }: { forward?: boolean } = {}): void {
    this.#setup(namespace).sysctl.push(
      "ipv6/conf/*/accept_dad=0",
      "ipv6/conf/*/accept_ra=0",
      `ipv6/conf/all/forwarding=${forward ? 1 : 0}`,
      "ipv6/conf/all/disable_ipv6=0",
      "ipv6/conf/default/disable_ipv6=0",
    );
  }

  /** A cable between two devices, which it makes. */
  link(a: Device, b: Device): void {
    this.#links.push(
      `link add ${a.device} netns ${a.namespace} type veth peer name ${b.device} netns ${b.namespace}`,
    );
  }

  /** Lines for `ip -batch` inside a namespace, after the cables are laid. */
  ip(namespace: string, ...lines: string[]): void {
    this.#setup(namespace).ip.push(...lines);
  }

  /** A ruleset for `nft -f` inside a namespace. */
  nft(namespace: string, ruleset: string): void {
    this.#setup(namespace).nft.push(ruleset);
  }

  /** Lines for `sh -e` inside a namespace, after everything else there. */
  run(namespace: string, script: string): void {
    this.#setup(namespace).run.push(script);
  }

  /** Everything, for `sh -e`. */
  script(): string {
    const inside = [...this.#setups].map(([name, setup]) =>
      // nsenter costs less than `ip netns exec`, which also mounts a new /sys.
      `nsenter --net=/run/netns/${name} sh -e <<'INSIDE'\n${insideScript(setup)}INSIDE\n`
    );
    return [
      batch("ip -batch -", this.#created.map((name) => `netns add ${name}`)),
      batch("ip -batch -", this.#links),
      ...inside,
    ].join("");
  }

  #setup(namespace: string): Setup {
    const setup = this.#setups.get(namespace) ?? { ip: [], nft: [], sysctl: [], run: [] };
    this.#setups.set(namespace, setup);
    return setup;
  }
}

function insideScript({ ip, nft, sysctl, run }: Setup): string {
  // A kernel without IPv6 or bridge filtering lacks those files, and needs no setting then.
  const settings = sysctl.map((line) => {
    const [path, value] = line.split("=");
    return `for f in /proc/sys/net/${path}; do [ ! -e "$f" ] || echo ${value} > "$f"; done\n`;
  });
  return settings.join("") + batch("ip -batch -", ip) + batch("nft -f -", nft) + run.join("");
}

function batch(command: string, lines: readonly string[]): string {
  return lines.length === 0 ? "" : `${command} <<'LINES'\n${lines.join("\n")}\nLINES\n`;
}
