import { type AccessOptions, type Guard, openGuard } from "./access/mod.ts";
import type { OnProgress } from "./progress.ts";

/** Opens the guard of a serving peer; what becomes of its allow list is reported. */
export function openAccess(access: AccessOptions, report: OnProgress): Promise<Guard & AsyncDisposable> {
  return openGuard({
    ...access,
    onAllowList(peers, error) {
      report({ type: "allow-list", peers, ...(error ? { error: error.message } : {}) });
    },
  });
}
