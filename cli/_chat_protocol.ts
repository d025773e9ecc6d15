/**
 * What the chat and its page say to each other: JSON objects over a WebSocket of the subprotocol `skip.chat`. Every
 * object has a `type`. Whatever a stranger sends is bounded here, and gives `undefined` where it is none of this.
 *
 * @module
 */
import type { PathKind } from "../lib/progress.ts";

/** The WebSocket subprotocol; peers without it talk plain text. */
export const CHAT_PROTOCOL = "skip.chat";

/** A message may have so many UTF-16 units: a few pages. */
export const MAX_TEXT = 4000;
/** Fits into one line of the list on a telephone. */
export const MAX_NAME = 32;
/** A JSON object that carries the longest text, each unit of it escaped as `\uXXXX`, and a little more. */
export const MAX_FRAME = 6 * MAX_TEXT + 1000;

/** What a page sends. */
export type PageMessage =
  | { readonly type: "say"; readonly text: string }
  | { readonly type: "name"; readonly name: string }
  | { readonly type: "ping"; readonly id: number };

/** Somebody in the room, as its other guests see them. */
export interface Person {
  /** Of this visit; 0 is whoever serves. */
  readonly id: number;
  readonly name: string;
  /** How they talk: `host` is the serving terminal. */
  readonly from: "host" | "browser" | "terminal";
}

/** What a page is sent. */
export type RoomMessage =
  | {
    readonly type: "welcome";
    /** The receiver's own number. */
    readonly you: number;
    readonly path: PathSeen;
    readonly maxText: number;
    readonly maxName: number;
  }
  /** Everybody, at each change; `count` says how many they are if the list is cut short. */
  | { readonly type: "people"; readonly people: readonly Person[]; readonly count: number }
  | { readonly type: "said"; readonly who: Person; readonly text: string }
  | { readonly type: "pong"; readonly id: number };

/** The path between the two machines, as the serving one sees it. */
export interface PathSeen {
  /** `ADDR:PORT` of the other side. */
  readonly remote: string;
  /** What kind of candidate it came from; absent where nobody knows. */
  readonly kind?: PathKind;
}

/** Reads what a page has sent; `undefined` if it is nothing that a page sends. */
export function parsePageMessage(data: unknown): PageMessage | undefined {
  if (typeof data !== "string" || data.length > MAX_FRAME) return undefined;
  const { type, text, name, id } = objectIn(data);
  if (type === "say" && typeof text === "string") return sayable(text);
  if (type === "name" && typeof name === "string") return { type, name: cleanName(name) };
  if (type === "ping" && typeof id === "number" && Number.isSafeInteger(id)) return { type, id };
  return undefined;
}

function objectIn(json: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === "object" && value !== null ? value as Record<string, unknown> : {};
  } catch {
    return {};
  }
}

function sayable(text: string): PageMessage | undefined {
  return text.trim() === "" || text.length > MAX_TEXT ? undefined : { type: "say", text };
}

/**
 * A name that stays within its line: no control characters, nothing that turns the direction of writing or takes no
 * room, single spaces, at most {@linkcode MAX_NAME} characters. Empty where nothing is left.
 */
export function cleanName(text: string): string {
  const visible = text.slice(0, 8 * MAX_NAME).replace(/\s/gu, " ").replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "")
    .replace(/ +/g, " ").trim(); // only now: what stood between two spaces may be gone
  return [...visible].slice(0, MAX_NAME).join("").trim();
}
