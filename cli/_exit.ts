/**
 * How the command ends: exit codes, and the three lines of a failure.
 *
 * @module
 */
import { PeerError, type PeerErrorCode } from "../lib/errors.ts";

/** Exit codes; `skip help exit-codes` prints them. */
export const Exit = {
  ok: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  unreachable: 4,
  notProven: 5,
  timedOut: 124,
  interrupted: 130,
} as const;

/** One of {@linkcode Exit}. */
export type ExitCode = typeof Exit[keyof typeof Exit];

/** The command was called in a wrong way. */
export class UsageError extends Error {
  /** What to type instead. */
  readonly hint: string;

  /** `message` says what is wrong, `hint` what to type instead. */
  constructor(message: string, hint: string) {
    super(message);
    this.name = "UsageError";
    this.hint = hint;
  }
}

/** First Ctrl-C, or SIGTERM. */
export class Interrupted extends Error {
  /** Made by the signal handler. */
  constructor() {
    super("interrupted");
    this.name = "Interrupted";
  }
}

/** What the user is told, in three lines, and what a script is told. */
export interface Failure {
  /** The word for scripts: a `PeerErrorCode`, or one of the command's own. */
  readonly code: string;
  readonly exit: ExitCode;
  /** What happened. */
  readonly what: string;
  /** Why. */
  readonly why: string;
  /** What to do. */
  readonly hint: string;
}

const PEER_FAILURES: Readonly<Record<PeerErrorCode, readonly [exit: ExitCode, what: string]>> = {
  "offline": [Exit.failed, "The DHT is out of reach"],
  "publish-failed": [Exit.failed, "The record could not be published"],
  "not-found": [Exit.notFound, "The peer was not found"],
  "bad-record": [Exit.failed, "The peer's record is not valid"],
  "no-candidates": [Exit.unreachable, "The peer has no address that can be dialled from here"],
  "unreachable": [Exit.unreachable, "The peer was found, but no path to it opened"],
  "not-proven": [Exit.notProven, "Something answered that could not prove the peer's id"],
  "tunnel-failed": [Exit.failed, "The connection broke while it was being set up"],
  "closed": [Exit.failed, "The connection was closed"],
};

/** The words and the exit code for whatever ended a command. */
export function explain(error: unknown): Failure {
  if (error instanceof PeerError) {
    const [exit, what] = PEER_FAILURES[error.code];
    return { code: error.code, exit, what, why: error.message, hint: error.remedy };
  }
  const why = error instanceof Error ? error.message : String(error);
  const own = (code: string, exit: ExitCode, what: string, hint: string) => ({ code, exit, what, why, hint });
  if (error instanceof UsageError) return own("usage", Exit.usage, "The command is not right", error.hint);
  if (error instanceof Interrupted) {
    return own("interrupted", Exit.interrupted, "Interrupted", "Run the command again to go on.");
  }
  if (error instanceof DOMException && error.name === "TimeoutError") {
    return own(
      "timeout",
      Exit.timedOut,
      "Time is up",
      "Try again, or give it longer with --timeout SECONDS.",
    );
  }
  if (error instanceof Deno.errors.NotCapable) {
    return own(
      "permission",
      Exit.failed,
      "Deno did not permit it",
      "Run with the permissions that skip help permissions lists.",
    );
  }
  if (error instanceof Deno.errors.AddrInUse) {
    return own(
      "port-in-use",
      Exit.failed,
      "The port is in use",
      "Choose another one with --port N, or leave it out.",
    );
  }
  if (error instanceof SyntaxError || error instanceof RangeError || error instanceof TypeError) {
    return own("invalid", Exit.usage, "A value is not valid", "See skip help for the form of each value.");
  }
  return own("failed", Exit.failed, "It failed", "Run it with --verbose for details.");
}
