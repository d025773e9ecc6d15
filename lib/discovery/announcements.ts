/**
 * Which of the announcements that nodes name to believe: nobody shall be dialled at the word of nodes that lie.
 *
 * An honest node takes an announcement only from the address that it names, by BEP 5's token; a lying one names whom it likes.
 * So an endpoint counts once somebody there has answered us ({@linkcode ProofAsker}). Where the NATs let no datagram through,
 * most of the nodes that we poll must name it, and then nearly all of a jury: two dozen nodes, so many that they cannot well
 * be in one hand. Our own node's word is enough: it has checked for itself.
 *
 * @module
 */
import { type Endpoint, formatEndpoint } from "../endpoint.ts";
import { Budget, Budgets, type Rate, Recent } from "./_limits.ts";
import { ProofAsker } from "./address_proof.ts";
import type { Clock } from "./clock.ts";
import { operatorOf } from "./contacts.ts";
import { trustedReplies } from "./shortlist.ts";
import type { Contact, Reply } from "./types.ts";

/** Of the networks in which those nodes are: so that a jury is worth hearing, and of the jury itself. Some packets get lost. */
const VOTE_SHARE = 5 / 8;
const JURY_SHARE = 5 / 6;
/** How often a jury is heard: it takes some hundred packets. */
const JURIES: Rate = { burst: 5, perSecond: 0.1 };
/** Until then a proof may come, which says as well which port it is about. */
const VOTE_AFTER_MS = 300;
/** How long a node's word, and a proof, counts. */
const WORD_MS = 60_000;
const PROVEN_MS = 2 * 60_000;
const MAX_WORDS = 256;
const MAX_NODES = 64;
const MAX_PROVEN = 1024;
const MAX_WAITING = 1024;
/** Each node's word costs at most so many datagrams. */
const QUESTIONS: Rate = { burst: 16, perSecond: 2 };
/** An address that has announced itself with thousands of ports gets no more, and leaves the rest to others. */
const QUESTIONS_PER_ADDRESS: Rate = { burst: 4, perSecond: 0.5 };
const MAX_ADDRESSES = 1024;
/** Nodes go on naming an endpoint for up to 45 min: who has not proven himself by then does not any more. */
const TRIED_MS = 2 * 60_000;
/** An endpoint is asked again if it does not answer: datagrams get lost. */
const ASK_AGAIN_MS = 1_000;
/** How often the word of one network has us ask all others at once. */
const CONFIRMATIONS: Rate = { burst: 4, perSecond: 0.25 };

/** What {@linkcode Announcements} need. */
export interface AnnouncementsOptions {
  readonly clock: Clock;
  /** Where announcements are looked for. */
  readonly target: Uint8Array;
  /** The closest nodes. */
  readonly voters: () => readonly Contact[];
  /** Whether an endpoint may be dialled at all. */
  readonly mayPunch: (endpoint: Endpoint, from: Endpoint) => boolean;
  /** Sends a datagram. */
  readonly send: (to: Endpoint, data: Uint8Array) => void;
  /** Asks all of the closest nodes now. */
  readonly confirm: () => void;
  /** Asks more nodes than the closest who has announced himself, closest first. */
  readonly jury: () => Promise<readonly Reply[]>;
  /** Endpoints that are proven, again and again while nodes name them; at the word of whom. */
  readonly onProven: (endpoints: readonly Endpoint[], from: Endpoint) => void;
}

/** Sorts them. */
export class Announcements implements Disposable {
  readonly #options: AnnouncementsOptions;
  readonly #asker: ProofAsker;
  readonly #words = new Map<string, Recent>();
  /** Endpoints that wait for a proof: since when, and at whose word. */
  readonly #waiting = new Map<
    string,
    { readonly endpoint: Endpoint; readonly from: Endpoint; readonly at: number }
  >();
  readonly #proven: Recent;
  /** The datagram endpoints of those who answered: those are not for TCP. */
  readonly #spent: Recent;
  readonly #elected: Recent;
  readonly #asked: Recent;
  readonly #questions: Budgets;
  readonly #questionsPerAddress: Budgets;
  readonly #confirmations: Budgets;
  readonly #juries: Budget;
  #isJuryOut = false;
  #cancelCount: (() => void) | undefined;

  constructor(options: AnnouncementsOptions) {
    const now = () => options.clock.now();
    this.#options = options;
    this.#asker = new ProofAsker(options.target, now);
    this.#proven = new Recent(MAX_PROVEN, PROVEN_MS, now);
    this.#spent = new Recent(MAX_PROVEN, 10 * WORD_MS, now);
    this.#elected = new Recent(MAX_PROVEN, PROVEN_MS, now);
    this.#juries = new Budget(JURIES, now);
    this.#asked = new Recent(MAX_WAITING, ASK_AGAIN_MS, now);
    this.#questions = new Budgets(QUESTIONS, MAX_NODES, now);
    this.#questionsPerAddress = new Budgets(QUESTIONS_PER_ADDRESS, MAX_ADDRESSES, now);
    this.#confirmations = new Budgets(CONFIRMATIONS, MAX_NODES, now);
  }

  /** A node has named endpoints. */
  heard({ from, isOwn = false, values }: Reply): void {
    const { mayPunch, onProven } = this.#options;
    const named = values.filter((v) => !this.#spent.has(formatEndpoint(v)) && mayPunch(v, from));
    if (isOwn) return onProven(named, from);
    this.#remember(from, named);
    const proven = named.filter((v) => this.#isProven(v));
    if (proven.length > 0) onProven(proven, from);
    this.#ask(named.filter((v) => !proven.includes(v) && this.#isTried(v)), from);
    if (!this.#cancelCount && named.some((v) => this.#isVoted(v))) this.#count();
  }

  /** A datagram that is not KRPC. Whether it was for us. */
  datagram(data: Uint8Array, from: Endpoint): boolean {
    const port = this.#asker.answered(data, from);
    if (port === undefined) return false;
    this.#proven.add(from.hostname);
    this.#spent.add(formatEndpoint(from));
    this.#options.onProven([{ hostname: from.hostname, port }], from);
    return true;
  }

  /** Counts no more. */
  [Symbol.dispose](): void {
    this.#cancelCount?.();
  }

  #remember(node: Contact, named: readonly Endpoint[]): void {
    const key = formatEndpoint(node);
    const words = this.#words.get(key) ?? new Recent(MAX_WORDS, WORD_MS, () => this.#options.clock.now());
    this.#words.delete(key);
    this.#words.set(key, words);
    if (this.#words.size > MAX_NODES) this.#words.delete(this.#words.keys().next().value!);
    for (const one of named) words.add(formatEndpoint(one));
  }

  #ask(named: readonly Endpoint[], from: Contact): void {
    const { clock, confirm, send } = this.#options;
    const fresh = named.filter((one) => !this.#waiting.has(formatEndpoint(one)));
    for (const endpoint of fresh) {
      this.#waiting.set(formatEndpoint(endpoint), { endpoint, from, at: clock.now() });
      if (this.#waiting.size > MAX_WAITING) this.#waiting.delete(this.#waiting.keys().next().value!);
    }
    for (const one of named) {
      const key = formatEndpoint(one);
      if (this.#asked.has(key) || !this.#questionsPerAddress.take(one.hostname)) continue;
      if (!this.#questions.take(formatEndpoint(from))) return;
      this.#asked.add(key);
      send(one, this.#asker.question(one.hostname));
    }
    if (fresh.length === 0 || !this.#confirmations.take(operatorOf(from))) return;
    confirm();
    this.#cancelCount ??= clock.schedule(VOTE_AFTER_MS, () => this.#count());
  }

  /** The votes are in; where they are for somebody, a jury decides. Never rejects. */
  async #count(): Promise<void> {
    this.#cancelCount = undefined;
    const voted = [...this.#waiting.values()].filter(({ endpoint }) => this.#isVoted(endpoint));
    if (voted.length === 0 || this.#isJuryOut || !this.#juries.take()) return;
    this.#isJuryOut = true;
    const replies = await this.#options.jury().catch(() => []);
    this.#isJuryOut = false;
    for (const { from, values } of replies) this.#remember(from, values);
    const jury = trustedReplies(replies).map(({ from }) => from);
    for (const { endpoint, from } of voted) {
      if (!this.#isNamedBy(jury, endpoint, JURY_SHARE) || this.#spent.has(formatEndpoint(endpoint))) continue;
      this.#elected.add(formatEndpoint(endpoint));
      this.#options.onProven([endpoint], from);
    }
  }

  /** Whether it is new enough to be worth the effort. */
  #isTried(endpoint: Endpoint): boolean {
    const { at = Infinity } = this.#waiting.get(formatEndpoint(endpoint)) ?? {};
    return this.#options.clock.now() - at < TRIED_MS;
  }

  #isProven(endpoint: Endpoint): boolean {
    return this.#proven.has(endpoint.hostname) || this.#elected.has(formatEndpoint(endpoint));
  }

  /** Whether a jury should be heard. */
  #isVoted(endpoint: Endpoint): boolean {
    const { at = Infinity } = this.#waiting.get(formatEndpoint(endpoint)) ?? {};
    return this.#options.clock.now() - at >= VOTE_AFTER_MS && this.#isTried(endpoint) &&
      !this.#isProven(endpoint) &&
      this.#isNamedBy(this.#options.voters(), endpoint, VOTE_SHARE);
  }

  /** Each network has one vote, of which each of its nodes has its part. */
  #isNamedBy(nodes: readonly Contact[], endpoint: Endpoint, share: number): boolean {
    const key = formatEndpoint(endpoint);
    const networks = [...Map.groupBy(nodes, operatorOf).values()];
    const votes = networks.map((some) => some.filter((node) => this.#names(node, key)).length / some.length);
    return networks.length > 0 && votes.reduce((sum, vote) => sum + vote) >= share * networks.length;
  }

  #names(node: Contact, key: string): boolean {
    return this.#words.get(formatEndpoint(node))?.has(key) ?? false;
  }
}
