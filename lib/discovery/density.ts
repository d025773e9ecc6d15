import { isNodeIdFor } from "./bep42.ts";
import { CLOSEST_COUNT, distance, operatorOf } from "./contacts.ts";
import type { RoutingTable } from "./table.ts";

/**
 * How far from any id its closest eight nodes are to be expected, as {@linkcode distance} writes it: as far as our own
 * eight neighbours are from us. Ids are spread evenly, so where many more than eight are closer than that, somebody has
 * chosen his. Nothing while we know too few.
 */
export function reachOf(table: RoutingTable): string | undefined {
  const operators = new Set<string>();
  for (const node of table.closest(table.ownId, Infinity, { confirmed: true })) {
    if (!isNodeIdFor(node.hostname, node.id)) continue;
    operators.add(operatorOf(node));
    if (operators.size === CLOSEST_COUNT) return distance(node.id, table.ownId);
  }
  return undefined;
}

/** A random id that is closer to `target` than `reach`. */
export function idWithin(target: Uint8Array, reach: string, random: () => number): Uint8Array {
  const span = parseInt(reach.slice(0, 8), 16) * random();
  const offset = new DataView(new ArrayBuffer(4));
  offset.setUint32(0, span);
  return target.map((byte, i) => byte ^ (i < 4 ? offset.getUint8(i) : Math.floor(256 * random())));
}
