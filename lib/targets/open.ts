import { folderTarget } from "./folder.ts";
import type { TargetAddress } from "./parse.ts";
import { type ProxyTargetOptions, servedProxyTarget } from "./proxy.ts";
import { tcpTarget } from "./tcp.ts";
import type { Target } from "./target.ts";

/** Options of {@linkcode openTarget}. */
export type OpenTargetOptions = ProxyTargetOptions;

/**
 * Makes the handler for what was asked for; its answers are for the native server alone. Nothing is connected yet: whether it
 * listens shows with each request.
 */
export function openTarget(
  address: TargetAddress,
  options: OpenTargetOptions = {},
): Target & Partial<Disposable> {
  switch (address.kind) {
    case "http":
      return servedProxyTarget(address.url, options, { isServed: true });
    case "folder":
      return folderTarget(address.path);
    case "tcp":
      return tcpTarget(address.endpoint, options);
  }
}
