import { assertEquals } from "@std/assert";
import type { Probe, ProbeOutcome } from "../../lib/check/mod.ts";
import { sightConnections, testFiltering, testHairpinning } from "../../lib/netcheck/tcp.ts";
import { dialUnbound } from "../../lib/punch/mod.ts";
import { found, serverThat, stunServer } from "./_observer.ts";

const NEVER = new AbortController().signal;

/** An observer's probe that really dials, as long as `outcome` is none of its own. */
function probeThat(outcome?: ProbeOutcome): { probe: Probe; ports: number[] } {
  const ports: number[] = [];
  const probe: Probe = async (target) => {
    ports.push(target.port);
    if (outcome === undefined) (await dialUnbound(target)).close();
    return outcome ?? "in";
  };
  return { probe, ports };
}

Deno.test("sightConnections() has each server look at several ports, eight connections in all", async () => {
  await using a = await stunServer();
  await using b = await stunServer();
  const sightings = await sightConnections([found(a, false), found(b, false)], NEVER);
  assertEquals(sightings.length, 8);
  assertEquals(new Set(sightings.map((s) => s.localPort)).size, 4);
  for (const { localPort, external, destination } of sightings) {
    assertEquals([external, destination], [{ hostname: "127.0.0.1", port: localPort }, "127.0.0.1"]);
  }
  assertEquals(sightings.map((s) => s.atMs), sightings.map((s) => s.atMs).toSorted((x, y) => x - y));
});

Deno.test("sightConnections() leaves out servers that stop to answer", async () => {
  await using liar = await serverThat(async (stream) => void await stream.write(new Uint8Array(40)));
  assertEquals(await sightConnections([found(liar, false)], NEVER), []);
  assertEquals(await sightConnections([], NEVER), []);
  assertEquals(await sightConnections([found(liar, false)], AbortSignal.abort()), []);
});

Deno.test("testFiltering() has ports tried at which somebody listens", async () => {
  const { probe, ports } = probeThat();
  await using observer = await stunServer(probe);
  const tests = await testFiltering([found(observer, true)], NEVER);
  assertEquals(tests, { unasked: "in", otherPort: "in", otherAddress: undefined }); // one address: no other one
  assertEquals(new Set(ports).size, 2);
});

Deno.test({
  name: "testFiltering() contacts one address and has another one try",
  ignore: Deno.build.os !== "linux", // elsewhere loopback has one address
  async fn() {
    const first = probeThat("silence"), second = probeThat("reset");
    await using a = await stunServer(first.probe);
    await using b = await stunServer(second.probe);
    const other = { ...found(b, true), endpoint: { ...b.endpoint, hostname: "127.0.0.2" } };
    const tests = await testFiltering([found(a, true), other], NEVER);
    assertEquals(tests, { unasked: "silence", otherPort: "silence", otherAddress: "reset" });
    assertEquals([first.ports.length, second.ports.length], [2, 1]);
  },
});

Deno.test("testFiltering() knows nothing without an observer, or from one that breaks off", async () => {
  await using plain = await stunServer();
  assertEquals(await testFiltering([found(plain, false)], NEVER), {});
  await using liar = await serverThat((stream) => Promise.resolve(stream.close()));
  const nothing = { unasked: undefined, otherPort: undefined, otherAddress: undefined };
  assertEquals(await testFiltering([found(liar, true)], NEVER), nothing);
  await using mute = await serverThat(() => Promise.resolve());
  assertEquals(await testFiltering([found(mute, true)], AbortSignal.timeout(50)), nothing);
});

Deno.test("testHairpinning() says nothing where there is no NAT, and no where nobody tells our ports", async () => {
  await using server = await stunServer();
  assertEquals(await testHairpinning(undefined, NEVER), undefined);
  assertEquals(await testHairpinning(found(server, false), NEVER), undefined);
  await using liar = await serverThat((stream) => Promise.resolve(stream.close()));
  const seen = { ...found(liar, false), mapped: { hostname: "203.0.113.9", port: 1 } };
  assertEquals(await testHairpinning(seen, NEVER), false);
});
