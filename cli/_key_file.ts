import { KeyFileError } from "./_exit.ts";

/**
 * Does something with the file of an identity. Throws {@linkcode KeyFileError}, which names the file, for whatever
 * goes wrong with it, but for a permission of Deno's.
 */
export async function withKeyFile<T>(path: string, use: (path: string) => Promise<T>): Promise<T> {
  try {
    return await use(path);
  } catch (error) {
    if (!(error instanceof Error) || error instanceof Deno.errors.NotCapable) throw error;
    throw new KeyFileError(path, error);
  }
}
