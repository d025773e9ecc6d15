import { assertEquals } from "@std/assert";
import { startServing } from "../session.ts";
import { startDht } from "./dht.ts";
import { labTest } from "./lab_test_helper.ts";
import { Lab } from "./mod.ts";

labTest(
  "A peer from which only web ports and names can be reached publishes in a DHT on port 53",
  async () => {
    await using lab = await Lab.create({ rttMs: 20 });
    await using dht = await startDht(lab, { dnsPort: true });
    const serving = await lab.peer("egress");
    await using server = await startServing({ bootstrap: dht.bootstrap, serving });
    assertEquals((await server.event("ready")).id, server.id);
  },
);

labTest("startDht({ dnsPort }) gives each node an address of its own", async () => {
  await using lab = await Lab.create({ rttMs: 20, hosts: 2 });
  await using dht = await startDht(lab, { nodes: 6, dnsPort: true });
  assertEquals(dht.places, lab.hosts.map(({ address }) => `${address}:53`));
  const listening = await Promise.all(lab.hosts.map(async (host) => {
    const { stdout } = await host.output("ss", ["-Hlun", "sport = :53"]);
    return stdout.trim().split("\n").length;
  }));
  assertEquals(listening, [3, 3]);
});
