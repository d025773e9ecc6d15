import { assertEquals, assertRejects } from "@std/assert";
import {
  answersElsewhere,
  askFrom,
  isWebOnly,
  reachServers,
  resolveServers,
} from "../../lib/netcheck/servers.ts";
import { answerChecks } from "../../lib/check/mod.ts";
import { generateIdentity } from "../../lib/identity/mod.ts";
import { found, serverThat, stunServer } from "./_observer.ts";

const NEVER = new AbortController().signal;

Deno.test("reachServers() tells observers from plain STUN servers, and leaves out whoever is neither", async () => {
  await using observer = await stunServer(() => Promise.resolve("declined"));
  await using plain = await stunServer();
  await using liar = await serverThat(async (stream) => {
    await stream.write(crypto.getRandomValues(new Uint8Array(300)));
    stream.close();
  });
  const closed = await stunServer();
  await closed[Symbol.asyncDispose]();
  const reached = await reachServers([observer, plain, liar, closed].map((s) => s.endpoint), NEVER);
  assertEquals(reached.map((s) => [s.endpoint, s.isObserver, s.mapped.hostname]), [
    [observer.endpoint, true, "127.0.0.1"],
    [plain.endpoint, false, "127.0.0.1"],
  ]);
});

Deno.test("reachServers() does not wait for a server that never answers", async () => {
  await using mute = await serverThat(() => Promise.resolve());
  assertEquals(await reachServers([mute.endpoint], NEVER), []);
  assertEquals(await reachServers([mute.endpoint], AbortSignal.abort()), []);
});

Deno.test("askFrom() has nothing tried at another address than ours", async () => {
  const asked: number[] = [];
  await using observer = await stunServer((target) => {
    asked.push(target.port);
    return Promise.resolve("in");
  });
  const probe = { transport: "tcp", port: 40_000 } as const;
  const options = { probe, signal: NEVER };
  assertEquals(await askFrom(observer.endpoint, { ...options, seenFrom: "203.0.113.9" }), undefined);
  assertEquals(asked, []);
  assertEquals(await askFrom(observer.endpoint, { ...options, seenFrom: "127.0.0.1" }), "in");
  assertEquals(asked, [40_000]);
  await assertRejects(() => askFrom(observer.endpoint, { ...options, signal: AbortSignal.abort() }));
});

Deno.test("isWebOnly() needs a server at a web port that answers, and others that do not", async () => {
  await using high = await stunServer();
  const web = { endpoint: { hostname: "127.0.0.1", port: 443 } };
  const [webServer, highServer] = [{ ...found(high, false), ...web }, found(high, false)];
  const both = [web.endpoint, high.endpoint];
  assertEquals(await isWebOnly(both, [webServer], NEVER), true);
  assertEquals(await isWebOnly(both, [webServer, highServer], NEVER), false);
  assertEquals(await isWebOnly(both, [highServer], NEVER), false);
  assertEquals(await isWebOnly([web.endpoint], [webServer], NEVER), false, "nobody asked elsewhere");
  assertEquals(await isWebOnly([], [], NEVER), false);
});

Deno.test("answersElsewhere() believes one answer of many tries, and waits for no other", async () => {
  let connections = 0;
  await using deaf = await serverThat(() => Promise.resolve());
  await using moody = await serverThat(async (stream) => {
    if (++connections < 3) return; // the first packets of each connection got lost, as it were
    await answerChecks(stream, generateIdentity());
  });
  assertEquals(await answersElsewhere([deaf.endpoint, moody.endpoint], NEVER), true);
  assertEquals(connections, 3);
});

Deno.test("answersElsewhere() is false where nobody answers, or only at the ports of web pages", async () => {
  await using deaf = await serverThat(() => Promise.resolve());
  const soon = AbortSignal.timeout(200);
  assertEquals(await answersElsewhere([deaf.endpoint], soon), false);
  assertEquals(await answersElsewhere([{ hostname: "127.0.0.1", port: 443 }], NEVER), false);
  assertEquals(await answersElsewhere([], NEVER), false);
});

Deno.test("resolveServers() waits for no name server that is silent", async () => {
  const { resolveDns } = Deno;
  Deno.resolveDns = ((name: string, type: string, { signal }: Deno.ResolveDnsOptions) => {
    if (name === "quick.example") return Promise.resolve(type === "A" ? ["203.0.113.9"] : []);
    return new Promise((_, reject) => signal!.addEventListener("abort", () => reject(signal!.reason)));
  }) as typeof Deno.resolveDns;
  try {
    const named = ["slow.example", "quick.example"].map((hostname) => ({ hostname, port: 7 }));
    assertEquals(await resolveServers(named, NEVER, 20), [{ hostname: "203.0.113.9", port: 7 }]);
  } finally {
    Deno.resolveDns = resolveDns;
  }
});

Deno.test("resolveServers() takes addresses as they are, and leaves out names that nobody knows", async () => {
  const endpoints = [{ hostname: "127.0.0.1", port: 1 }, { hostname: "::1", port: 2 }];
  assertEquals(await resolveServers(endpoints, NEVER), endpoints);
  assertEquals(await resolveServers([{ hostname: "a.invalid", port: 1 }], AbortSignal.abort()), []);
});
