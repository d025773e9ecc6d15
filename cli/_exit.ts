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
  denied: 6,
  timedOut: 124,
  interrupted: 130,
} as const;

/** One of {@linkcode Exit}. */
export type ExitCode = typeof Exit[keyof typeof Exit];

/** A failure that the command itself finds, and has its own words for. */
export class CommandError extends Error {
  /** Code, exit code, what happened, and what to do; `message` says why. */
  readonly failure: Omit<Failure, "why">;

  /** `message` says why. */
  constructor(message: string, failure: Omit<Failure, "why">, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.failure = failure;
  }
}

/** The command was called in a wrong way. */
export class UsageError extends CommandError {
  /** `message` says what is wrong, `hint` what to type instead. */
  constructor(message: string, hint: string) {
    super(message, { code: "usage", exit: Exit.usage, what: "The command is not right", hint });
  }

  /** What to type instead. */
  get hint(): string {
    return this.failure.hint;
  }
}

/** First Ctrl-C, or SIGTERM. */
export class Interrupted extends CommandError {
  /** Made by the signal handler. */
  constructor() {
    const hint = "Run the command again to go on.";
    super("interrupted", { code: "interrupted", exit: Exit.interrupted, what: "Interrupted", hint });
  }
}

/** The file of an identity cannot be used. */
export class KeyFileError extends CommandError {
  /** Names the file, whatever `cause` says. */
  constructor(path: string, cause: Error) {
    const why = cause.message.includes(path) ? cause.message : `${cause.message}: ${path}`;
    const hint = cause.message.includes("chmod 600")
      ? `Run: chmod 600 ${path}`
      : cause instanceof SyntaxError
      ? "Restore it from a backup, or move it away and get a new id."
      : "Name another file with --identity FILE, in a folder where you may write.";
    super(why, { code: "key-file", exit: Exit.failed, what: "The key file cannot be used", hint }, { cause });
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
  "no-direct-path": [Exit.unreachable, "No direct path between the two networks can exist"],
  "unreachable": [Exit.unreachable, "The peer was found, but no path to it opened"],
  "not-proven": [Exit.notProven, "Something answered that could not prove the peer's id"],
  "denied": [Exit.denied, "The peer does not let you in"],
  "tunnel-failed": [Exit.failed, "The connection broke while it was being set up"],
  "closed": [Exit.failed, "The connection was closed"],
};

/** Whether a module of Node's passes on what the system said. */
function hasCode(error: unknown, code: string): boolean {
  return (error as { readonly code?: unknown } | null | undefined)?.code === code;
}

/** What others throw, by class, with its words. */
const OTHERS: readonly (readonly [is: (error: unknown) => boolean, words: Omit<Failure, "why">])[] = [
  [(error) => error instanceof DOMException && error.name === "TimeoutError", {
    code: "timeout",
    exit: Exit.timedOut,
    what: "Time is up",
    hint: "Try again, or give it longer with --timeout SECONDS.",
  }],
  [(error) => error instanceof Deno.errors.AddrInUse, {
    code: "port-in-use",
    exit: Exit.failed,
    what: "The port is in use",
    hint: "Choose another one with --port N, or leave it out.",
  }],
  [(error) => error instanceof Deno.errors.AddrNotAvailable || hasCode(error, "EADDRNOTAVAIL"), {
    code: "listen",
    exit: Exit.failed,
    what: "The address is none of this machine",
    hint: "Name one of this machine, or leave it out.",
  }],
  [(error) => error instanceof Deno.errors.PermissionDenied || hasCode(error, "EACCES"), {
    code: "forbidden",
    exit: Exit.failed,
    what: "The system did not permit it",
    hint: "Choose a port from 1024 on, or a file and a folder of your own.",
  }],
  [(error) => error instanceof SyntaxError || error instanceof RangeError, {
    code: "invalid",
    exit: Exit.usage,
    what: "A value is not valid",
    hint: "See skip help for the form of each value.",
  }],
];

const NOT_PERMITTED = { code: "permission", exit: Exit.failed, what: "Deno did not permit it" } as const;

const UNKNOWN: Omit<Failure, "why"> = {
  code: "failed",
  exit: Exit.failed,
  what: "It failed",
  hint: "Run it with --verbose for details.",
};

/** The words and the exit code for whatever ended a command. */
export function explain(error: unknown): Failure {
  const why = error instanceof Error ? error.message : String(error);
  if (error instanceof CommandError) return { ...error.failure, why };
  if (error instanceof PeerError) {
    const [exit, what] = PEER_FAILURES[error.code];
    return { code: error.code, exit, what, why, hint: error.remedy };
  }
  if (error instanceof Deno.errors.NotCapable) return { ...NOT_PERMITTED, why, hint: permissionRemedy(why) };
  return { ...(OTHERS.find(([is]) => is(error))?.[1] ?? UNKNOWN), why };
}

/** What to do about an error of Deno's that tells which permission is missing. */
export function permissionRemedy(message: string): string {
  if (/\ball access\b/.test(message)) {
    return "Name a file elsewhere: Deno keeps programs out of /dev, /proc and /sys.";
  }
  const kind = /\b(net|sys|read|write|env|run|ffi|import) access\b/.exec(message)?.[1];
  const more = "what each command needs: skip help permissions";
  return kind === undefined ? `Run with ${more}.` : `Add --allow-${kind} to the flags of deno run; ${more}.`;
}
