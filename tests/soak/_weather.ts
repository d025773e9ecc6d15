/**
 * What goes wrong for all at once, now and then.
 *
 * @module
 */
import { delay } from "@std/async";
import type { FaultStage } from "../bench/_fault_world.ts";
import type { SoakLog } from "./_log.ts";
import type { Dice } from "./_random.ts";
import { Troubles } from "./_troubles.ts";

const FAIR_MS: readonly [least: number, most: number] = [90_000, 240_000];
const FOUL_MS: readonly [least: number, most: number] = [15_000, 45_000];
/** What was sent in foul weather may arrive, or be repeated, so long after. */
const CLEARING_MS = 10_000;
/** Hosts of DHT nodes at which no peer begins. */
const DISPENSABLE_HOSTS = [2, 3, 4, 5, 6, 7];

/** Changes until it is over. */
export class Weather {
  /** Under which a connection may fail: packets get lost. */
  readonly rough = new Troubles();
  /** Which nobody is to notice: nodes of the DHT come and go all the time. */
  readonly mild = new Troubles();
  readonly #stage: FaultStage;
  readonly #dice: Dice;

  /** Fair at first. */
  constructor(stage: FaultStage, dice: Dice) {
    this.#stage = stage;
    this.#dice = dice;
  }

  /** Goes on until it is over; leaves everything in order. */
  async run(log: SoakLog, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await delay(this.#dice.between(...FAIR_MS), { signal }).catch(() => {});
      if (signal.aborted) return;
      const name = await (this.#dice.between(0, 1) === 0 ? this.#worsenWan(signal) : this.#killHost(signal));
      log.weather.set(name, 1 + (log.weather.get(name) ?? 0));
      await delay(CLEARING_MS, { signal }).catch(() => {});
    }
  }

  async #worsenWan(signal: AbortSignal): Promise<string> {
    const name = "10 % loss and reordering";
    const end = this.rough.begin(name);
    await this.#stage.lab.reshape({ loss: 0.1, reorder: 0.1 });
    await delay(this.#dice.between(...FOUL_MS), { signal }).catch(() => {});
    await this.#stage.lab.reshape({ loss: 0, reorder: 0 });
    end(CLEARING_MS);
    return name;
  }

  async #killHost(signal: AbortSignal): Promise<string> {
    const name = "an eighth of the DHT gone";
    const host = this.#dice.of(DISPENSABLE_HOSTS);
    const end = this.mild.begin(name);
    await this.#stage.dht.kill(host);
    await delay(this.#dice.between(...FOUL_MS), { signal }).catch(() => {});
    await this.#stage.dht.revive(host);
    end(CLEARING_MS);
    return name;
  }
}
