// A game for two: who first has three coins wins. The serving peer is the referee: it alone knows where everybody is,
// moves them twenty times a second, and tells both what they see.
//
//   deno run -N -S=networkInterfaces --ignore-env game.ts        waits for two players, and prints the id
//   deno run -N -S=networkInterfaces --ignore-env game.ts ID     plays: w a s d and Enter
// deno-lint-ignore-file no-console -- what it prints is what it is for
import { connect, serve } from "@skip-public-ip/skip-public-ip";

const TICK_MS = 50;
const [WIDTH, HEIGHT] = [16, 6];
const COINS_TO_WIN = 3;
const STEPS: Record<string, [x: number, y: number]> = { w: [0, -1], a: [-1, 0], s: [0, 1], d: [1, 0] };

interface Player {
  name: "A" | "B";
  x: number;
  y: number;
  coins: number;
}
interface State {
  tick: number;
  players: Player[];
  coin: { x: number; y: number };
  winner?: string;
}

const [id] = Deno.args;
if (id) await play(id);
else await referee();

async function referee() {
  const seats = new Map<WebSocket, Player & { keys: string[] }>();
  let state: State = { tick: 0, players: [], coin: { x: 3, y: 0 } };

  await using server = await serve((request) => {
    const taken = [...seats.values()].map(({ name }) => name);
    const name = (["A", "B"] as const).find((one) => !taken.includes(one));
    if (!name) return new Response("Both seats are taken.\n", { status: 503 });
    const { socket, response } = Deno.upgradeWebSocket(request);
    const player = { name, x: name === "A" ? 0 : WIDTH - 1, y: 0, coins: 0, keys: [] as string[] };
    seats.set(socket, player);
    // A player says which keys are pressed, never where they are; more than a few at once are nobody's fingers.
    socket.onmessage = ({ data }) =>
      Object.hasOwn(STEPS, data) && player.keys.length < 8 && player.keys.push(data);
    socket.onclose = () => seats.delete(socket);
    return response;
  });
  console.log(server.id);

  const timer = setInterval(() => {
    state = advance(state, [...seats.values()]);
    const text = JSON.stringify(state);
    for (const socket of seats.keys()) if (socket.readyState === WebSocket.OPEN) socket.send(text);
  }, TICK_MS);
  await server.finished;
  clearInterval(timer);
}

/** One tick: each player makes at most one step, and whoever stands on the coin has it. */
function advance({ tick, coin, winner }: State, seats: (Player & { keys: string[] })[]): State {
  for (const player of seats) {
    const [dx, dy] = STEPS[player.keys.shift() ?? ""] ?? [0, 0];
    if (winner) continue;
    player.x = Math.min(WIDTH - 1, Math.max(0, player.x + dx));
    player.y = Math.min(HEIGHT - 1, Math.max(0, player.y + dy));
    if (player.x !== coin.x || player.y !== coin.y) continue;
    player.coins++;
    coin = { x: (coin.x * 7 + 5) % WIDTH, y: (coin.y * 3 + 2) % HEIGHT };
    if (player.coins === COINS_TO_WIN) winner = player.name;
  }
  const players = seats.map(({ name, x, y, coins }) => ({ name, x, y, coins }));
  return { tick: tick + 1, players, coin, ...(winner ? { winner } : {}) };
}

async function play(id: string) {
  const socket = await connect(id, { signal: AbortSignal.timeout(30_000) });
  let shown = "";
  socket.onmessage = ({ data }) => {
    const picture = draw(JSON.parse(data));
    if (picture !== shown) console.log(shown = picture);
  };
  socket.onclose = () => Deno.exit();
  for await (const keys of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
    for (const key of keys.trim()) socket.send(key);
  }
  socket.close();
}

function draw({ players, coin, winner }: State): string {
  const board = Array.from({ length: HEIGHT }, () => Array(WIDTH).fill("."));
  board[coin.y]![coin.x] = "o";
  for (const { name, x, y } of players) board[y]![x] = name;
  const score = players.map(({ name, coins }) => `${name} ${coins}`).join("   ");
  return [winner ? `${winner} wins` : score, ...board.map((row) => row.join(" "))].join("\n");
}
