/**
 * Who may connect: the connecting peer's proof of its id, and what a serving peer makes of it.
 *
 * @module
 */
export { Credentials, type CredentialsOptions } from "./credentials.ts";
export { parseAllowList } from "./allow_list.ts";
export { type AccessOptions, type Guard, type GuardOptions, openGuard } from "./guard.ts";
export { type Invitation, Invitations, type InviteOptions } from "./invitations.ts";
export { makeToken, MAX_USES, newTerms, readToken, TOKEN_HEADER } from "./invitation.ts";
export { makeProof, PROOF_HEADER, PROOF_WINDOW_MS, verifyProof } from "./proof.ts";
