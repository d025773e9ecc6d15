import { assertEquals } from "@std/assert";
import { LocalConnections } from "../../cli/_local_connections.ts";
import type { LocalConnection, LocalStream } from "../../lib/tunnel/mod.ts";

/** A connection that tells what becomes of it. */
class FakeConnection implements LocalConnection {
  state = "waiting";
  #end = Promise.withResolvers<void>();

  open(): LocalStream {
    this.state = "open";
    return { reset: () => this.reset(), done: this.#end.promise } as unknown as LocalStream;
  }

  reset() {
    this.state = "reset";
    this.#end.resolve();
  }

  end() {
    this.#end.resolve();
  }

  fail() {
    this.#end.reject(new Error("broke"));
  }
}

function connections(max: number, maxWaiting: number) {
  const crowds: string[] = [];
  const all = new LocalConnections({
    serve: (stream) => (stream as unknown as { done: Promise<void> }).done,
    onCrowd: (crowd) => crowds.push(crowd),
    ...{ max, maxWaiting },
  });
  const admit = () => {
    const connection = new FakeConnection();
    all.admit(connection);
    return connection;
  };
  return { all, admit, crowds };
}

const turn = () => new Promise((resolve) => setTimeout(resolve, 0));

Deno.test("LocalConnections serves so many, lets others wait in order, refuses the rest, and tells each once", async () => {
  const { all, admit, crowds } = connections(2, 2);
  const some = Array.from({ length: 6 }, admit);
  const states = () => some.map(({ state }) => state);
  assertEquals(states(), ["open", "open", "waiting", "waiting", "reset", "reset"]);
  some[1]!.end();
  await turn();
  assertEquals(states().slice(2, 4), ["open", "waiting"]);
  some[0]!.end();
  some[2]!.end();
  await turn();
  assertEquals(states()[3], "open");
  assertEquals(crowds, ["waiting", "refused", "over"]);
  await all.close();
});

Deno.test("LocalConnections resets a connection whose service fails", async () => {
  const { all, admit } = connections(1, 1);
  const connection = admit();
  connection.fail();
  await turn();
  assertEquals(connection.state, "reset");
  await all.close();
});

Deno.test("LocalConnections resets all at its close, and whoever comes later", async () => {
  const { all, admit } = connections(1, 1);
  const [open, waiting] = [admit(), admit()];
  await all.close();
  await all.close();
  assertEquals([open.state, waiting.state, admit().state], ["reset", "reset", "reset"]);
});
