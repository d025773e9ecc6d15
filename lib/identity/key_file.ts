import { createPrivateKey } from "node:crypto";
import { dirname } from "node:path";
import { utf8 } from "../bytes.ts";
import { seedToPkcs8 } from "./ed25519.ts";
import { generateIdentity, Identity } from "./identity.ts";

/** A key file has about 250 bytes; what is much larger is something else. */
const MAX_FILE_BYTES = 65536;

/** Options of {@linkcode saveIdentity}. */
export interface SaveIdentityOptions {
  /**
   * Replaces an existing file. Whoever replaces an identity loses its id for ever.
   *
   * @default {false}
   */
  readonly overwrite?: boolean;
}

/**
 * Reads an identity from its key file: PKCS #8 PEM, as `saveIdentity` and `openssl genpkey -algorithm ed25519` write it.
 *
 * @example Be the same peer as yesterday
 * ```ts
 * import { generateIdentity, loadIdentity, saveIdentity } from "@skip-public-ip/skip-public-ip";
 *
 * const path = `${await Deno.makeTempDir()}/identity.pem`;
 * await saveIdentity(path, generateIdentity());
 * console.log((await loadIdentity(path)).id.length); // 52
 * ```
 *
 * @throws {Deno.errors.NotFound} If there is no such file.
 * @throws {Deno.errors.PermissionDenied} If other users of the machine may read it.
 * @throws {SyntaxError} If it is no Ed25519 private key.
 */
export async function loadIdentity(path: string): Promise<Identity> {
  using file = await Deno.open(path);
  const { isFile, mode, size } = await file.stat();
  if (!isFile) throw notAKey(path);
  if (Deno.build.os !== "windows" && ((mode ?? 0) & 0o077) !== 0) {
    throw new Deno.errors.PermissionDenied(
      `Cannot load the identity: other users may read its file, run: chmod 600 ${path}`,
    );
  }
  if (size > MAX_FILE_BYTES) throw notAKey(path);
  return new Identity(readSeed(await new Response(file.readable).text(), path));
}

/**
 * Writes an identity to a key file that only this user may read (mode 0600), all of it or nothing. Directories
 * on the way are created with mode 0700.
 *
 * @example Be the same peer tomorrow
 * ```ts
 * import { generateIdentity, saveIdentity } from "@skip-public-ip/skip-public-ip";
 *
 * const path = `${await Deno.makeTempDir()}/skip/identity.pem`;
 * await saveIdentity(path, generateIdentity());
 * console.log((await Deno.stat(path)).isFile); // true
 * ```
 *
 * @throws {Deno.errors.AlreadyExists} If the file exists and `overwrite` is not set.
 */
export async function saveIdentity(
  path: string,
  identity: Identity,
  options: SaveIdentityOptions = {},
): Promise<void> {
  await Deno.mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.${crypto.randomUUID()}.tmp`;
  const text = keyFileText(identity);
  try {
    await writeSecret(draft, text);
    if (options.overwrite) await Deno.rename(draft, path);
    else await giveName(draft, path, text);
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    throw new Deno.errors.AlreadyExists(
      `Cannot save the identity: the file already exists and holds another one: ${path}`,
    );
  } finally {
    await Deno.remove(draft).catch(() => {}); // renamed, or never made
  }
}

/**
 * Reads the identity in `path`, or makes a new one there. Of several processes that do so at once, all get
 * the same identity.
 */
export async function loadOrCreateIdentity(path: string): Promise<Identity> {
  try {
    return await loadIdentity(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  const identity = generateIdentity();
  try {
    await saveIdentity(path, identity);
    return identity;
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    return await loadIdentity(path); // somebody else was quicker
  }
}

/** Unlike a rename, this fails where the name is taken. A memory card, and a phone, know no hard links. */
async function giveName(draft: string, path: string, text: string): Promise<void> {
  try {
    await Deno.link(draft, path);
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) throw error;
    await writeSecret(path, text);
  }
}

/** Makes a file that is not there yet; leaves none behind that is not whole. */
async function writeSecret(path: string, text: string): Promise<void> {
  using file = await Deno.open(path, { write: true, createNew: true, mode: 0o600 });
  const data = utf8(text);
  try {
    for (let at = 0; at < data.length;) at += await file.write(data.subarray(at));
    await file.sync(); // before it gets its name: a crash must not leave an empty key
  } catch (error) {
    await Deno.remove(path).catch(() => {});
    throw error;
  }
}

/** PEM readers skip what stands before the first boundary (RFC 7468 section 2). */
function keyFileText(identity: Identity): string {
  return `Secret key of the skip peer ${identity.id}. Whoever reads it can answer in its place.
-----BEGIN PRIVATE KEY-----
${seedToPkcs8(identity.exportSeed()).toBase64()}
-----END PRIVATE KEY-----
`;
}

/**
 * Reads the text of a key file: the 32 bytes of the secret. Throws `SyntaxError` for anything else. Errors of the parser are not
 * passed on: they might quote what they read.
 *
 * @param path For the error.
 */
export function readSeed(text: string, path: string): Uint8Array {
  const pem = text.match(/-----BEGIN PRIVATE KEY-----[A-Za-z0-9+/=\s]+-----END PRIVATE KEY-----/)?.[0];
  try {
    const key = createPrivateKey(pem ?? "");
    const der = key.export({ format: "der", type: "pkcs8" });
    if (key.asymmetricKeyType === "ed25519") return der.subarray(-32); // RFC 8410 section 7
  } catch {
    // no key at all; said below
  }
  throw notAKey(path);
}

function notAKey(path: string): SyntaxError {
  return new SyntaxError(
    `Cannot load the identity: not an Ed25519 private key in PEM form; restore it from a backup, or remove it to get a new id: ${path}`,
  );
}
