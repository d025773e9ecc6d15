import { proxyTarget, type ProxyTargetOptions, type TargetFault } from "../../lib/targets/mod.ts";
import { type Running, serveHttp } from "./_servers.ts";

/** A server in front of a target, and what it noticed. */
export interface Front extends Running {
  readonly faults: TargetFault[];
}

/** Puts a proxy in front of `url`; `extra` is what it learns of each request besides. */
export function front(url: string, options: ProxyTargetOptions = {}, extra: object = {}): Front {
  const faults: TargetFault[] = [];
  const target = proxyTarget(url, { onFault: (_, fault) => faults.push(fault), ...options });
  const server = serveHttp((request, { remoteAddr, completed }) =>
    target(request, { remoteAddr, completed, ...extra })
  );
  return {
    ...server,
    faults,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      target.close();
    },
  };
}
