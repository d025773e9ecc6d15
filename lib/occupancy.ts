/** How many are inside, in all and for each address. */
export class Occupancy {
  readonly #max: number;
  readonly #maxPerAddress: number;
  readonly #perAddress = new Map<string, number>();
  #total = 0;

  constructor(max: number, maxPerAddress: number) {
    this.#max = max;
    this.#maxPerAddress = maxPerAddress;
  }

  /** Lets one in, and gives the way to leave, to be used once; `null` where it is full. */
  enter(address: string): (() => void) | null {
    const count = this.#perAddress.get(address) ?? 0;
    if (this.#total >= this.#max || count >= this.#maxPerAddress) return null;
    this.#total++;
    this.#perAddress.set(address, count + 1);
    return () => this.#leave(address);
  }

  #leave(address: string) {
    this.#total--;
    const left = this.#perAddress.get(address)! - 1;
    if (left === 0) this.#perAddress.delete(address);
    else this.#perAddress.set(address, left);
  }
}
