import { bytesToAddress } from "../endpoint.ts";

/**
 * What the system does with an address of its own: a `stable` one stays, a `temporary` one (RFC 8981) is for outgoing
 * connections of some hours, and an `unusable` one is about to go (deprecated), not yet known to be unique (tentative), or
 * known to be somebody else's.
 */
export type AddressUse = "stable" | "temporary" | "unusable";

/** Linux: an address a line, in hexadecimal; its flags are the fifth column (`linux/if_addr.h`). */
const TABLE = "/proc/net/if_inet6";
const TEMPORARY = 0x01;
const UNUSABLE = 0x08 | 0x20 | 0x40;
/** No machine has more that matter. */
const MAX_LINES = 1000;

/** By address. Empty where the system does not tell: only Linux does, and Deno shows it with `--allow-all` alone. */
export function ipv6Uses(): Map<string, AddressUse> {
  if (Deno.build.os !== "linux") return new Map();
  try {
    // Asking first: reading would ask the user.
    const { state } = Deno.permissions.querySync({ name: "read", path: TABLE });
    return state === "granted" ? parseUses(Deno.readTextFileSync(TABLE)) : new Map();
  } catch {
    return new Map();
  }
}

/** Reads the system's table; leaves out lines that have another form. */
export function parseUses(table: string): Map<string, AddressUse> {
  const uses = new Map<string, AddressUse>();
  for (const line of table.split("\n", MAX_LINES)) {
    const match = /^([0-9a-f]{32}) [0-9a-f]+ [0-9a-f]+ [0-9a-f]+ ([0-9a-f]+) /.exec(line);
    if (!match) continue;
    const flags = parseInt(match[2]!, 16);
    const use = flags & UNUSABLE ? "unusable" : flags & TEMPORARY ? "temporary" : "stable";
    uses.set(bytesToAddress(Uint8Array.fromHex(match[1]!)), use);
  }
  return uses;
}
