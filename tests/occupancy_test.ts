import { assertEquals, assertNotEquals } from "@std/assert";
import { Occupancy, type OccupancyOptions } from "../lib/occupancy.ts";

/** An occupancy, and who was sent away from it, in order. */
function withNames(max: number, maxPerNetwork: number, options: OccupancyOptions = {}) {
  const occupancy = new Occupancy(max, maxPerNetwork, options);
  const sentAway: string[] = [];
  const enter = (name: string, address = name) => occupancy.enter(address, () => sentAway.push(name));
  return { occupancy, sentAway, enter };
}

Deno.test("Occupancy is full for one address while it has room for others", () => {
  const occupancy = new Occupancy(3, 2);
  const place = occupancy.enter("a")!;
  assertNotEquals(occupancy.enter("a"), null);
  assertEquals(occupancy.enter("a"), null);
  assertNotEquals(occupancy.enter("b"), null);
  assertEquals(occupancy.enter("c"), null);
  place.leave();
  place.leave();
  assertNotEquals(occupancy.enter("c"), null);
  assertEquals(occupancy.enter("a"), null);
});

Deno.test("Occupancy takes an IPv6 /64 for one address", () => {
  const occupancy = new Occupancy(3, 1);
  assertNotEquals(occupancy.enter("2001:db8:0:1::1"), null);
  assertEquals(occupancy.enter("2001:db8:0:1:ffff::2"), null);
  assertNotEquals(occupancy.enter("2001:db8:0:2::1"), null);
});

Deno.test("Occupancy sends away who came first where it is full, at the same address where that is", () => {
  const { enter, sentAway } = withNames(3, 2);
  for (const [name, address] of [["a1", "a"], ["b1", "b"], ["b2", "b"], ["b3", "b"], ["c1", "c"]] as const) {
    assertNotEquals(enter(name, address), null);
  }
  assertEquals(sentAway, ["b1", "a1"]);
});

Deno.test("Occupancy sends away strangers before those who have shown something, and never who is to stay", () => {
  const { enter, sentAway } = withNames(3, 3);
  enter("kept")!.keep();
  const promoted = enter("promoted")!;
  promoted.promote();
  enter("stranger");
  enter("next");
  enter("last");
  assertEquals(sentAway, ["stranger", "next"]);
  enter("another")!.keep();
  assertEquals(sentAway, ["stranger", "next", "last"]);
  enter("one more")!.keep();
  assertEquals([sentAway.at(-1), enter("too late")], ["promoted", null]);
  promoted.leave(); // who was sent away has gone already
  assertEquals(enter("too late"), null);
});

Deno.test("Occupancy gives nobody a longer stay for showing again what he has shown", () => {
  const { enter, sentAway } = withNames(2, 2);
  const [first, second] = [enter("first")!, enter("second")!];
  first.promote();
  second.promote();
  first.promote();
  enter("third");
  assertEquals(sentAway, ["first"]);
});

Deno.test("Occupancy is full where there is no more of what each takes, whatever its limits say", () => {
  let left = 1;
  const take = (inPlaceOfAnother = false) => {
    if (left <= (inPlaceOfAnother ? -1 : 0)) return false;
    left--;
    return true;
  };
  const share = { take, give: () => void left++ };
  const { enter, sentAway } = withNames(100, 100, { share });
  const first = enter("first")!;
  const second = enter("second")!;
  assertEquals([sentAway, left], [["first"], -1]);
  first.leave(); // once he has closed
  first.leave();
  assertEquals(left, 0);
  second.keep();
  assertEquals(enter("third"), null);
  second.leave();
  assertEquals(left, 1);
});
