import { type Endpoint, isPort } from "../endpoint.ts";

/** What `skip serve` is asked to serve, read but not opened. */
export type TargetAddress =
  /** A web server: `url` has a path that goes before that of each request. */
  | { readonly kind: "http"; readonly url: URL }
  /** Any TCP service; `hostname` may be a name. */
  | { readonly kind: "tcp"; readonly endpoint: Endpoint }
  /** Files. */
  | { readonly kind: "folder"; readonly path: string };

const FORMS = "PORT, HOST:PORT, http://HOST:PORT/path, tcp:PORT, tcp:HOST:PORT or a folder";
/** Where a port without a host is: whichever of 127.0.0.1 and ::1 the program listens at. */
const HERE = "localhost";

/**
 * Reads what a user types for a target: `8080`, `HOST:PORT`, `http://HOST:PORT/path`, `tcp:22`, `tcp:HOST:PORT` or the path of
 * a folder. A folder whose name has one of the other forms is written with its path: `./8080`.
 *
 * @throws {SyntaxError} If it is none of them, or there is no such folder.
 */
export async function parseTarget(text: string): Promise<TargetAddress> {
  if (/^tcp:/i.test(text)) return { kind: "tcp", endpoint: readEndpoint(text.slice("tcp:".length), text) };
  if (/^http:/i.test(text)) return { kind: "http", url: readUrl(text) };
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) throw unknown(text);
  if (/^\d+$/.test(text) || /^(\[[^\]]*\]|[^/\\:]+):\d+$/.test(text)) {
    const { hostname, port } = readEndpoint(text, text);
    return { kind: "http", url: readUrl(`http://${bracketed(hostname)}:${port}/`, text) };
  }
  return { kind: "folder", path: await existingFolder(text) };
}

function readEndpoint(address: string, text: string): Endpoint {
  const match = address.match(/^(?:(?:\[([0-9a-f:.]+)\]|([^\s:[\]/\\?#@]+)):)?(\d{1,5})$/i);
  const port = Number(match?.[3]);
  if (match && isPort(port)) return { hostname: match[1] ?? match[2] ?? HERE, port };
  if (match || /(^|:)\d+$/.test(address)) {
    throw new SyntaxError(`Cannot read a target: a port is 1 to 65535, current value is "${text}"`);
  }
  throw unknown(text);
}

/** Colons tell an IPv6 address from a name. */
function bracketed(hostname: string): string {
  return hostname.includes(":") ? `[${hostname}]` : hostname;
}

function readUrl(href: string, text = href): URL {
  const url = URL.canParse(href) ? new URL(href) : undefined;
  if (!url || !/^http:\/\/[^/]/i.test(href) || url.port === "0") throw unknown(text);
  const { username, password, search, hash } = url;
  if (username || password || search || hash) {
    throw new SyntaxError(
      `Cannot read a target: its URL has a host, a port and a path, nothing else, current value is "${text}"`,
    );
  }
  return url;
}

async function existingFolder(path: string): Promise<string> {
  const info = await Deno.stat(path).catch((error) => {
    if (error instanceof Deno.errors.NotCapable) throw error;
  });
  if (info?.isDirectory) return path;
  if (info) {
    throw new SyntaxError(`Cannot read a target: it is a file; serve its folder, current value is "${path}"`);
  }
  if (/[/\\]/.test(path)) {
    throw new SyntaxError(`Cannot read a target: there is no such folder, current value is "${path}"`);
  }
  throw unknown(path);
}

function unknown(text: string): SyntaxError {
  return new SyntaxError(`Cannot read a target: it must be ${FORMS}, current value is "${text}"`);
}
