/** Whether a folder of PATH has a program of that name. */
export function isInPath(program: string): boolean {
  const isWindows = Deno.build.os === "windows";
  const folders = (Deno.env.get("PATH") ?? "").split(isWindows ? ";" : ":");
  return folders.some((folder) => isFile(`${folder}/${program}${isWindows ? ".exe" : ""}`));
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
