/**
 * Nodes kept on disk between runs, so that a start does not depend on a handful of public bootstrap nodes.
 *
 * @module
 */
import { addressFamily, formatEndpoint, isPort } from "../endpoint.ts";
import type { Presence } from "./presence.ts";
import type { Contact } from "./types.ts";

/** More are of no use: a start asks a few. */
export const MAX_KNOWN_NODES = 200;
/** What 200 nodes take, several times over. */
const MAX_FILE_BYTES = 256 * 1024;

/** What is kept. */
export interface KnownNodes {
  /** Our own public address then; most likely it still is, and our id has to fit it (BEP 42). */
  readonly address?: string;
  /** Best first. */
  readonly nodes: readonly Contact[];
}

/**
 * Reads the file. One that is missing, garbled or far too long is as good as an empty one: it is only a memory
 * aid and will be replaced. Throws what the system says otherwise, a missing permission above all.
 */
export async function readKnownNodes(path: string): Promise<KnownNodes> {
  try {
    const { size } = await Deno.stat(path);
    return size > MAX_FILE_BYTES ? { nodes: [] } : parseKnownNodes(await Deno.readTextFile(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return { nodes: [] };
    throw error;
  }
}

/** Writes the file whole or not at all: beside it first, then renamed. */
export async function writeKnownNodes(path: string, { address, nodes }: KnownNodes): Promise<void> {
  const text = JSON.stringify({
    version: 1,
    address,
    nodes: nodes.map(({ id, hostname, port }) => ({ id: id.toHex(), hostname, port })),
  });
  const beside = `${path}.${crypto.randomUUID()}.tmp`;
  try {
    await Deno.writeTextFile(beside, text + "\n", { mode: 0o600 });
    await Deno.rename(beside, path);
  } catch (error) {
    await Deno.remove(beside).catch(() => {});
    throw error;
  }
}

/** The nodes worth keeping: those that answered, then those of the last run that we had no need to ask. */
export function mergeKnownNodes(
  { table, observations }: Presence,
  { nodes: old }: KnownNodes,
): KnownNodes {
  const good = table.nodes().filter((node) => node.confirmed && node.failures === 0).sort((a, b) =>
    b.seenAt - a.seenAt
  );
  const taken = new Set(good.map(formatEndpoint));
  const rest = old.filter((node) => !taken.has(formatEndpoint(node)));
  const nodes = [...good, ...rest].slice(0, MAX_KNOWN_NODES);
  const own = observations.address();
  return own?.sure ? { address: own.address, nodes } : { nodes };
}

/** Reads the text of the file; what is no node in it is left out. Never throws. */
export function parseKnownNodes(text: string): KnownNodes {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { nodes: [] };
  }
  const { address, nodes } = Object(json) as { address?: unknown; nodes?: unknown };
  const contacts = (Array.isArray(nodes) ? nodes : []).map(toContact).filter((contact) =>
    contact !== undefined
  );
  const isAddress = typeof address === "string" && addressFamily(address) === 4;
  return { ...(isAddress && { address }), nodes: contacts.slice(0, MAX_KNOWN_NODES) };
}

function toContact(entry: unknown): Contact | undefined {
  const { id, hostname, port } = Object(entry) as Record<string, unknown>;
  const bytes = toId(id);
  if (!bytes || typeof hostname !== "string" || addressFamily(hostname) !== 4) return undefined;
  return typeof port === "number" && isPort(port) ? { id: bytes, hostname, port } : undefined;
}

function toId(text: unknown): Uint8Array | undefined {
  return typeof text === "string" && /^[0-9a-f]{40}$/.test(text) ? Uint8Array.fromHex(text) : undefined;
}
