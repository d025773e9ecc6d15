import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  type Discovery,
  type Knock,
  openDiscovery,
  type ServiceDescription,
} from "../../lib/discovery/mod.ts";
import { PeerError } from "../../lib/errors.ts";
import { generateIdentity } from "../../lib/identity/mod.ts";
import { Testnet } from "../testnet.ts";

const DESCRIPTION: ServiceDescription = {
  candidates: [{ kind: "reflexive", hostname: "203.0.113.9", port: 50712 }],
  nat: "preserving",
};

function open(net: Testnet): Promise<Discovery> {
  return openDiscovery({ hostname: "127.0.0.1", bootstrap: net.bootstrap });
}

/** Knocks as they come. */
function knockBox(): {
  onKnock: (knock: Knock) => void;
  next: (via: Knock["via"]) => Promise<Knock>;
  all: Knock[];
} {
  const all: Knock[] = [];
  const waiting: { via: string; resolve: (knock: Knock) => void }[] = [];
  return {
    all,
    onKnock(knock) {
      all.push(knock);
      for (const one of waiting) if (one.via === knock.via) one.resolve(knock);
    },
    next(via) {
      const known = all.find((knock) => knock.via === via);
      if (known) return Promise.resolve(known);
      return new Promise((resolve) => waiting.push({ via, resolve }));
    },
  };
}

Deno.test("openDiscovery() publishes, resolves and knocks in a network of 20 nodes", async () => {
  await using net = await Testnet.create({ nodes: 20 });
  await using server = await open(net);
  await using client = await open(net);
  const identity = generateIdentity();
  const knocks = knockBox();
  await using publication = await server.publish(identity, () => DESCRIPTION, knocks);
  assert(publication.acknowledgements >= 3);

  const resolution = await client.resolve(identity.publicKey);
  assertEquals(resolution.record.candidates, DESCRIPTION.candidates);
  assertEquals(resolution.record.nat, "preserving");

  const caller = generateIdentity();
  const candidates = [{ hostname: "198.51.100.7", port: 41000 }, { hostname: "2001:db8::7", port: 41000 }];
  const content = { port: 41000, candidates, nat: "dependent" } as const;
  const taken = await client.knock(resolution, content, { identity: caller });
  assert(taken >= 3, `${taken}`);
  const announced = await knocks.next("announce");
  assertEquals(announced.candidates, [{ hostname: "127.0.0.1", port: 41000 }]);
  const sealed = await knocks.next("sealed");
  assertEquals(sealed, { via: "sealed", candidates, nat: "dependent", publicKey: caller.publicKey });
});

Deno.test("resolve() says not-found where nobody published", async () => {
  await using net = await Testnet.create({ nodes: 10 });
  await using client = await open(net);
  const error = await assertRejects(() => client.resolve(generateIdentity().publicKey), PeerError);
  assertEquals((error as PeerError).code, "not-found");
});
