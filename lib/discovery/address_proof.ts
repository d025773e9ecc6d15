/**
 * How whoever knocks proves that he is at the address that nodes name: he answers what is sent to it. A node may name anybody;
 * its word alone sends nobody more than a few such datagrams, which are no larger than the answer.
 *
 * The knocking peer has sent a datagram to the serving peer before, so its NAT lets the question in; and sends it again, which
 * the NAT of the serving peer lets in once the question has left it.
 *
 * ```text
 * question  f5 's' 'k' 'c' | first 8 bytes of the record's target | 12 bytes that only we can make | 2 bytes 0
 * answer    f5 's' 'k' 'p' | the same 20 bytes | TCP port from which he dials
 * ```
 *
 * @module
 */
import { createHash } from "node:crypto";
import { concat, equalBytes } from "../bytes.ts";
import { type Endpoint, isPort } from "../endpoint.ts";

const QUESTION = Uint8Array.of(0xf5, 0x73, 0x6b, 0x63);
const ANSWER = Uint8Array.of(0xf5, 0x73, 0x6b, 0x70);
const TARGET_BYTES = 8;
const TOKEN_BYTES = 12;
const PORT_AT = QUESTION.length + TARGET_BYTES + TOKEN_BYTES;
/** Of both. */
const BYTES = PORT_AT + 2;
/** An answer to a question of the last such span, or the one before, counts. */
const SPAN_MS = 60_000;
/** How long a peer that has knocked answers: as long as it may still be dialled for it. */
const KNOCKING_MS = 30_000;
const MAX_KNOCKING = 32;

/** Asks for proofs, and remembers nothing: the address is in the question. */
export class ProofAsker {
  readonly #head: Uint8Array;
  readonly #now: () => number;
  readonly #secret = crypto.getRandomValues(new Uint8Array(32));

  /** @param now Milliseconds, never going back. */
  constructor(target: Uint8Array, now: () => number) {
    this.#head = target.slice(0, TARGET_BYTES);
    this.#now = now;
  }

  /** What to send to an address. */
  question(address: string): Uint8Array<ArrayBuffer> {
    return concat(QUESTION, this.#head, this.#token(address, this.#span()), new Uint8Array(2));
  }

  /** The TCP port that somebody at `from` names, if he answers a question that was sent there. Never throws. */
  answered(data: Uint8Array, from: Endpoint): number | undefined {
    if (!hasForm(data, ANSWER) || !equalBytes(targetIn(data), this.#head)) return undefined;
    const token = data.slice(PORT_AT - TOKEN_BYTES, PORT_AT);
    const span = this.#span();
    const isOurs = [span, span - 1].some((then) => equalBytes(token, this.#token(from.hostname, then)));
    const port = data[PORT_AT]! << 8 | data[PORT_AT + 1]!;
    return isOurs && isPort(port) ? port : undefined;
  }

  #span(): number {
    return Math.floor(this.#now() / SPAN_MS);
  }

  #token(address: string, span: number): Uint8Array {
    const hash = createHash("sha256").update(this.#secret).update(`${span} ${address}`);
    return new Uint8Array(hash.digest()).slice(0, TOKEN_BYTES);
  }
}

/** Answers for a peer that has knocked, and for nobody who has not. */
export class ProofGiver {
  readonly #now: () => number;
  /** By the first bytes of the target. */
  readonly #knocks = new Map<
    string,
    { readonly port: number; readonly asker: string; readonly until: number }
  >();

  /** @param now Milliseconds, never going back. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** We knock at a target, with a TCP port; a question may come from the address `asker`. */
  expect(target: Uint8Array, port: number, asker: string): void {
    const key = target.slice(0, TARGET_BYTES).toHex();
    this.#knocks.delete(key);
    this.#knocks.set(key, { port, asker, until: this.#now() + KNOCKING_MS });
    if (this.#knocks.size > MAX_KNOCKING) this.#knocks.delete(this.#knocks.keys().next().value!);
  }

  /** What to send back, if it is a question that we expect. Never throws. */
  answer(data: Uint8Array, from: Endpoint): Uint8Array<ArrayBuffer> | undefined {
    if (!hasForm(data, QUESTION)) return undefined;
    const knock = this.#knocks.get(targetIn(data).toHex());
    if (!knock || knock.asker !== from.hostname || this.#now() > knock.until) return undefined;
    const { port } = knock;
    return concat(ANSWER, data.subarray(ANSWER.length, PORT_AT), Uint8Array.of(port >> 8, port & 255));
  }
}

function hasForm(data: Uint8Array, magic: Uint8Array): boolean {
  return data.length === BYTES && equalBytes(data.subarray(0, magic.length), magic);
}

function targetIn(data: Uint8Array): Uint8Array {
  return data.subarray(QUESTION.length, QUESTION.length + TARGET_BYTES);
}
