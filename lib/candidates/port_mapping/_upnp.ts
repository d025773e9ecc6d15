import type { Answer, Claim, ClaimOptions, Wish } from "./_protocols.ts";
import { addMapping, deleteMapping, externalAddress, fetchService, type IgdService } from "./_igd.ts";
import { findDescription } from "./_ssdp.ts";
import { addressScope } from "../../endpoint.ts";
import type { Gateway } from "./gateways.ts";

/** Faults of AddPortMapping (UPnP WANIPConnection 2, section 2.5.16). */
const INVALID_ARGS = 402;
const CONFLICT = 718;
const SAME_PORTS_REQUIRED = 724;
const ONLY_PERMANENT = 725;
const CONFLICT_WITH_OTHER_MECHANISMS = 729;
/** Faults that another lease or another port may help. */
const MAX_ATTEMPTS = 4;

const FIRST_EPHEMERAL_PORT = 49_152;

/** A claim by UPnP IGD. What was learnt about the router is kept until it fails. */
export class UpnpClaim implements Claim {
  readonly protocol = "upnp";
  readonly gateway: Gateway;
  readonly #options: ClaimOptions;
  #service: IgdService | undefined;
  /** The external port that the router has mapped, or may have. */
  #asked: number | undefined;

  constructor(gateway: Gateway, options: ClaimOptions) {
    this.gateway = gateway;
    this.#options = options;
  }

  async request(wish: Wish): Promise<Answer> {
    if (wish.lifetime === 0) return await this.#remove(wish.signal);
    const until = wish.unless ? AbortSignal.any([wish.signal, wish.unless]) : wish.signal;
    const address = await this.#lookUp(until).catch(() => {
      wish.signal.throwIfAborted();
      return "unneeded" as const;
    });
    if (address === null || typeof address !== "object") return address;
    if ("fault" in address) return { refused: address.fault };
    const { port } = this.#options;
    // Behind another NAT a mapping is of no use, so that none is asked for.
    if (addressScope(address.text) !== "global") {
      return { external: { hostname: address.text, port }, lifetime: 0 };
    }
    return await this.#map(address.text, wish);
  }

  /** Finds the router's service, where it is not known, and asks it for the external address. */
  async #lookUp(signal: AbortSignal) {
    if (!this.#service) {
      const location = await findDescription(this.gateway, { signal, port: this.#options.routerPort });
      this.#service = (location && await fetchService(location, signal)) ?? undefined;
    }
    const address = this.#service ? await externalAddress(this.#service, signal) : null;
    if (address === null) this.#service = undefined;
    signal.throwIfAborted();
    return address;
  }

  async #map(hostname: string, { lifetime, signal, suggested }: Wish): Promise<Answer> {
    const { port } = this.#options;
    let lease = lifetime;
    let externalPort = suggested?.port ?? port;
    let refused = 0;
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      this.#asked = externalPort;
      const mapping = { client: this.gateway.client, externalPort, lease, port };
      const result = await addMapping(this.#service!, mapping, signal);
      if (result === null) return null;
      if ("text" in result) return { external: { hostname, port: externalPort }, lifetime: lease };
      refused = result.fault;
      // Many routers know no leases: what we fail to remove then stays until somebody does.
      if (lease > 0 && (refused === ONLY_PERMANENT || refused === INVALID_ARGS)) lease = 0;
      else if (refused === SAME_PORTS_REQUIRED && externalPort !== port) externalPort = port;
      else if (refused === CONFLICT || refused === CONFLICT_WITH_OTHER_MECHANISMS) externalPort = somePort();
      else break;
    }
    this.#asked = undefined;
    return { refused };
  }

  async #remove(signal: AbortSignal): Promise<null> {
    if (this.#service && this.#asked !== undefined) {
      await deleteMapping(this.#service, this.#asked, signal);
      this.#asked = undefined;
    }
    return null;
  }
}

/** A port that hardly anybody else has mapped. */
function somePort(): number {
  const [random] = crypto.getRandomValues(new Uint16Array(1));
  return FIRST_EPHEMERAL_PORT + random! % (65_536 - FIRST_EPHEMERAL_PORT);
}
