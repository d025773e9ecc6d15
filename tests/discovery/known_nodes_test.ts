import { assertEquals, assertRejects } from "@std/assert";
import {
  MAX_KNOWN_NODES,
  mergeKnownNodes,
  readKnownNodes,
  writeKnownNodes,
} from "../../lib/discovery/known_nodes.ts";
import { Presence } from "../../lib/discovery/presence.ts";
import type { Contact } from "../../lib/discovery/types.ts";
import { temporaryFolder } from "../temporary_folder.ts";

const contact = (n: number): Contact => {
  const id = new Uint8Array(20).fill(n & 255);
  id[1] = n >> 8;
  return { id, hostname: `11.0.${n >> 8}.${n & 255}`, port: 6881 };
};

async function inFolder(run: (path: string, folder: string) => Promise<void>): Promise<void> {
  await using folder = await temporaryFolder();
  await run(`${folder.path}/nodes.json`, folder.path);
}

async function listing(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder))).map((entry) => entry.name);
}

Deno.test("readKnownNodes() gives what writeKnownNodes() wrote, and no other file is left", () =>
  inFolder(async (path, folder) => {
    const nodes = [contact(1), contact(2)];
    await writeKnownNodes(path, { address: "203.0.113.9", nodes });
    assertEquals(await readKnownNodes(path), { address: "203.0.113.9", nodes });
    await writeKnownNodes(path, { nodes: [contact(3)] });
    assertEquals(await readKnownNodes(path), { nodes: [contact(3)] });
    assertEquals(await listing(folder), ["nodes.json"]);
  }));

Deno.test("readKnownNodes() gives nothing where there is no file", () =>
  inFolder(async (path) => assertEquals(await readKnownNodes(path), { nodes: [] })));

const good = { id: "ab".repeat(20), hostname: "11.0.0.1", port: 1 };
const GARBLED: [what: string, text: string][] = [
  ["nothing", ""],
  ["half a file", '{"version":1,"nodes":[{"id":"ab'],
  ["binary", "\0\x01\x02"],
  ["another shape", '"text"'],
  ["null", "null"],
  ["nodes that are none", JSON.stringify({ nodes: [null, 1, "x", [], {}] })],
  [
    "nodes with wrong fields",
    JSON.stringify({
      nodes: [
        { ...good, id: "ab" },
        { ...good, id: 5 },
        { ...good, hostname: "example.org" },
        { ...good, hostname: "::1" },
        { ...good, port: 0 },
        { ...good, port: "1" },
        { ...good, port: 99_999 },
      ],
    }),
  ],
  ["an address that is none", JSON.stringify({ address: "example.org", nodes: [] })],
  ["far too much", JSON.stringify({ nodes: Array(5_000).fill(good) })],
];

for (const [what, text] of GARBLED) {
  Deno.test(`readKnownNodes() takes a file with ${what} for an empty one`, () =>
    inFolder(async (path) => {
      await Deno.writeTextFile(path, text);
      assertEquals(await readKnownNodes(path), { nodes: [] });
    }));
}

Deno.test("readKnownNodes() keeps the good nodes among bad ones, and no more than it should", () =>
  inFolder(async (path) => {
    await Deno.writeTextFile(path, JSON.stringify({ nodes: [{}, ...Array(500).fill(good)] }));
    assertEquals((await readKnownNodes(path)).nodes.length, MAX_KNOWN_NODES);
  }));

Deno.test("readKnownNodes() does not hide what the system says", () =>
  inFolder(async (_path, folder) => void await assertRejects(() => readKnownNodes(folder))));

Deno.test("writeKnownNodes() rejects where it cannot write, and leaves nothing behind", () =>
  inFolder(async (_path, folder) => {
    await Deno.mkdir(`${folder}/taken/full`, { recursive: true });
    await assertRejects(() => writeKnownNodes(`${folder}/taken`, { nodes: [] }));
    await assertRejects(() => writeKnownNodes(`${folder}/none/nodes.json`, { nodes: [] }));
    assertEquals(await listing(folder), ["taken"]);
  }));

Deno.test("mergeKnownNodes() puts living nodes first, newest first, and drops those that failed", () => {
  const presence = new Presence({ local: { hostname: "127.0.0.1", port: 1 }, alone: false });
  presence.table.heard(contact(1), true, 100);
  presence.table.heard(contact(2), true, 200);
  presence.table.heard(contact(3), true, 300);
  presence.table.heard(contact(4), false, 400);
  presence.table.silent(contact(3), true);
  const { nodes, address } = mergeKnownNodes(presence, { nodes: [contact(9), contact(1)] });
  assertEquals(nodes.map(({ hostname }) => hostname), ["11.0.0.2", "11.0.0.1", "11.0.0.9"]);
  assertEquals(address, undefined);
});

Deno.test("mergeKnownNodes() keeps an address that we are sure of", () => {
  const presence = new Presence({ local: { hostname: "127.0.0.1", port: 1 }, alone: false });
  for (let i = 1; i <= 3; i++) {
    presence.observe({ hostname: `11.${i}.0.1`, port: 1 }, { hostname: "203.0.113.9", port: 4 });
  }
  const many = Array.from({ length: 300 }, (_, i) => contact(i));
  const merged = mergeKnownNodes(presence, { nodes: many });
  assertEquals([merged.address, merged.nodes.length], ["203.0.113.9", MAX_KNOWN_NODES]);
});
