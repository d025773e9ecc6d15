import { assertEquals, assertThrows } from "@std/assert";
import { LastingServer } from "../../lib/tunnel/_lasting_server.ts";

/** Native servers whose end a test decides on, as the system does where no descriptor is left. */
class Servers {
  readonly begun: PromiseWithResolvers<void>[] = [];
  readonly waiting: (() => void)[] = [];
  /** How many attempts to begin fail from now on. */
  failures = 0;

  readonly begin = (): Deno.HttpServer<Deno.NetAddr> => {
    if (this.failures > 0) {
      this.failures--;
      throw new Error("Too many open files (os error 24)");
    }
    const over = Promise.withResolvers<void>();
    this.begun.push(over);
    for (const wake of this.waiting.splice(0)) wake();
    return {
      finished: over.promise,
      addr: { transport: "tcp", hostname: "127.0.0.1", port: this.begun.length },
      shutdown: () => Promise.resolve(over.resolve()),
    } as Deno.HttpServer<Deno.NetAddr>;
  };

  breakDown(): void {
    this.begun.at(-1)!.reject(new Deno.errors.Http("Too many open files (os error 24)"));
  }

  /** Resolves when the next one begins. */
  next(): Promise<void> {
    return new Promise((resolve) => this.waiting.push(resolve));
  }
}

Deno.test("LastingServer begins anew when the native server has ended by itself, as soon as it can", async () => {
  const servers = new Servers();
  const server = new LastingServer(servers.begin);
  assertEquals(server.addr.port, 1);
  servers.failures = 2;
  const again = servers.next();
  servers.breakDown();
  await again;
  assertEquals([server.addr.port, servers.failures], [2, 0]);
  await server.shutdown();
  assertEquals(servers.begun.length, 2);
});

Deno.test("LastingServer is shut down while it has no server", async () => {
  const servers = new Servers();
  const server = new LastingServer(servers.begin);
  servers.failures = Infinity;
  servers.breakDown();
  await server.shutdown();
  assertEquals(servers.begun.length, 1);
});

Deno.test("LastingServer throws what the first attempt throws", () => {
  const servers = new Servers();
  servers.failures = 1;
  assertThrows(() => new LastingServer(servers.begin), Error, "Too many open files");
});
