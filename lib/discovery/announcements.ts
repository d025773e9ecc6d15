/**
 * Which of the announcements that nodes name to believe: nobody shall be dialled at the word of nodes that lie.
 *
 * An honest node takes an announcement only from the address that it names, by BEP 5's token; a lying one names whom it likes.
 * So an endpoint counts once somebody there has answered us ({@linkcode ProofAsker}). Where the NATs let no datagram through,
 * most of the nodes that we poll must name it, and then most of a jury: forty nodes, so many that most of them cannot well be
 * in one hand, and that whoever knocks finds most of them, too. Our own node's word is enough: it has checked for itself.
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
const JURY_SHARE = 3 / 5;
/** How often a jury is heard: it takes some hundred packets. */
const JURIES: Rate = { burst: 8, perSecond: 0.25 };
/** Until then a proof may come, which says as well which port it is about. */
const VOTE_AFTER_MS = 300;
/** Who has not been announced to a jury yet is so a moment later. */
const JURY_AGAIN_MS = 250;
/** How long a node's word, and a proof, counts. */
const WORD_MS = 60_000;
const PROVEN_MS = 10 * 60_000;
const MAX_WORDS = 256;
const MAX_NODES = 64;
const MAX_PROVEN = 1024;
const MAX_WAITING = 1024;
/** Why an address is asked. */
type Occasion = "new" | "old" | "knock";
/** Each node's word costs at most so many datagrams. */
const QUESTIONS: Rate = { burst: 16, perSecond: 2 };
/**
 * An address that has announced itself with thousands of ports gets no more, and leaves the rest to others. What a node names
 * that has not named it before is most likely somebody who waits; the rest may be half an hour old.
 */
const QUESTIONS_PER_ADDRESS: Readonly<Record<Occasion, Rate>> = {
  new: { burst: 8, perSecond: 1 },
  old: { burst: 4, perSecond: 0.5 },
  knock: { burst: 8, perSecond: 1 },
};
const MAX_ADDRESSES = 1024;
/** Nodes go on naming an endpoint for up to 45 min: who has not proven himself by then does not any more. */
const TRIED_MS = 2 * 60_000;
/** And who has is not asked again, however long they name him. */
const PASSED_MS = 15 * 60_000;
const MAX_PASSED = 4096;
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
  /** Whether our NAT lets questions out from where whoever knocks expects them. */
  readonly canAsk: () => boolean;
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
  readonly #passed: Recent;
  readonly #knocking: Recent;
  readonly #asked: Recent;
  readonly #questions: Budgets;
  readonly #questionsPerAddress: Readonly<Record<Occasion, Budgets>>;
  readonly #confirmations: Budgets;
  readonly #juries: Budget;
  #isJuryOut = false;
  #juryAt = -Infinity;
  #cancelCount: (() => void) | undefined;

  constructor(options: AnnouncementsOptions) {
    const now = () => options.clock.now();
    this.#options = options;
    this.#asker = new ProofAsker(options.target, now);
    this.#proven = new Recent(MAX_PROVEN, PROVEN_MS, now);
    this.#spent = new Recent(MAX_PROVEN, 10 * WORD_MS, now);
    this.#passed = new Recent(MAX_PASSED, PASSED_MS, now);
    this.#knocking = new Recent(MAX_WAITING, WORD_MS, now);
    this.#juries = new Budget(JURIES, now);
    this.#asked = new Recent(MAX_WAITING, ASK_AGAIN_MS, now);
    this.#questions = new Budgets(QUESTIONS, MAX_NODES, now);
    const budgets = (occasion: Occasion) => new Budgets(QUESTIONS_PER_ADDRESS[occasion], MAX_ADDRESSES, now);
    this.#questionsPerAddress = { new: budgets("new"), old: budgets("old"), knock: budgets("knock") };
    this.#confirmations = new Budgets(CONFIRMATIONS, MAX_NODES, now);
  }

  /** A node has named endpoints. */
  heard({ from, isOwn = false, values }: Reply): void {
    const { mayPunch } = this.#options;
    const named = values.filter((v) => !this.#spent.has(formatEndpoint(v)) && mayPunch(v, from));
    if (isOwn) return this.#pass(named, from);
    const fresh = this.#remember(from, named);
    const proven = named.filter((v) => this.#isProven(v));
    this.#pass(proven, from);
    const open = named.filter((v) => !proven.includes(v) && this.#isTried(v));
    this.#ask(open.filter((v) => fresh.includes(v)), from, "new");
    this.#ask(open.filter((v) => !fresh.includes(v)), from, "old");
    if (named.some((v) => this.#isVoted(v))) this.#count();
  }

  /** A knock has come by datagram from somebody who knows our id: from there the answer could come as well. */
  knocked(from: Endpoint): void {
    this.#knocking.add(formatEndpoint(from));
    this.knockedAgain(from);
  }

  /**
   * Something like a knock has come by datagram. From whoever has knocked before it comes again and again, so that a lost
   * question or answer costs a fraction of a second.
   */
  knockedAgain(from: Endpoint): void {
    if (!this.#knocking.has(formatEndpoint(from)) || this.#proven.has(from.hostname)) return;
    if (!this.#options.mayPunch(from, from)) return;
    if (this.#questionsPerAddress.knock.take(from.hostname)) this.#send(from);
  }

  /** A datagram that is not KRPC. Whether it was for us. */
  datagram(data: Uint8Array, from: Endpoint): boolean {
    const port = this.#asker.answered(data, from);
    if (port === undefined) return false;
    this.#proven.add(from.hostname);
    this.#spent.add(formatEndpoint(from));
    this.#pass([{ hostname: from.hostname, port }], from);
    return true;
  }

  /** Counts no more. */
  [Symbol.dispose](): void {
    this.#cancelCount?.();
  }

  #pass(endpoints: readonly Endpoint[], from: Endpoint): void {
    if (endpoints.length === 0) return;
    for (const one of endpoints) this.#passed.add(formatEndpoint(one));
    this.#options.onProven(endpoints, from);
  }

  /** Gives those that the node has not named before, though it was heard. */
  #remember(node: Contact, named: readonly Endpoint[]): Endpoint[] {
    const key = formatEndpoint(node);
    const known = this.#words.get(key);
    const words = known ?? new Recent(MAX_WORDS, WORD_MS, () => this.#options.clock.now());
    const fresh = named.filter((one) => known?.has(formatEndpoint(one)) === false);
    this.#words.delete(key);
    this.#words.set(key, words);
    if (this.#words.size > MAX_NODES) this.#words.delete(this.#words.keys().next().value!);
    for (const one of named) words.add(formatEndpoint(one));
    return fresh;
  }

  #ask(named: readonly Endpoint[], from: Contact, occasion: Occasion): void {
    const { clock, confirm } = this.#options;
    const unknown = named.filter((one) => !this.#waiting.has(formatEndpoint(one)));
    for (const endpoint of unknown) {
      this.#waiting.set(formatEndpoint(endpoint), { endpoint, from, at: clock.now() });
      if (this.#waiting.size > MAX_WAITING) this.#waiting.delete(this.#waiting.keys().next().value!);
    }
    for (const one of named) {
      if (this.#asked.has(formatEndpoint(one))) continue;
      if (!this.#questionsPerAddress[occasion].take(one.hostname)) continue;
      if (!this.#questions.take(formatEndpoint(from))) return;
      this.#send(one);
    }
    if (unknown.length === 0 || !this.#confirmations.take(operatorOf(from))) return;
    confirm();
    this.#cancelCount ??= clock.schedule(VOTE_AFTER_MS, () => this.#count());
  }

  #send(to: Endpoint): void {
    this.#asked.add(formatEndpoint(to));
    this.#options.send(to, this.#asker.question(to.hostname));
  }

  /** The votes are in; where they are for somebody, a jury decides. Never rejects. */
  async #count(): Promise<void> {
    this.#cancelCount?.();
    this.#cancelCount = undefined;
    const { clock, jury: hear } = this.#options;
    const voted = [...this.#waiting.values()].filter(({ endpoint }) => this.#isVoted(endpoint));
    const isTooSoon = this.#isJuryOut || clock.now() - this.#juryAt < JURY_AGAIN_MS;
    if (voted.length === 0 || isTooSoon || !this.#juries.take()) return;
    this.#isJuryOut = true;
    const replies = await hear().catch(() => []);
    this.#isJuryOut = false;
    this.#juryAt = clock.now();
    for (const { from, values } of replies) this.#remember(from, values);
    const jury = trustedReplies(replies).map(({ from }) => from);
    for (const { endpoint, from } of voted) {
      if (!this.#isNamedBy(jury, endpoint, JURY_SHARE) || this.#spent.has(formatEndpoint(endpoint))) continue;
      this.#proven.add(endpoint.hostname); // it is the address that nodes have checked
      this.#pass([endpoint], from);
    }
  }

  /** Whether it is new enough to be worth the effort. */
  #isTried(endpoint: Endpoint): boolean {
    const { at = Infinity } = this.#waiting.get(formatEndpoint(endpoint)) ?? {};
    return this.#options.clock.now() - at < TRIED_MS;
  }

  #isProven(endpoint: Endpoint): boolean {
    return this.#proven.has(endpoint.hostname) || this.#passed.has(formatEndpoint(endpoint));
  }

  /** Whether a jury should be heard. */
  #isVoted(endpoint: Endpoint): boolean {
    const { at = Infinity } = this.#waiting.get(formatEndpoint(endpoint)) ?? {};
    const { canAsk, clock, voters } = this.#options;
    return clock.now() - at >= (canAsk() ? VOTE_AFTER_MS : 0) && this.#isTried(endpoint) &&
      !this.#isProven(endpoint) && this.#isNamedBy(voters(), endpoint, VOTE_SHARE);
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
