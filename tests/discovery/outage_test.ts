/** A DHT that vanishes, in simulated time: how long it takes until a serving peer can be found and heard again. */
import { assertEquals, assertGreater, assertLess } from "@std/assert";
import { type DhtDiscovery, openDiscovery } from "../../lib/discovery/dht_discovery.ts";
import type { Knock } from "../../lib/discovery/mod.ts";
import { generateIdentity, type Identity } from "../../lib/identity/mod.ts";
import { natOf } from "../../lib/nat.ts";
import { Simulation } from "../simulation.ts";

const WALL_CLOCK_MS = 1_800_000_000_000;
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const NODES = 20;

/** A serving peer in a network of its own, and somebody who looks for it. */
class Scene implements AsyncDisposable {
  readonly network: Simulation;
  readonly identity: Identity = generateIdentity();
  readonly knocks: Knock[] = [];
  readonly #open: DhtDiscovery[] = [];
  /** How far the clock of the serving machine is off. */
  offMs = 0;
  port = 5000;

  private constructor(network: Simulation) {
    this.network = network;
  }

  static async create(): Promise<Scene> {
    return new Scene(await Simulation.create(NODES));
  }

  async open(offMs = () => 0): Promise<DhtDiscovery> {
    const { clock } = this.network;
    const discovery = await openDiscovery({
      bootstrap: this.network.bootstrap,
      socket: this.network.socket(),
      clock,
      wallClock: () => WALL_CLOCK_MS + clock.now() + offMs(),
    });
    this.#open.push(discovery);
    return discovery;
  }

  async publish() {
    const discovery = await this.open(() => this.offMs);
    const { clock } = this.network;
    const describe = () => ({
      candidates: [{ kind: "reflexive", hostname: "203.0.113.9", port: this.port }] as const,
      nat: natOf("preserving"),
    });
    const onKnock = (knock: Knock) => void this.knocks.push(knock);
    return {
      discovery,
      publication: await clock.run(discovery.publish(this.identity, describe, { onKnock })),
    };
  }

  /** Somebody new resolves the id: the port in the record, or the code of the error. */
  async resolve(offMs = 0): Promise<number | string> {
    const discovery = await this.open(() => offMs);
    const resolving = discovery.resolve(this.identity.publicKey);
    const found = await this.network.clock.run(resolving).catch((error) => error);
    return found.code ?? found.record.candidates[0].port;
  }

  /** Tries until the id is found; gives how long that took. */
  async untilFound(): Promise<number> {
    const start = this.network.clock.now();
    while (await this.resolve() !== this.port) await this.network.clock.pass(500);
    return this.network.clock.now() - start;
  }

  /** Somebody new resolves and knocks; gives how long it takes to be heard. */
  async knock(): Promise<number> {
    const { clock } = this.network;
    const discovery = await this.open();
    const resolution = await clock.run(discovery.resolve(this.identity.publicKey));
    const [start, heard] = [clock.now(), this.knocks.length];
    await clock.run(discovery.knock(resolution, {
      port: 40_000 + heard,
      candidates: [],
      nat: natOf("preserving"),
    }, { identity: generateIdentity() }));
    while (this.knocks.length === heard) await clock.pass(50);
    return clock.now() - start;
  }

  async [Symbol.asyncDispose]() {
    await this.network.clock.run(Promise.all(this.#open.map((one) => one.close())));
    await this.network.close();
  }
}

Deno.test("A DHT that is out of reach for ten minutes: the peer is found half a minute after, and hears knocks", async () => {
  await using scene = await Scene.create();
  const { network } = scene;
  await scene.publish();
  assertEquals(await scene.resolve(), 5000);
  network.isUp = false;
  await network.clock.pass(10 * MINUTE);
  assertEquals(await scene.resolve(), "offline");
  network.isUp = true;
  scene.port = 5001; // a new record, so that an old one does not count
  assertLess(await scene.untilFound(), 45_000);
  assertLess(await scene.knock(), 2000);
});

Deno.test("A DHT that comes back without memory after ten minutes: the peer is found again within a minute", async () => {
  await using scene = await Scene.create();
  const { network } = scene;
  await scene.publish();
  const places = network.nodes.map(({ endpoint }) => endpoint);
  await network.clock.run(Promise.all(network.nodes.map((node) => node.close())));
  for (const node of network.nodes.splice(0)) network.kill(node);
  await network.clock.pass(10 * MINUTE);
  for (const place of places) await network.open({ socket: network.socket(place) });
  await network.clock.pass(1000);
  assertLess(await scene.untilFound(), MINUTE);
  assertLess(await scene.knock(), 2000);
});

Deno.test("A clock that is a day off, on either side, keeps nobody from being found and heard", async () => {
  for (const offMs of [DAY, -DAY]) {
    await using scene = await Scene.create();
    const { clock } = scene.network;
    const first = await scene.publish();
    const steps = [offMs, 0]; // wrong, and set right again
    for (const [i, step] of steps.entries()) {
      scene.offMs = step;
      scene.port = 5001 + i;
      first.publication.update();
      await clock.pass(2000);
      assertEquals([await scene.resolve(), await scene.resolve(offMs)], [scene.port, scene.port]);
      assertLess(await scene.knock(), 2000);
    }
    await clock.run(first.discovery.close());
    scene.port = 5003; // started again, with the right time
    const { publication } = await scene.publish();
    assertGreater(publication.acknowledgements, 2);
    assertEquals([await scene.resolve(), await scene.resolve(offMs)], [5003, 5003]);
  }
});
