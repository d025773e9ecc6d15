import { temporaryFolder } from "../temporary_folder.ts";

/** A folder of its own for one test, removed at the end. */
export async function inFolder(run: (folder: string) => Promise<void>): Promise<void> {
  await using folder = await temporaryFolder();
  await run(folder.path);
}
