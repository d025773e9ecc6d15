import { assertEquals } from "@std/assert";
import { measureIPv6 } from "../../lib/netcheck/ipv6.ts";
import { found, serverThat, stunServer, type TestServer } from "./_observer.ts";

const signal = new AbortController().signal;
const INTERFACES = ["127.0.0.1", "::1", "fe80::1", "fd00::1", "2001:db8::1", "192.0.2.1"].map((address) => ({
  address,
  prefix: 64,
}));
const addresses = ["2001:db8::1"];

const overIPv6 = (server: TestServer, isObserver: boolean) => ({
  ...found(server, isObserver),
  endpoint: { ...server.endpoint, hostname: "::1" },
});

Deno.test("measureIPv6() says nothing of reach where no server has IPv6", async () => {
  assertEquals(await measureIPv6(INTERFACES, { asked: false, reached: [], signal }), { addresses });
  assertEquals(await measureIPv6([], { asked: false, reached: [], signal }), { addresses: [] });
});

Deno.test("measureIPv6() tells what reaches a server, and what an observer gets", async () => {
  const reached = { addresses, reachable: true };
  await using plain = await stunServer();
  assertEquals(await measureIPv6(INTERFACES, { asked: true, reached: [found(plain, false)], signal }), {
    addresses,
    reachable: false,
  });
  const over = (server: TestServer, isObserver: boolean) =>
    measureIPv6(INTERFACES, { asked: true, reached: [overIPv6(server, isObserver)], signal });
  assertEquals(await over(plain, false), reached);
  await using observer = await stunServer(() => Promise.resolve("silence"));
  assertEquals(await over(observer, true), { ...reached, unasked: "silence" });
  await using liar = await serverThat((stream) => Promise.resolve(stream.close()));
  assertEquals(await over(liar, true), reached);
});
