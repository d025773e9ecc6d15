/**
 * What others do behind the same router.
 *
 * @module
 */
import type { LabHost } from "./host.ts";
import type { Lab } from "./lab.ts";

/**
 * Has a further machine behind the router of `peer` open `flowsPerSecond` new TCP connections, and as many UDP flows,
 * to the public hosts, at random moments; until it is closed. Resolves when the first are on their way.
 */
export async function startNoise(
  lab: Lab,
  peer: LabHost,
  flowsPerSecond: number,
): Promise<AsyncDisposable> {
  if (!(flowsPerSecond > 0)) {
    throw new RangeError(
      `Cannot make noise: flows per second must be above 0, current value is ${flowsPerSecond}`,
    );
  }
  const neighbour = await lab.neighbour(peer);
  const args = [
    `${import.meta.dirname}/noise.py`,
    `${flowsPerSecond}`,
    ...lab.hosts.map(({ address }) => address),
  ];
  const child = neighbour.spawn("python3", args, { stdin: "piped", stdout: "piped" });
  const output = child.stdout.getReader();
  const { done } = await output.read();
  if (done) throw new Error(`Cannot make noise: exit code ${(await child.status).code}`);
  return {
    async [Symbol.asyncDispose]() {
      await child.stdin.close().catch(() => {}); // the lab may have killed it before
      await output.cancel();
      await child.status;
    },
  };
}
