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
 * anybody, the first address of each network otherwise.
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
    : homes.map((home) => ({ hostname: firstAddress(home), client: home.address }));
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

function firstAddress({ address, prefix }: InterfaceAddress): string {
  const bytes = Uint8Array.from(addressToBytes(address)!);
  const view = new DataView(bytes.buffer);
  const mask = prefix === 0 ? 0 : (0xffffffff << (32 - prefix)) >>> 0;
  view.setUint32(0, ((view.getUint32(0) & mask) >>> 0) + 1);
  return bytesToAddress(bytes);
}
