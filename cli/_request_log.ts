import { formatEndpoint } from "../lib/endpoint.ts";
import type { ServeHandler } from "../lib/serve.ts";
import type { Target, TargetFault } from "../lib/targets/mod.ts";
import type { Output } from "./_output.ts";
import { duration, oneLine } from "./_render.ts";

/** Tells of each request: an object with `--json`, a line with `--verbose`. */
export class RequestLog {
  readonly #output: Output;
  readonly #verbose: boolean;
  readonly #faults = new WeakMap<Request, TargetFault>();

  constructor(output: Output, options: { readonly verbose: boolean }) {
    this.#output = output;
    this.#verbose = options.verbose;
  }

  /** For the targets: why a request failed. One that comes later, of a WebSocket, is told at once. */
  readonly onFault = (request: Request, fault: TargetFault) => {
    this.#faults.set(request, fault);
    if (this.#verbose) this.#output.say(oneLine(fault.message));
  };

  /** The same target, whose answers are told of when their heads are there. */
  watch(target: Target): ServeHandler {
    return async (request, info) => {
      const start = performance.now();
      const remote = formatEndpoint(info.remoteAddr as Deno.NetAddr); // gone once upgraded
      const { method, url } = request;
      const response = await target(request, info);
      const ms = performance.now() - start;
      this.#tell({ request, remote, id: info.remoteId, method, url, status: response.status, ms });
      return response;
    };
  }

  #tell({ request, remote, id, method, url, status, ms }: Answered) {
    const { pathname, search } = new URL(url);
    const path = pathname + search;
    const fault = this.#faults.get(request);
    this.#output.event({
      type: "request",
      ...{ remote, ...(id === undefined ? {} : { id }), method, path, status },
      ms: Math.round(ms * 10) / 10,
      ...(fault ? { code: fault.code, message: fault.message } : {}),
    });
    if (this.#verbose) {
      this.#output.say(`${status} ${method} ${path} in ${duration(ms)} (${remote})`);
    }
  }
}

interface Answered {
  readonly request: Request;
  readonly remote: string;
  readonly id: string | undefined;
  readonly method: string;
  readonly url: string;
  readonly status: number;
  readonly ms: number;
}
