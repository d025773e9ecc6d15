import { assertEquals, assertRejects } from "@std/assert";
import type { Endpoint } from "../lib/endpoint.ts";
import { listObservers } from "../lib/_observer_list.ts";

const NEVER = new AbortController().signal;
const at = (hostname: string): Endpoint => ({ hostname, port: 3478 });
const LISTED = ["20.1.0.1", "20.2.0.1", "20.3.0.1"].map(at);
const FOUND = ["30.1.0.1", "30.2.0.1"].map(at);

/** A DHT that knows `found`, and how often it was asked. */
function dht(found: readonly Endpoint[] | Promise<readonly Endpoint[]>) {
  const discovery = {
    asked: 0,
    observers() {
      discovery.asked++;
      return Promise.resolve(found);
    },
  };
  return discovery;
}

Deno.test("listObservers() takes from the list and from the DHT by turns", async () => {
  const hosts = (await listObservers(dht(FOUND), LISTED, NEVER)).map((e) => e.hostname);
  assertEquals(hosts, ["20.1.0.1", "30.1.0.1", "20.2.0.1", "30.2.0.1", "20.3.0.1"]);
});

Deno.test("listObservers() names once who is on the list and in the DHT: two questions on one connection mix their answers", async () => {
  const hosts = (await listObservers(dht([...FOUND, LISTED[1]!]), LISTED, NEVER)).map((e) => e.hostname);
  assertEquals(hosts, ["20.1.0.1", "30.1.0.1", "20.2.0.1", "30.2.0.1", "20.3.0.1"]);
});

Deno.test("listObservers() does not wait for the DHT where the list is enough", async () => {
  const slow = dht(new Promise<never>(() => {}));
  assertEquals(await listObservers(slow, LISTED, NEVER), LISTED);
  assertEquals(slow.asked, 1); // for the next time
});

Deno.test("listObservers() waits for the DHT where the list is not enough, though not for ever", async () => {
  const answer = Promise.withResolvers<readonly Endpoint[]>();
  const listing = listObservers(dht(answer.promise), LISTED.slice(0, 1), NEVER);
  answer.resolve(FOUND);
  assertEquals((await listing).length, 3);
  const silent = dht(new Promise<never>(() => {}));
  assertEquals(await listObservers(silent, LISTED.slice(0, 1), NEVER), LISTED.slice(0, 1));
  assertEquals(await listObservers(dht(Promise.reject(new Error("offline"))), LISTED, NEVER), LISTED);
});

Deno.test("listObservers() gives IPv4 alone: what a NAT does is about that", async () => {
  const both = [at("2001:db8::1"), ...LISTED.slice(0, 2), at("2001:db8::2")];
  assertEquals(await listObservers(dht([at("2001:db8::3")]), both, NEVER), LISTED.slice(0, 2));
});

Deno.test("listObservers() asks nobody for an empty list, and rejects with the reason of its signal", async () => {
  const nobody = dht(FOUND);
  assertEquals([await listObservers(nobody, [], NEVER), nobody.asked], [[], 0]);
  const over = new AbortController();
  const listing = listObservers(dht(new Promise<never>(() => {})), LISTED.slice(0, 1), over.signal);
  over.abort(new Error("enough"));
  await assertRejects(() => listing, Error, "enough");
});
