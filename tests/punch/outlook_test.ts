import { assert, assertEquals } from "@std/assert";
import { outlook, type Role, type Strategy } from "../../lib/punch/outlook.ts";
import type { Candidate } from "../../lib/endpoint.ts";
import { parseNat } from "../../lib/nat.ts";

const nat = (text: string) => parseNat(text)!;
const candidate = (kind: Candidate["kind"], hostname: string, port = 5000) => ({ kind, hostname, port });

Deno.test("outlook() chooses by what both sides' NATs are known to do", () => {
  const table: [own: string, peer: string, strategy: Strategy, role: Role][] = [
    ["open", "random", "birthday", "guesses"], // an open address may have a firewall
    ["open/independent", "random", "plain", "meets"],
    ["preserving", "preserving", "plain", "meets"],
    ["preserving/port", "preserving/port/reset", "plain", "meets"],
    ["independent", "preserving/port", "plain", "meets"],
    ["unknown", "unknown", "plain", "meets"],
    ["preserving/address", "random", "plain", "meets"],
    ["preserving/independent", "sequential:4000+1@0", "plain", "meets"],
    ["preserving/port", "sequential:4000+1@20", "prediction", "guesses"],
    ["sequential:4000+1@20", "preserving", "prediction", "opens"],
    ["preserving/port", "block:2048-4095", "sweep", "guesses"],
    ["block:2048-4095", "preserving/port", "sweep", "opens"],
    ["preserving/port", "random/port", "birthday", "guesses"],
    ["dependent", "preserving/port", "birthday", "opens"],
    ["random", "unknown", "birthday", "opens"],
    ["sequential", "sequential/port", "prediction", "both"],
    ["random/independent", "random", "plain", "meets"],
    ["random", "random", "none", "meets"],
    ["random", "sequential", "none", "meets"],
    ["block", "random", "none", "meets"],
    ["preserving/port/silence/web", "open", "none", "meets"],
    ["open", "preserving/port/silence/web", "none", "meets"],
  ];
  for (const [own, peer, strategy, role] of table) {
    const found = outlook(nat(own), nat(peer));
    assertEquals([found.strategy, found.role], [strategy, role], `${own} and ${peer}`);
    assertEquals(found.remedy !== undefined, strategy === "none", `${own} and ${peer}`);
  }
});

Deno.test("outlook() gives both sides one strategy with the same odds, in roles that match", () => {
  const matching: Record<Role, Role> = { meets: "meets", both: "both", opens: "guesses", guesses: "opens" };
  const all = ["open", "preserving/port", "independent/address", "sequential", "block", "random", "dependent"]
    .concat("unknown", "random/independent", "preserving/port/silence/web").map(nat);
  for (const own of all) {
    for (const peer of all) {
      const [here, there] = [outlook(own, peer), outlook(peer, own)];
      assertEquals([here.strategy, here.odds, here.certain], [there.strategy, there.odds, there.certain]);
      assertEquals(there.role, matching[here.role]);
    }
  }
});

Deno.test("outlook() is certain that there is no path only where the filters were observed", () => {
  const certain = (own: string, peer: string) => outlook(nat(own), nat(peer)).certain;
  assertEquals(certain("random/port", "random/port"), true);
  assertEquals(certain("random/address", "block/port"), true);
  assertEquals(certain("random", "random/port"), false);
  assertEquals(certain("dependent/port", "random/port"), false);
  assertEquals(certain("preserving/port/silence/web", "preserving"), true);
});

Deno.test("outlook() knows the ways past a NAT", () => {
  const random = nat("random/port"), web = nat("preserving/port/silence/web");
  const strategy = (own: Candidate[], peer: Candidate[], here = random) =>
    outlook(here, random, { ownCandidates: own, peerCandidates: peer }).strategy;
  const seen = candidate("reflexive", "9.9.9.9"), ipv6 = candidate("host", "2600::1");
  assertEquals(strategy([seen], [candidate("reflexive", "8.8.8.8")]), "none");
  assertEquals(strategy([candidate("mapped", "9.9.9.9")], []), "plain");
  assertEquals(strategy([], [candidate("mapped", "9.9.9.9")]), "plain");
  assertEquals(strategy([], [candidate("mapped", "100.64.0.1")]), "none", "no address of the internet");
  assertEquals(strategy([ipv6], [candidate("host", "2600::2")]), "plain");
  assertEquals(strategy([ipv6], []), "none");
  assertEquals(strategy([seen], [seen]), "plain", "maybe one LAN");
  assertEquals(strategy([seen], [candidate("mapped", "8.8.8.8", 443)], web), "plain");
  assertEquals(strategy([seen], [candidate("mapped", "8.8.8.8")], web), "none");
});

Deno.test("outlook() has IPv6 as a hope beside whatever gets through over IPv4", () => {
  const ipv6 = {
    ownCandidates: [candidate("host", "2600::1")],
    peerCandidates: [candidate("host", "2600::2")],
  };
  const [home, random] = [nat("preserving/port"), nat("random/port")];
  assertEquals(outlook(home, random, ipv6).strategy, "birthday", "the addresses may lead nowhere");
  assertEquals(outlook(home, home, ipv6).strategy, "plain");
  assertEquals(outlook(random, random, ipv6).strategy, "plain");
});

Deno.test("outlook() says from each side's own point of view what is where", () => {
  const [home, random] = [nat("preserving/port"), nat("random/port")];
  assert(outlook(random, home).reason.includes("here"));
  assert(outlook(home, random).reason.includes("there"));
  const web = nat("preserving/port/silence/web");
  assert(outlook(web, home).remedy?.includes("another network here"));
  assert(outlook(home, web).remedy?.includes("another network there"));
});
