import { assert, assertEquals } from "@std/assert";
import {
  type MappingProtocol,
  openPortMapping,
  type PortMapping,
  type PortMappingOptions,
} from "../../../lib/candidates/port_mapping/mod.ts";
import { EXTERNAL, FakeRouter, LOOPBACK, type Manners, Signal } from "./_fake_router.ts";

const PORT = 50_001;

/** A router, and a mapping at it that is being asked for. */
async function start(manners: Partial<Manners>, options: Partial<PortMappingOptions> = {}) {
  const router = await FakeRouter.open(manners);
  const changed = new Signal();
  const mapping = openPortMapping({
    port: PORT,
    publicAddress: () => EXTERNAL,
    gateways: [LOOPBACK],
    routerPort: router.port,
    onChange: changed.fire,
    onSettled: changed.fire,
    ...options,
  });
  return {
    router,
    mapping,
    changed,
    async [Symbol.asyncDispose]() {
      await mapping[Symbol.asyncDispose]();
      await router[Symbol.asyncDispose]();
    },
  };
}

function stateOf({ states }: PortMapping, protocol: MappingProtocol): string | undefined {
  return states.find((one) => one.protocol === protocol)?.state;
}

Deno.test("openPortMapping() asks by PCP alone where the router answers to that", async () => {
  await using home = await start({ pcp: true, natPmp: true });
  const { changed, mapping, router } = home;
  await changed.until(() => mapping.mapped !== undefined);
  assertEquals(mapping.mapped, { kind: "mapped", hostname: EXTERNAL, port: PORT });
  assertEquals(mapping.states, [{ protocol: "pcp", gateway: "127.0.0.1", state: "mapped" }]);
  await mapping[Symbol.asyncDispose]();
  assertEquals(router.heard.map(({ what }) => what), [`pcp map ${PORT}`, `pcp unmap ${PORT}`]);
  assertEquals(router.mappings.size, 0);
  assertEquals(mapping.mapped, undefined);
});

Deno.test("openPortMapping() asks by NAT-PMP before PCP has been given up", async () => {
  await using home = await start({ natPmp: true });
  const { changed, mapping, router } = home;
  await changed.until(() => mapping.mapped !== undefined);
  assertEquals(stateOf(mapping, "nat-pmp"), "mapped");
  assertEquals(stateOf(mapping, "pcp"), "asking", "that it is silent is not yet known");
  assertEquals(router.times(/^pcp/).length, 1, "not even sent again");
  await mapping[Symbol.asyncDispose]();
  assertEquals(router.mappings.size, 0);
});

Deno.test("openPortMapping() asks by NAT-PMP at once where the router says that it does not know PCP", async () => {
  await using home = await start({ natPmp: true, polite: true });
  const { changed, mapping } = home;
  await changed.until(() => mapping.mapped !== undefined);
  assertEquals(stateOf(mapping, "nat-pmp"), "mapped");
  assertEquals(stateOf(mapping, "pcp"), "refused");
});

Deno.test("openPortMapping() gives back a second mapping that a slow router has made", async () => {
  const slow = Promise.withResolvers<void>();
  const before = (what: string) => what.startsWith("pcp map") ? slow.promise : undefined;
  await using home = await start({ pcp: true, natPmp: true, shift: { pcp: 1, natPmp: 0 }, before });
  const { changed, mapping, router } = home;
  await changed.until(() => mapping.mapped !== undefined);
  assertEquals([...router.mappings.keys()], [`pcp ${PORT}`, `nat-pmp ${PORT}`]);
  slow.resolve();
  // Asked for once more: a router with one list may have removed both.
  await router.hears(/nat-pmp map/, 2);
  assertEquals([...router.mappings.keys()], [`nat-pmp ${PORT}`]);
  assertEquals(mapping.mapped?.port, PORT);
});

Deno.test("openPortMapping() keeps one mapping that has two names, and removes both", async () => {
  const slow = Promise.withResolvers<void>();
  const before = (what: string) => what.startsWith("pcp map") ? slow.promise : undefined;
  await using home = await start({ pcp: true, natPmp: true, before }, { renewMs: 20 });
  const { changed, mapping, router } = home;
  await changed.until(() => mapping.mapped !== undefined);
  slow.resolve();
  await router.hears(/nat-pmp map/, 2);
  assertEquals(router.times(/unmap/), []);
  await mapping[Symbol.asyncDispose]();
  assertEquals(router.times(/pcp unmap/).length, 1);
  assertEquals(router.times(/nat-pmp unmap/).length, 1);
  assertEquals(router.mappings.size, 0);
});

for (
  const [external, seen, state] of [
    ["100.64.0.9", EXTERNAL, "useless"],
    ["192.168.1.2", undefined, "useless"],
    ["7.64.0.2", EXTERNAL, "lying"],
  ] as const
) {
  Deno.test(`openPortMapping() gives back what a router at ${external} maps: ${state}`, async () => {
    await using home = await start({ pcp: true, natPmp: true, external }, { publicAddress: () => seen });
    const { mapping, router } = home;
    await router.hears(/nat-pmp unmap/);
    assertEquals(mapping.mapped, undefined);
    assertEquals(stateOf(mapping, "pcp"), state);
    assertEquals(router.mappings.size, 0);
  });
}

Deno.test("openPortMapping() finds out that a router lied as soon as the network has told the address", async () => {
  let seen: string | undefined = undefined as string | undefined;
  await using home = await start({ pcp: true }, { publicAddress: () => seen, renewMs: 50 });
  const { changed, mapping, router } = home;
  await changed.until(() => mapping.mapped !== undefined);
  seen = "7.1.1.1";
  assertEquals(mapping.mapped, undefined);
  assertEquals(stateOf(mapping, "pcp"), "lying");
  await router.hears(/pcp unmap/);
});

Deno.test("openPortMapping() has the mapping made anew after the router has lost it", async () => {
  await using home = await start({ pcp: true }, { renewMs: 20 });
  const { changed, mapping, router } = home;
  await changed.until(() => mapping.mapped !== undefined);
  router.reboot();
  await router.hears(/pcp map/, router.times(/pcp map/).length + 1);
  assertEquals([...router.mappings.values()], [PORT]);
});

Deno.test("openPortMapping() follows a router that has learnt or forgotten a protocol, and a new address", async () => {
  let seen = EXTERNAL;
  await using home = await start({ pcp: true, polite: true }, { renewMs: 20, publicAddress: () => seen });
  const { changed, mapping, router } = home;
  await changed.until(() => mapping.mapped !== undefined);
  Object.assign(router.manners, { pcp: false, natPmp: true });
  await router.hears(/nat-pmp map/);
  assertEquals(mapping.mapped?.port, PORT, "nobody is told of what has not changed");
  router.manners.external = seen = "6.10.0.2";
  await changed.until(() => mapping.mapped?.hostname === seen);
  router.manners.result = 2;
  await changed.until(() => mapping.mapped === undefined);
  assertEquals(stateOf(mapping, "nat-pmp"), "refused");
});

Deno.test("openPortMapping() settles once every protocol has been tried in vain", async () => {
  let settled = 0;
  const changed = new Signal();
  const onSettled = () => {
    settled++;
    changed.fire();
  };
  await using home = await start({ pcp: true, natPmp: true, result: 2 }, { onSettled });
  await changed.until(() => settled > 0);
  assertEquals(stateOf(home.mapping, "pcp"), "refused");
  assertEquals(stateOf(home.mapping, "nat-pmp"), "refused");
  assertEquals(home.mapping.mapped, undefined);
  assertEquals(settled, 1);
});

for (const port of [0, 80, 70_000]) {
  Deno.test(`openPortMapping() asks nobody for port ${port}`, async () => {
    const changed = new Signal();
    let settled = false;
    const onSettled = () => {
      settled = true;
      changed.fire();
    };
    await using home = await start({ pcp: true }, { port, onSettled });
    await changed.until(() => settled);
    assertEquals(home.router.heard, []);
  });
}

Deno.test("openPortMapping() ends soon when disposed of before a silent router has been given up", async () => {
  await using home = await start({});
  const { mapping, router } = home;
  await router.hears(/nat-pmp map/);
  const startMs = performance.now();
  await Promise.all([mapping[Symbol.asyncDispose](), mapping[Symbol.asyncDispose]()]);
  assert(performance.now() - startMs < 1000);
  assertEquals(router.times(/unmap/).length, 2, "whatever it has made unheard is to be removed");
});
