import { assertEquals } from "@std/assert";
import { PathMemory } from "../lib/_path_memory.ts";

const at = (hostname: string) => ({ kind: "reflexive", hostname, port: 5000 }) as const;

Deno.test("PathMemory knows what worked last between two public addresses, whatever the ports", () => {
  const memory = new PathMemory();
  const peer = [at("203.0.113.9"), { kind: "host", hostname: "192.168.1.2", port: 1 } as const];
  memory.remember("198.51.100.7", peer, "birthday");
  memory.remember("198.51.100.7", peer, "plain");
  assertEquals(memory.recall("198.51.100.7", [{ ...at("203.0.113.9"), port: 6000 }]), "plain");
  assertEquals(memory.recall("198.51.100.8", peer), undefined);
  assertEquals(memory.recall("198.51.100.7", [at("203.0.113.10")]), undefined);
});

Deno.test("PathMemory remembers nothing of networks without a public address, and few of the others", () => {
  const memory = new PathMemory();
  memory.remember(undefined, [at("203.0.113.9")], "plain");
  memory.remember("198.51.100.7", [at("192.168.1.2")], "plain");
  assertEquals(memory.recall(undefined, [at("203.0.113.9")]), undefined);
  assertEquals(memory.recall("198.51.100.7", [at("192.168.1.2")]), undefined);
  for (let i = 0; i < 257; i++) memory.remember(`198.51.${i >> 8}.${i & 255}`, [at("203.0.113.9")], "plain");
  assertEquals(memory.recall("198.51.0.0", [at("203.0.113.9")]), undefined);
  assertEquals(memory.recall("198.51.1.0", [at("203.0.113.9")]), "plain");
});
