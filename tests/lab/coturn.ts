/**
 * STUN servers that are not ours, on the public hosts of a lab: coturn, over TCP alone.
 *
 * @module
 */
import type { LabHost } from "./host.ts";

/** The port that STUN is registered for. */
const STUN_PORT = 3478;

/** A server that runs until it is closed. */
export interface LabStunServer extends AsyncDisposable {
  /** For `--stun`. */
  readonly endpoint: string;
}

/** Starts coturn and resolves once it listens. It reads and writes no file. */
export async function startCoturn(host: LabHost, port = STUN_PORT): Promise<LabStunServer> {
  const endpoint = `${host.address}:${port}`;
  const child = host.spawn("turnserver", [
    ...["-n", "--verbose", "--stun-only", "--no-udp", "--no-tls", "--no-dtls", "--no-cli"],
    ...["--listening-ip", host.address, "--listening-port", `${port}`, "--relay-threads", "1"],
    ...["--db", "/dev/null", "--pidfile", "/dev/null", "--log-file", "stdout"],
  ], { stdout: "piped", stderr: "null" });
  const output = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  for (let log = ""; !log.includes(`TCP listener opened on : ${endpoint}`);) {
    const { done, value } = await output.read();
    if (done) throw new Error(`Cannot start coturn: exit code ${(await child.status).code}: ${log}`);
    log += value;
  }
  const drained = drain(output); // else it would wait for its log to be read
  return {
    endpoint,
    async [Symbol.asyncDispose]() {
      try {
        child.kill("SIGKILL");
      } catch {
        // the lab was closed before
      }
      await child.status;
      await drained;
    },
  };
}

async function drain(output: ReadableStreamDefaultReader<string>): Promise<void> {
  while (!(await output.read()).done);
}
