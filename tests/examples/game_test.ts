import { assert, assertEquals } from "@std/assert";
import { connect } from "../../mod.ts";
import { ExampleNetwork } from "./_example.ts";

interface State {
  tick: number;
  players: { name: string; x: number; y: number; coins: number }[];
  winner?: string;
}

/** A player who sees everything, and may cheat. */
async function join(id: string, network: ExampleNetwork) {
  const socket = await connect(id, { bootstrap: network.bootstrap, stun: [], portMapping: false });
  const states: State[] = [];
  let look = () => {};
  socket.onmessage = ({ data }) => {
    states.push(JSON.parse(data));
    look();
  };
  const closed = new Promise((resolve) => socket.onclose = resolve);
  return {
    socket,
    states,
    press: (keys: string) => [...keys].forEach((key) => socket.send(key)),
    until: (matches: (state: State) => boolean) =>
      new Promise<State>((resolve) => {
        look = () => {
          const found = states.find(matches);
          if (found) resolve(found);
        };
        look();
      }),
    async [Symbol.asyncDispose]() {
      socket.close();
      await closed;
    },
  };
}

const of = (state: State, name: string) => state.players.find((player) => player.name === name);

Deno.test("examples/game.ts: the referee moves two players by their keys, and by nothing else", async () => {
  await using network = await ExampleNetwork.create();
  await using referee = await network.start("game.ts");
  const id = await referee.id();
  await using ann = await join(id, network);
  await using bob = await join(id, network);
  await ann.until(({ players }) => players.length === 2);

  ann.socket.send('{"x":3,"y":0}');
  ann.socket.send("dd");
  ann.press("ddd");
  bob.press("aass");
  const won = await bob.until((state) => of(state, "A")?.coins === 1);
  assertEquals([of(won, "A")!.x, of(won, "A")!.y], [3, 0]);
  const moved = await ann.until((state) => of(state, "B")?.y === 2);
  assertEquals([of(moved, "B")!.x, of(moved, "B")!.y], [13, 2]);
  for (const { states } of [ann, bob]) {
    for (let n = 1; n < states.length; n++) {
      assertEquals(states[n]!.tick, states[n - 1]!.tick + 1, "each tick is told once");
      const [before, after] = [of(states[n - 1]!, "A"), of(states[n]!, "A")];
      if (before && after) assert(Math.abs(after.x - before.x) <= 1, "one step a tick");
    }
  }
  await join(id, network).then(() => assert(false, "there are two seats"), () => {});
});

Deno.test("examples/game.ts: whoever plays at a terminal sees the board, and wins by three coins", async () => {
  await using network = await ExampleNetwork.create();
  await using referee = await network.start("game.ts");
  await using player = await network.start("game.ts", await referee.id());
  await player.stdout.until(/^A 0\nA \. \. o/m);
  await player.type("ddd\n");
  await player.stdout.until(/^A 1\n. . . A/m);
  await player.stdout.until(/^(. ){10}o/m);
  await player.type("ssddddd\n");
  await player.stdout.until(/^(\. ){8}A \. o/m); // few keys at once are taken
  await player.type("dd\n");
  await player.stdout.until(/^A 2\n(?:[. ]+\n){2}(\. ){10}A o/m);
  await player.type("d\n");
  await player.stdout.until(/^A wins\n/m);
});
