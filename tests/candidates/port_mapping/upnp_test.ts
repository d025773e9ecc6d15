import { assert, assertEquals } from "@std/assert";
import { UpnpClaim } from "../../../lib/candidates/port_mapping/_upnp.ts";
import { LOOPBACK } from "./_fake_router.ts";
import { type IgdManners, startIgd } from "./_fake_igd.ts";

const signal = new AbortController().signal;

async function claimAt(manners: Partial<IgdManners> = {}) {
  const igd = await startIgd(manners);
  return { igd, claim: new UpnpClaim(LOOPBACK, { port: 50_003, routerPort: igd.port }) };
}

Deno.test("a claim by UPnP is granted, renewed and removed", async () => {
  const { igd, claim } = await claimAt();
  await using _router = igd;
  const granted = { external: { hostname: "6.10.0.1", port: 50_003 }, lifetime: 7200 };
  assertEquals(await claim.request({ lifetime: 7200, signal }), granted);
  assertEquals(await claim.request({ lifetime: 7200, suggested: granted.external, signal }), granted);
  assertEquals([...igd.mappings], [[50_003, 50_003]]);
  await claim.request({ lifetime: 0, signal });
  assertEquals(igd.mappings.size, 0);
});

Deno.test("a claim by UPnP does without a lease, and with another port, where the router wants it so", async () => {
  const { igd, claim } = await claimAt({ faults: [725, 718] });
  await using _router = igd;
  const answer = await claim.request({ lifetime: 7200, signal });
  assert(answer !== null && typeof answer === "object" && "external" in answer);
  assert(answer.external.port >= 49_152 && igd.mappings.get(answer.external.port) === 50_003);
  assertEquals(igd.heard.slice(1, 3), ["add 50003 for 7200 s", "add 50003 for 0 s"]);
});

Deno.test("a claim by UPnP is refused with the router's own number", async () => {
  const { igd, claim } = await claimAt({ faults: [606] });
  await using _router = igd;
  assertEquals(await claim.request({ lifetime: 7200, signal }), { refused: 606 });
  await claim.request({ lifetime: 0, signal });
  assertEquals(igd.heard.includes("DeletePortMapping"), false); // there is nothing to remove
});

Deno.test("a claim by UPnP asks for nothing behind a second NAT", async () => {
  const { igd, claim } = await claimAt({ external: "100.64.0.9" });
  await using _router = igd;
  const answer = await claim.request({ lifetime: 7200, signal });
  assertEquals(answer, { external: { hostname: "100.64.0.9", port: 50_003 }, lifetime: 0 });
  assertEquals(igd.mappings.size, 0);
});

Deno.test("a claim by UPnP gets null from a router that answers with rubbish, or with too much", async () => {
  const { igd, claim } = await claimAt();
  await using _router = igd;
  const rubbish = ["", "<root>", "x".repeat(70_000), "<service></service>".repeat(100)];
  for (const text of rubbish) {
    igd.manners.instead = () => new Response(text);
    assertEquals(await claim.request({ lifetime: 7200, signal }), null, text.slice(0, 20));
  }
  igd.manners.instead = () =>
    new Response(null, { status: 302, headers: { location: "http://203.0.113.9/" } });
  assertEquals(await claim.request({ lifetime: 7200, signal }), null);
});
