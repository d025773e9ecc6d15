import { assertEquals } from "@std/assert";
import { PileWatch } from "../../lib/tunnel/_pile_watch.ts";

/** A watch over a process whose memory is what the test says: looks every 10 bytes, 100 are too much. */
function watch() {
  const memory = { bytes: 1000 };
  const pile = new PileWatch({ residentBytes: () => memory.bytes, lookEachBytes: 10, mostPiledBytes: 100 });
  const sentAway: string[] = [];
  const enter = (name: string) => pile.enter({ close: () => sentAway.push(name) });
  return { memory, sentAway, enter };
}

Deno.test("PileWatch lets pass any amount that leaves nothing behind", () => {
  const { memory, sentAway, enter } = watch();
  const share = enter("bulk");
  memory.bytes += 90; // the buffers of a fast connection
  for (let i = 0; i < 1000; i++) share.add(10);
  assertEquals(sentAway, []);
});

Deno.test("PileWatch sends away who has sent most of what is piled up, and the next if that does not help", () => {
  const { memory, sentAway, enter } = watch();
  const [much, little, none] = [enter("much"), enter("little"), enter("none")];
  none.add(0);
  for (let i = 0; i < 10; i++) {
    memory.bytes += 10;
    much.add(8);
    little.add(2);
  }
  assertEquals(sentAway, ["much"]);
  little.add(40); // the memory may not be back yet
  assertEquals(sentAway, ["much"]);
  little.add(10);
  assertEquals(sentAway, ["much", "little"]);
});

Deno.test("PileWatch blames nobody for memory that grows while little comes", () => {
  const { memory, sentAway, enter } = watch();
  const share = enter("innocent");
  share.add(10);
  memory.bytes += 10_000; // the handler's own business
  for (let i = 0; i < 8; i++) share.add(10);
  assertEquals(sentAway, []);
});

Deno.test("PileWatch forgets who has ended, and what was before nothing was piled up", () => {
  const { memory, sentAway, enter } = watch();
  const [gone, old, fresh] = [enter("gone"), enter("old"), enter("fresh")];
  old.add(500); // leaves nothing
  memory.bytes += 90;
  gone.add(90);
  gone.end();
  memory.bytes += 10;
  fresh.add(10);
  assertEquals(sentAway, ["fresh"]);
});
