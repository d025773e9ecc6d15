import { delay } from "@std/async";
import { type Guard, PROOF_HEADER, TOKEN_HEADER, verifyProof } from "../access/mod.ts";
import type { Guest } from "./_guest.ts";

/** Every denial takes as long, so that its time does not tell the reason: more than a signature and a look at a file take. */
const DENIAL_MS = 50;

/** Tells a peer that it may not come in from any other answer with status 403. */
const DENIAL_HEADER = "skip-access";

/** The one answer to whoever may not come in, whatever the reason. */
export function denial(): Response {
  return new Response(null, { status: 403, headers: { connection: "close", [DENIAL_HEADER]: "denied" } });
}

/** Whether a peer was answered with a {@linkcode denial}. */
export function isDenial({ status, headers }: Response): boolean {
  return status === 403 && headers.get(DENIAL_HEADER) === "denied";
}

/**
 * Finds out who a guest is and whether he may come in, request by request. A connection is one peer: what he has once proven
 * counts for all that follows on it, and he cannot become somebody else.
 */
export class Admission {
  readonly #audience: string;
  readonly #guard: Guard | undefined;

  constructor(audience: string, guard: Guard | undefined) {
    this.#audience = audience;
    this.#guard = guard;
  }

  /** `true` at once where nothing needs to be waited for. A guest who may not come in is dismissed. */
  admit(guest: Guest, headers: Headers): true | Promise<boolean> {
    if (guest.dismissed) return deny(guest);
    if (!this.#identify(guest, headers.get(PROOF_HEADER))) return deny(guest);
    if (!this.#guard) return true;
    if (guest.id === undefined) return deny(guest);
    if (!this.#guard.admits(guest.id)) return this.#ask(this.#guard, guest, guest.id, headers);
    return guest.admitted = true;
  }

  async #ask(guard: Guard, guest: Guest, id: string, headers: Headers): Promise<boolean> {
    const start = performance.now();
    const admitted = await guard.admit(id, headers.get(TOKEN_HEADER) ?? undefined);
    if (!admitted) return await deny(guest, start);
    return guest.admitted = true;
  }

  /** Whether nothing is wrong with the proof, if there is one; keeps who it is. */
  #identify(guest: Guest, proof: string | null): boolean {
    if (proof === null || proof === guest.proof) return true;
    const verdict = verifyProof(proof, this.#audience);
    if ("fault" in verdict) return false;
    if (guest.id !== undefined && guest.id !== verdict.id) return false;
    guest.id = verdict.id;
    guest.proof = proof;
    return true;
  }
}

async function deny(guest: Guest, start = performance.now()): Promise<false> {
  guest.dismiss();
  await delay(Math.max(0, start + DENIAL_MS - performance.now()));
  return false;
}
