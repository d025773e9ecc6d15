/**
 * Who we are in the DHT: our id, our neighbours, and how others see us.
 *
 * @module
 */
import { equalBytes } from "../bytes.ts";
import { addressScope, type Endpoint, sameEndpoint } from "../endpoint.ts";
import { isNodeIdFor, nodeIdFor, Observations } from "./bep42.ts";
import { CLOSEST_COUNT, isPlausible } from "./contacts.ts";
import { RoutingTable } from "./table.ts";
import type { Contact } from "./types.ts";

/** What is known at start. */
export interface PresenceOptions {
  /** Where our socket is bound. */
  readonly local: Endpoint;
  /** Our id, where it was decided. */
  readonly id?: Uint8Array | undefined;
  /** Our public address when we were last here. */
  readonly lastAddress?: string | undefined;
  /** Whether to stay out of others' tables; found out where it is missing. */
  readonly readOnly?: boolean | undefined;
  /** Whether there is nobody to ask who we are. */
  readonly alone: boolean;
}

/** Changes as we learn; everything else asks it anew each time. */
export class Presence {
  readonly observations = new Observations();
  readonly #local: Endpoint;
  readonly #wanted: boolean | undefined;
  #id: Uint8Array;
  #table: RoutingTable;
  #readOnly: boolean;
  #address: string | undefined;
  #idIsSettled = false;

  constructor({ local, id, lastAddress, readOnly, alone }: PresenceOptions) {
    this.#local = addressScope(local.hostname) === "unspecified"
      ? { ...local, hostname: "127.0.0.1" }
      : local;
    this.#wanted = readOnly;
    this.#id = id ?? (lastAddress ? nodeIdFor(lastAddress) : crypto.getRandomValues(new Uint8Array(20)));
    this.#table = new RoutingTable(this.#id);
    // Until somebody has told us our address we may well be behind a NAT: better in no table than in vain.
    this.#readOnly = readOnly ?? !alone;
  }

  /** Our node id: 20 bytes. */
  get id(): Uint8Array {
    return this.#id;
  }

  /** Our neighbours. */
  get table(): RoutingTable {
    return this.#table;
  }

  /** Whether we stay out of other nodes' tables (BEP 43). */
  get readOnly(): boolean {
    return this.#readOnly;
  }

  /** Our UDP port. */
  get port(): number {
    return this.#local.port;
  }

  /** How we would name ourselves to others. */
  get contact(): Contact {
    return { id: this.#id, hostname: this.#address ?? this.#local.hostname, port: this.port };
  }

  /** The nodes that we tell others of. */
  closest(target: Uint8Array): readonly Contact[] {
    return this.#table.closest(target, CLOSEST_COUNT);
  }

  /** Whether an endpoint is our own socket. */
  isOwnEndpoint(endpoint: Endpoint): boolean {
    return endpoint.port === this.port &&
      (sameEndpoint(endpoint, this.#local) || sameEndpoint(endpoint, this.contact));
  }

  /** Whether a contact is ourselves, by id or endpoint. */
  isSelf(contact: Contact): boolean {
    return equalBytes(contact.id, this.#id) || this.isOwnEndpoint(contact);
  }

  /** Takes a node's word on our endpoint, where it can be true: nobody outside sees us at an address of a local network. */
  observe(observer: Endpoint, observed: Endpoint): void {
    if (!isPlausible(observed, observer)) return;
    this.observations.add(observer, observed);
    const { address, sure } = this.observations.address()!;
    if (address !== this.#address) {
      this.#address = address;
      this.#readOnly = this.#wanted ?? !isOwnAddress(address);
    }
    if (sure && !this.#idIsSettled) this.#settleId(address);
  }

  /** BEP 42: an id that fits our address, once; some nodes store nothing at others. */
  #settleId(address: string): void {
    this.#idIsSettled = true;
    if (isNodeIdFor(address, this.#id)) return;
    this.#id = nodeIdFor(address);
    const old = this.#table;
    this.#table = new RoutingTable(this.#id);
    for (const node of old.nodes()) this.#table.heard(node, node.confirmed, node.seenAt);
  }
}

/** Whether an address is one of this machine's own; never asks the user for a permission, and never throws. */
function isOwnAddress(address: string): boolean {
  if (addressScope(address) === "loopback") return true;
  const { state } = Deno.permissions.querySync({ name: "sys", kind: "networkInterfaces" });
  try {
    return state === "granted" && Deno.networkInterfaces().some((one) => one.address === address);
  } catch {
    return false; // no descriptor is left to ask the system
  }
}
