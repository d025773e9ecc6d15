/**
 * Servers on loopback for tests of the network check: observers, plain STUN servers, and those that are neither.
 *
 * @module
 */
import { encodeStun, encodeXorAddress, StunAttribute, StunType } from "../../lib/candidates/mod.ts";
import { answerChecks, type Probe } from "../../lib/check/mod.ts";
import { readStun } from "../../lib/check/exchange.ts";
import type { Endpoint } from "../../lib/endpoint.ts";
import { generateIdentity } from "../../lib/identity/mod.ts";
import type { Server } from "../../lib/netcheck/servers.ts";
import { type ByteStream, openPort } from "../../lib/punch/mod.ts";

/** A server, and how to be done with it. */
export interface TestServer extends AsyncDisposable {
  readonly endpoint: Endpoint;
}

/** Does something with each connection. */
export async function serverThat(does: (stream: ByteStream) => Promise<unknown>): Promise<TestServer> {
  const streams = new Set<ByteStream>();
  const work = new Set<Promise<unknown>>();
  const port = await openPort({
    port: 0,
    onConnection(stream) {
      streams.add(stream);
      const doing: Promise<unknown> = does(stream).catch(() => {}).finally(() => work.delete(doing));
      work.add(doing);
    },
  });
  return {
    endpoint: { hostname: "127.0.0.1", port: port.port },
    async [Symbol.asyncDispose]() {
      await port.close();
      for (const stream of streams) stream.close();
      await Promise.all(work);
    },
  };
}

/** An observer with `probe`, a plain STUN server without. */
export function stunServer(probe?: Probe): Promise<TestServer> {
  const identity = generateIdentity();
  return serverThat((stream) => answerChecks(stream, identity, probe ? { probe } : {}));
}

/** A STUN server that is told what to have seen, as if there were a NAT between. */
export function serverBehindNat(seen: (from: Endpoint) => Endpoint): Promise<TestServer> {
  return serverThat(async (stream) => {
    for (;;) {
      const { message } = await readStun(stream);
      const { transactionId } = message!;
      const address = encodeXorAddress(seen(stream.remoteAddr), transactionId);
      const attributes = new Map([[StunAttribute.xorMappedAddress, address]]);
      await stream.write(encodeStun({ type: StunType.success, transactionId, attributes }));
    }
  });
}

/** What `reachServers()` would have found. */
export function found({ endpoint }: TestServer, isObserver: boolean): Server {
  return { endpoint, isObserver, ms: 1, mapped: { hostname: "127.0.0.1", port: 1 } };
}
