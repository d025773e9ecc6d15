/**
 * How each system lets a listener and outgoing connections have one port, and what that asks of whoever listens.
 *
 * | system  | both sockets need                           | a listener at `::`       |
 * | ------- | ------------------------------------------- | ------------------------ |
 * | Linux   | `SO_REUSEPORT`                              | takes IPv4 as well       |
 * | macOS   | `SO_REUSEPORT`                              | takes IPv4 as well       |
 * | Windows | `SO_REUSEADDR`, which shares the port there | takes IPv6 and no others |
 *
 * `node:net` sets what is needed on all three. `Deno.listen({ reusePort: true })`, which costs less, does on Linux alone:
 * elsewhere it leaves the option out and says nothing, and then no outgoing connection gets the port.
 *
 * Linux was measured, in the laboratory. What is said of macOS and Windows comes from the source of Deno 2.9 and from
 * Microsoft's documentation; the laboratory does not run there.
 *
 * @see https://github.com/denoland/deno/blob/v2.9.5/ext/net/tcp.rs
 * @see https://github.com/denoland/deno/blob/v2.9.5/libs/core/uv_compat/tcp.rs
 * @see https://learn.microsoft.com/windows/win32/winsock/using-so-reuseaddr-and-so-exclusiveaddruse
 * @see https://learn.microsoft.com/windows/win32/winsock/dual-stack-sockets
 *
 * @module
 */

/** How to listen on a port that is dialled from as well. */
export interface Listening {
  /** By whose listener. */
  readonly by: "deno" | "node";
  /** Whether a listener at `::` takes IPv4 too; otherwise each family needs one of its own. */
  readonly isDualStack: boolean;
}

/**
 * How to listen here.
 *
 * @param hasUnstableNet Whether `--unstable-net` is on, without which `Deno.listen({ reusePort: true })` ends the process.
 */
export function listeningOn(os: typeof Deno.build.os, hasUnstableNet: boolean): Listening {
  return {
    by: (os === "linux" || os === "android") && hasUnstableNet ? "deno" : "node",
    isDualStack: os !== "windows",
  };
}
