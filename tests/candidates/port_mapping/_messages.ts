/** A generator of numbers that is the same in every run (mulberry32). */
function generator(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Random bytes of random lengths, and `good` with some bytes changed, cut off or doubled. */
export function* randomMessages(good: Uint8Array, count = 4000): Generator<Uint8Array> {
  const random = generator(7);
  const below = (n: number) => Math.floor(random() * n);
  for (let n = 0; n < count; n++) {
    if (n % 4 === 0) yield Uint8Array.from({ length: below(1500) }, () => below(256));
    else if (n % 4 === 1) yield good.subarray(0, below(good.length));
    else if (n % 4 === 2) yield new Uint8Array([...good, ...good.subarray(below(good.length))]);
    else {
      const changed = Uint8Array.from(good);
      for (let k = below(4); k >= 0; k--) changed[below(good.length)] = below(256);
      yield changed;
    }
  }
}
