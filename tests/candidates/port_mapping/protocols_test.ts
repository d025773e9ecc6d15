import { assert, assertEquals, assertRejects } from "@std/assert";
import { type Claim, claimsAt } from "../../../lib/candidates/port_mapping/_protocols.ts";
import { EXTERNAL, FakeRouter, LOOPBACK, type Manners } from "./_fake_router.ts";

const PORT = 50_002;

async function claimAt(protocol: Claim["protocol"], manners: Partial<Manners>) {
  const router = await FakeRouter.open(manners);
  const claim = claimsAt(LOOPBACK, { port: PORT, routerPort: router.port }).find((c) =>
    c.protocol === protocol
  )!;
  return { router, claim, [Symbol.asyncDispose]: () => router[Symbol.asyncDispose]() };
}

const signal = () => new AbortController().signal;

for (const protocol of ["pcp", "nat-pmp"] as const) {
  const known = { pcp: true, natPmp: true };

  Deno.test(`a claim by ${protocol} is granted, and ended with a lifetime of 0`, async () => {
    await using one = await claimAt(protocol, known);
    const answer = await one.claim.request({ lifetime: 7200, signal: signal() });
    assert(answer !== null && typeof answer === "object" && "external" in answer);
    assertEquals(answer.external, { hostname: EXTERNAL, port: PORT });
    assertEquals([...one.router.mappings], [[`${protocol} ${PORT}`, PORT]]);
    await one.claim.request({ lifetime: 0, signal: signal() });
    assertEquals(one.router.mappings.size, 0);
  });

  Deno.test(`a claim by ${protocol} is refused with the router's own number`, async () => {
    await using one = await claimAt(protocol, { ...known, result: 2 });
    assertEquals(await one.claim.request({ lifetime: 7200, signal: signal() }), { refused: 2 });
  });

  Deno.test(`a claim by ${protocol} gets null from a router that answers with garbage`, async () => {
    const instead = (answer: Uint8Array) => [answer.subarray(1), answer.with(0, 77), new Uint8Array(2000)];
    await using one = await claimAt(protocol, { ...known, instead });
    assertEquals(await one.claim.request({ lifetime: 7200, signal: signal() }), null);
  });

  Deno.test(`a claim by ${protocol} rejects with the signal's reason`, async () => {
    await using one = await claimAt(protocol, {});
    const aborted = AbortSignal.abort(new Error("closed"));
    await assertRejects(() => one.claim.request({ lifetime: 7200, signal: aborted }), Error, "closed");
  });
}

Deno.test("a claim by PCP ignores an answer with another nonce", async () => {
  await using one = await claimAt("pcp", {
    pcp: true,
    instead: (answer) => [answer.with(30, answer[30]! ^ 1)],
  });
  assertEquals(await one.claim.request({ lifetime: 7200, signal: signal() }), null);
});

Deno.test("a claim suggests the external endpoint that was had before", async () => {
  await using one = await claimAt("pcp", { pcp: true });
  const requests: string[] = [];
  one.router.manners.onRequest = (bytes) => requests.push(bytes.subarray(42).toHex());
  await one.claim.request({
    lifetime: 7200,
    suggested: { hostname: "6.10.0.9", port: 4660 },
    signal: signal(),
  });
  assertEquals(requests, [`1234${"00".repeat(10)}ffff060a0009`]);
});
