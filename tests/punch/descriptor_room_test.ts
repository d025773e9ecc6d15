import { assertEquals } from "@std/assert";
import { DescriptorRoom } from "../../lib/punch/mod.ts";

/** A process with so many descriptors beside those that are left for everything else. */
function processWith(descriptors: number) {
  const state = { left: descriptors + 128, looks: 0, now: 0 };
  const room = new DescriptorRoom({
    free: (most) => (state.looks++, Math.min(most, state.left)),
    now: () => state.now,
  });
  /** Takes as often as it is given; what was taken is gone from the process. */
  const fill = (share: { take: () => boolean }, each: number, most = Infinity) => {
    let count = 0;
    for (; count < most && share.take(); count++) state.left -= each;
    return count;
  };
  return { state, room, fill };
}

Deno.test("DescriptorRoom leaves 128 descriptors for everything else", () => {
  const { state, room, fill } = processWith(1000);
  assertEquals([fill(room.share(1, 1), 1), state.left], [1000, 128]);
});

Deno.test("DescriptorRoom looks seldom, and not again at once where there were too few", () => {
  const { state, room, fill } = processWith(1000);
  const share = room.share(1, 1);
  fill(share, 1);
  assertEquals([state.looks < 6, share.take()], [true, false]);
  const before = state.looks;
  share.give();
  assertEquals([share.take(), share.take(), state.looks], [true, false, before]);
  state.left += 10; // given back by somebody else
  assertEquals(share.take(), false);
  state.now += 1000;
  assertEquals(share.take(), true);
});

Deno.test("DescriptorRoom keeps for each share its part, whoever comes first", () => {
  for (const isFirst of [true, false]) {
    const { room, fill } = processWith(400);
    const [unchecked, tunnels] = [room.share(1, 0.25), room.share(3, 0.5)];
    const taken = { unchecked: isFirst ? fill(unchecked, 1) : 0, tunnels: 3 * fill(tunnels, 3) };
    taken.unchecked ||= fill(unchecked, 1);
    assertEquals(
      [taken.unchecked >= 97, taken.tunnels >= 197, taken.unchecked + taken.tunnels >= 397],
      [true, true, true],
      `${taken.unchecked} ${taken.tunnels}`,
    );
  }
});

Deno.test("DescriptorRoom has some for a share where nearly none are left", () => {
  const { room, fill } = processWith(0);
  const [unchecked, tunnels] = [room.share(1, 0.25), room.share(3, 0.5)];
  assertEquals([fill(unchecked, 1) > 4, fill(tunnels, 3) > 4], [true, true]);
});

Deno.test("DescriptorRoom lets some in before those whose place they take have closed", () => {
  const { room, fill } = processWith(200);
  const share = room.share(1, 1);
  fill(share, 1);
  let count = 0;
  while (share.take(true)) count++;
  assertEquals([count, share.take()], [64, false]);
});
