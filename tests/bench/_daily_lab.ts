/**
 * A peer that stays connected, through two port-restricted NATs at 50 ms: its second connection, and how soon it finds the
 * other one again that has got another address.
 *
 * @module
 */
import { startDht } from "../lab/dht.ts";
import { renumber } from "../lab/faults.ts";
import { Lab } from "../lab/mod.ts";
import { Stayer } from "../lab/stayer.ts";
import { startServing } from "../session.ts";

const RTT_MS = 50;

/** Milliseconds of each run. */
export interface LabFigures {
  /** From asking for the second WebSocket to its being open. */
  readonly second: readonly number[];
  /** From the change of the serving peer's address to a WebSocket to the new one. */
  readonly recovery: readonly number[];
}

/** Each run begins with processes of its own. */
export async function measureLab(runs: number): Promise<LabFigures> {
  await using lab = await Lab.create({ rttMs: RTT_MS });
  await using dht = await startDht(lab);
  const [serving, connecting] = await lab.pair("port", "port");
  const { routers } = serving;
  const figures = { second: [] as number[], recovery: [] as number[] };
  let { publicAddress } = serving;
  for (let run = 0; run < runs; run++) {
    await using server = await startServing({ bootstrap: dht.bootstrap, serving });
    await using stayer = await Stayer.start(server.id, dht.bootstrap, connecting);
    figures.second.push((await stayer.next("second")).ms);
    await stayer.next("third");
    const address = `6.77.0.${run + 1}`;
    await renumber(lab, { publicAddress, routers }, address);
    publicAddress = address;
    const start = performance.now();
    const { remote } = await stayer.next("again");
    if (!remote.startsWith(`${address}:`)) throw new Error(`It came back to ${remote}, and not ${address}`);
    figures.recovery.push(performance.now() - start);
  }
  return figures;
}
