import { type Attack, HostileNetwork } from "./_hostile_network.ts";
import { MISDEEDS } from "./_hostile_node.ts";
import { meet, type Meeting } from "./_meeting.ts";

/** What hostile nodes do that want a peer not to be found, and third parties to be dialled. */
const ECLIPSE = ["keep stale records", "name fake peers"] as const;

/** Each misdeed alone, each way to be close to a record, and all together. */
export const ATTACKS: readonly Attack[] = [
  { name: "none", misdeeds: [] },
  ...MISDEEDS.map((misdeed) => ({ name: misdeed, misdeeds: [misdeed] })),
  {
    name: "lie about ip, from one network",
    misdeeds: ["lie about ip"],
    together: true,
  },
  { name: "eclipse, ids that BEP 42 forbids", misdeeds: ECLIPSE, ids: "forbidden" },
  { name: "eclipse, ids that it allows", misdeeds: ECLIPSE, ids: "allowed" },
  { name: "eclipse, best of 16 addresses each", misdeeds: ECLIPSE, ids: "allowed", choice: 16 },
  { name: "eclipse, the same in one network", misdeeds: ECLIPSE, ids: "allowed", choice: 16, together: true },
];

/** Every misdeed at once, with ids as close as the addresses allow. */
export const ALL_AT_ONCE: Attack = { name: "all at once", misdeeds: MISDEEDS, ids: "allowed" };

/** `meetings` meetings in each of `networks` networks, with a seed of its own each. */
export async function meetings(attack: Attack, networks: number, meetings: number): Promise<Meeting[]> {
  const all: Meeting[] = [];
  for (let seed = 1; seed <= networks; seed++) {
    await using network = await HostileNetwork.create(attack, seed);
    for (let i = 0; i < meetings; i++) all.push(await meet(network));
  }
  return all;
}
