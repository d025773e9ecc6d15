/**
 * What a person reads: pure functions from events to text.
 *
 * @module
 */
import { type Mapping, parseNat } from "../lib/nat.ts";
import type { Progress } from "../lib/progress.ts";

const NAT_WORDS: Readonly<Record<Mapping, string>> = {
  open: "no NAT",
  preserving: "NAT that keeps ports",
  independent: "NAT with its own ports",
  sequential: "symmetric NAT, ports in sequence",
  block: "symmetric NAT, ports from a block",
  random: "symmetric NAT, random ports",
  dependent: "symmetric NAT",
  unknown: "NAT not known",
};

function nameless(names: readonly string[]): string {
  return names.length === 0
    ? ""
    : `, and ${names.join(", ")} ${names.length === 1 ? "has" : "have"} no address`;
}

/** A stage and a fact. */
type Words = readonly [stage: string, fact: string];

/** What to say of each event. */
const WORDS: {
  readonly [Type in Progress["type"]]: (event: Progress & { type: Type }) => Words | undefined;
} = {
  online: ({ ms }) => ["dht", `a node answered in ${duration(ms)}`],
  offline: ({ ms, unresolved }) => [
    "dht",
    `no node answers since ${duration(ms)}${nameless(unresolved)}; trying again`,
  ],
  mapped: ({ external, protocol }) => [
    "router",
    external ? `maps ${external} (${protocol})` : "maps our port no longer",
  ],
  resolved: ({ ms }) => ["lookup", `found in ${duration(ms)}`],
  candidates: (event) => ["candidates", candidates(event)],
  strategy: ({ strategy, reason, odds }) =>
    strategy === "plain"
      ? undefined
      : ["strategy", `${strategy}, since ${reason}; odds ${Math.round(odds * 100)} %`],
  knock: ({ via, acknowledgements, ms }) => [
    "knock",
    `${via === "dht" ? count(acknowledgements, "node") : "peer"} told in ${duration(ms)}`,
  ],
  knocked: ({ from, via }) => ["knock", `${from.join(", ")} (${via})`],
  path: ({ remote, ms, kind }) => ["punch", `${remote} in ${duration(ms)} (${kind})`],
  refused: ({ remote, reason }) => ["check", `${remote} is not the peer: ${reason}`],
  lost: ({ ms }) => ["lost", `the peer is silent since ${duration(ms)}`],
  restored: ({ ms }) => ["restored", `the peer is back after ${duration(ms)}`],
  open: ({ ms }) => ["open", `WebSocket in ${duration(ms)}`],
  published: ({ code, acknowledgements }) => [
    "publish",
    code ? `failed (${code}); trying again` : `at ${count(acknowledgements, "node")}`,
  ],
  "allow-list": ({ peers, error }) => [
    "access",
    `the list has ${count(peers, "peer")}${error ? ` still: ${error}` : ""}`,
  ],
  ready: ({ ms }) => ["ready", `in ${duration(ms)}`],
};

/** Whether what `--json` has printed has, by its type, words here; events of the command's own, as `message`, have none. */
export function isProgress(event: { readonly type: string }): event is Progress {
  return Object.hasOwn(WORDS, event.type);
}

/** The stage and the fact that an event is to a person; absent for what only scripts need. */
export function describe<Type extends Progress["type"]>(event: Progress & { type: Type }): Words | undefined {
  return WORDS[event.type](event);
}

function candidates({ local, remote, nat, remoteNat }: Progress & { type: "candidates" }): string {
  const own = `${local.join(", ") || "none"} (${natWords(nat)})`;
  return remote.length === 0 && !remoteNat
    ? own
    : `${remote.join(", ")} (${natWords(remoteNat ?? "")}); own ${own}`;
}

function natWords(text: string): string {
  return NAT_WORDS[parseNat(text)?.mapping ?? "unknown"];
}

/** `label       fact`, in columns. */
export function stageLine([stage, fact]: readonly [string, string]): string {
  return `${stage.padEnd(12)}${fact}`;
}

/** `140 ms`, `1.3 s`. */
export function duration(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

const UNITS = ["B", "kB", "MB", "GB", "TB", "PB"] as const;

/** `512 B`, `1.5 MB`. */
export function bytes(n: number): string {
  const power = Math.min(Math.floor(Math.log10(Math.max(n, 1)) / 3), UNITS.length - 1);
  return `${power === 0 ? Math.round(n) : (n / 1000 ** power).toFixed(1)} ${UNITS[power]}`;
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? "" : "s"}`;
}

/**
 * Text of a stranger, fit for a terminal: control characters, which could move the cursor or run the terminal's own
 * commands, are shown as `\xNN`.
 */
export function printable(text: string): string {
  // deno-lint-ignore no-control-regex
  const control = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/g;
  return text.replace(control, escaped);
}

/** The same in one line, so that none of it looks like a line of ours. */
export function oneLine(text: string): string {
  return printable(text).replaceAll("\n", escaped);
}

function escaped(character: string): string {
  return `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
}
