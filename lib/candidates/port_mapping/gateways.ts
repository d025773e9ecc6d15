import { addressFamily, addressScope, addressToBytes, bytesToAddress } from "../../endpoint.ts";
import { type InterfaceAddress, interfaceAddresses } from "../host.ts";

/** A router that may map ports for us. */
export interface Gateway {
  readonly hostname: string;
  /** Our own address in its network. */
  readonly client: string;
}

const ROUTES_FILE = "/proc/net/route";
/** More routers than this do not stand before one machine; interfaces of containers and VPNs are among the guesses. */
const MAX_GATEWAYS = 3;

/**
 * The routers of our private IPv4 networks: the default gateways where the system's table can be read without asking
 * anybody; otherwise the first address of each network, and the last one of those as small as homes have, since hardly any
 * router has another.
 */
export function gateways(
  interfaces: readonly InterfaceAddress[] = interfaceAddresses(),
  routes: string | undefined = readRoutes(),
): Gateway[] {
  const homes = interfaces.filter(({ address }) =>
    addressFamily(address) === 4 && addressScope(address) === "private"
  );
  const known = routes === undefined ? [] : defaultGateways(routes);
  const found = known.length > 0
    ? known.flatMap((hostname) =>
      homes.filter((home) => networkOf(hostname, home.prefix) === networkOf(home.address, home.prefix))
        .map(({ address }) => ({ hostname, client: address }))
    )
    : [...homes.map((home) => hostOf(home, 1)), ...homes.filter(isSmall).map((home) => hostOf(home, 254))];
  return found.filter(({ hostname, client }) => hostname !== client).slice(0, MAX_GATEWAYS);
}

function readRoutes(): string | undefined {
  try {
    const { state } = Deno.permissions.querySync({ name: "read", path: ROUTES_FILE });
    return state === "granted" ? Deno.readTextFileSync(ROUTES_FILE) : undefined;
  } catch {
    return undefined;
  }
}

/** The gateways of the routes to 0.0.0.0/0; the file has addresses in the machine's own byte order. */
function defaultGateways(routes: string): string[] {
  return routes.split("\n").slice(1).map((line) => line.split("\t"))
    .filter(([, destination, gateway, , , , , mask]) =>
      destination === "00000000" && mask === "00000000" && /^[0-9A-F]{8}$/.test(gateway ?? "")
    )
    .map(([, , gateway]) => bytesToAddress(Uint8Array.fromHex(gateway!).reverse()))
    .filter((address) => addressScope(address) === "private");
}

function networkOf(address: string, prefix: number): number {
  const bytes = addressToBytes(address)!;
  const number = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  return prefix === 0 ? 0 : (number >>> (32 - prefix)) >>> 0;
}

function isSmall({ prefix }: InterfaceAddress): boolean {
  return prefix === 24;
}

/** The `n`-th address of a network. */
function hostOf({ address, prefix }: InterfaceAddress, n: number): Gateway {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, networkOf(address, prefix) * 2 ** (32 - prefix) + n);
  return { hostname: bytesToAddress(bytes), client: address };
}
