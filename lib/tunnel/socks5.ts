/**
 * The serving half of SOCKS5 (RFC 1928) with a user name and password (RFC 1929), as far as a native
 * `Deno.HttpClient` on this machine needs it: CONNECT.
 *
 * @see https://www.rfc-editor.org/rfc/rfc1928
 * @see https://www.rfc-editor.org/rfc/rfc1929
 * @module
 */
import { bytesToAddress } from "../endpoint.ts";
import { type ByteStream, readExactly, writeAll } from "../punch/mod.ts";

const VERSION = 5;
const AUTH_VERSION = 1;
const METHOD_NO_AUTHENTICATION = 0;
const METHOD_USERNAME_PASSWORD = 2;
const METHOD_NONE_ACCEPTABLE = 0xff;
const COMMAND_CONNECT = 1;
const ADDRESS_IPV4 = 1;
const ADDRESS_NAME = 3;
const ADDRESS_IPV6 = 4;

/** Reply field of RFC 1928 section 6. */
export const SOCKS_REPLY = {
  succeeded: 0,
  generalFailure: 1,
  notAllowed: 2,
  hostUnreachable: 4,
  commandNotSupported: 7,
  addressTypeNotSupported: 8,
} as const;

/** Where to, as the client wrote it. */
export interface SocksDestination {
  /** A name in lower case, or an address in canonical form. */
  readonly hostname: string;
  /** 0 to 65535. */
  readonly port: number;
}

/** Who may go where. */
export interface SocksRequest<Ticket> extends SocksDestination {
  /** What `authorize` gave for the credentials. */
  readonly ticket: Ticket;
}

/** The other side does not speak what we speak, or may not. */
export class SocksError extends Error {
  override readonly name = "SocksError";
}

/**
 * Reads a client's greeting, credentials and request; what remains is to connect, and to {@linkcode replySocks}.
 * A client that is refused has been told so when this rejects with `SocksError`; it rejects with
 * `Deno.errors.UnexpectedEof` when the client ends in the middle.
 *
 * @param authorize Gives what stands for these credentials, or `null` to refuse them.
 */
export async function acceptSocks<Ticket>(
  stream: ByteStream,
  authorize: (username: Uint8Array, password: Uint8Array) => Ticket | null,
): Promise<SocksRequest<Ticket>> {
  await negotiateMethod(stream, METHOD_USERNAME_PASSWORD, "no user name is offered");
  const ticket = await authenticate(stream, authorize);
  return { ticket, ...await readRequest(stream) };
}

/** The same for a server that asks nobody who he is. */
export async function acceptOpenSocks(stream: ByteStream): Promise<SocksDestination> {
  await negotiateMethod(stream, METHOD_NO_AUTHENTICATION, "it insists on a login");
  return await readRequest(stream);
}

/** Sends the reply; all but `succeeded` are to be followed by closing (RFC 1928 section 6). */
export async function replySocks(stream: ByteStream, code: number): Promise<void> {
  await writeAll(stream, Uint8Array.of(VERSION, code, 0, ADDRESS_IPV4, 0, 0, 0, 0, 0, 0));
}

/** RFC 1928 section 3. */
async function negotiateMethod(stream: ByteStream, method: number, otherwise: string) {
  const [version, count] = await readExactly(stream, 2) as unknown as [number, number];
  if (version !== VERSION) throw new SocksError(`Cannot serve SOCKS: version ${version}`);
  const methods = await readExactly(stream, count);
  const acceptable = methods.includes(method);
  await writeAll(stream, Uint8Array.of(VERSION, acceptable ? method : METHOD_NONE_ACCEPTABLE));
  if (!acceptable) throw new SocksError(`Cannot serve SOCKS: ${otherwise}`);
}

/** RFC 1929 section 2. */
async function authenticate<Ticket>(
  stream: ByteStream,
  authorize: (username: Uint8Array, password: Uint8Array) => Ticket | null,
): Promise<Ticket> {
  const [version] = await readExactly(stream, 1);
  if (version !== AUTH_VERSION) throw new SocksError(`Cannot serve SOCKS: login version ${version}`);
  const username = await readCounted(stream);
  const password = await readCounted(stream);
  const ticket = authorize(username, password);
  await writeAll(stream, Uint8Array.of(AUTH_VERSION, ticket === null ? 1 : 0));
  if (ticket === null) throw new SocksError("Cannot serve SOCKS: wrong credentials");
  return ticket;
}

/** RFC 1928 sections 4 and 5. */
async function readRequest(stream: ByteStream): Promise<SocksDestination> {
  const header = await readExactly(stream, 4);
  const [version, command, , addressType] = header as unknown as [number, number, number, number];
  if (version !== VERSION) throw new SocksError(`Cannot serve SOCKS: version ${version}`);
  const hostname = await readAddress(stream, addressType);
  const port = new DataView((await readExactly(stream, 2)).buffer).getUint16(0);
  if (command !== COMMAND_CONNECT) {
    await refuse(stream, SOCKS_REPLY.commandNotSupported, `command ${command}`);
  }
  return { hostname, port };
}

async function readAddress(stream: ByteStream, type: number): Promise<string> {
  switch (type) {
    case ADDRESS_NAME:
      return new TextDecoder().decode(await readCounted(stream)).toLowerCase();
    case ADDRESS_IPV4:
      return bytesToAddress(await readExactly(stream, 4));
    case ADDRESS_IPV6:
      return bytesToAddress(await readExactly(stream, 16));
    default:
      return await refuse(stream, SOCKS_REPLY.addressTypeNotSupported, `address type ${type}`);
  }
}

async function refuse(stream: ByteStream, code: number, reason: string): Promise<never> {
  await replySocks(stream, code);
  throw new SocksError(`Cannot serve SOCKS: ${reason}`);
}

/** One byte that says how many follow. */
async function readCounted(stream: ByteStream): Promise<Uint8Array> {
  const [length] = await readExactly(stream, 1);
  return await readExactly(stream, length!);
}
