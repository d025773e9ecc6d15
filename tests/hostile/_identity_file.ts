import { generateIdentity, type Identity, saveIdentity } from "../../lib/identity/mod.ts";

/** An identity in a file of its own, for a process and for those who look over its shoulder. */
export async function identityFile(): Promise<{ identity: Identity; path: string } & AsyncDisposable> {
  const folder = await Deno.makeTempDir({ prefix: "skip-hostile-" });
  const identity = generateIdentity();
  await saveIdentity(`${folder}/key`, identity);
  return {
    identity,
    path: `${folder}/key`,
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}
