import { assertEquals, assertRejects } from "@std/assert";
import type { ByteStream } from "../../lib/punch/mod.ts";
import { acceptOpenSocks, acceptSocks, SocksError } from "../../lib/tunnel/socks5.ts";

/** A client that has written `input`, ends, and keeps what it is told. It gives its bytes one at a time. */
class ScriptedClient implements ByteStream {
  readonly localAddr = { hostname: "127.0.0.1", port: 1 };
  readonly remoteAddr = { hostname: "127.0.0.1", port: 2 };
  readonly told: number[] = [];
  readonly #input: number[];

  constructor(input: number[]) {
    this.#input = [...input];
  }

  get left(): number {
    return this.#input.length;
  }

  read(buffer: Uint8Array): Promise<number | null> {
    const byte = this.#input.shift();
    if (byte === undefined) return Promise.resolve(null);
    buffer[0] = byte;
    return Promise.resolve(1);
  }

  write(data: Uint8Array): Promise<number> {
    this.told.push(...data);
    return Promise.resolve(data.length);
  }

  closeWrite = () => Promise.resolve();
  close = () => {};
}

const ascii = (text: string) => [...new TextEncoder().encode(text)];
const counted = (text: string) => [text.length, ...ascii(text)];
const GREETING = [5, 2, 0, 2];
const LOGIN = [1, ...counted("anna"), ...counted("secret")];
const CONNECT = [5, 1, 0, 3, ...counted("Peer.skip.alt"), 1, 187];
const GRANTED = [5, 2, 1, 0];

function authorize(username: Uint8Array, password: Uint8Array): string | null {
  const text = new TextDecoder();
  return text.decode(username) === "anna" && text.decode(password) === "secret" ? "anna's ticket" : null;
}

Deno.test("acceptSocks() reads a login and a request, and no byte beyond", async () => {
  const client = new ScriptedClient([...GREETING, ...LOGIN, ...CONNECT, 22, 3, 1]);
  assertEquals(await acceptSocks(client, authorize), {
    ticket: "anna's ticket",
    hostname: "peer.skip.alt",
    port: 443,
  });
  assertEquals(client.told, GRANTED);
  assertEquals(client.left, 3);
});

Deno.test("acceptSocks() reads addresses", async () => {
  const request = (type: number, address: number[]) =>
    acceptSocks(new ScriptedClient([...GREETING, ...LOGIN, 5, 1, 0, type, ...address, 1, 187]), authorize);
  assertEquals((await request(1, [192, 0, 2, 9])).hostname, "192.0.2.9");
  assertEquals((await request(4, [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9])).hostname, "100::9");
});

const refusal = (code: number) => [5, code, 0, 1, 0, 0, 0, 0, 0, 0];

const REFUSED: { name: string; input: number[]; told: number[] }[] = [
  { name: "SOCKS4", input: [4, 1, 0, 80, 127, 0, 0, 1, 0], told: [] },
  { name: "HTTP", input: ascii("GET / HTTP/1.1\r\n\r\n"), told: [] },
  { name: "no methods", input: [5, 0], told: [5, 255] },
  { name: "no login offered", input: [5, 1, 0], told: [5, 255] },
  { name: "only GSSAPI offered", input: [5, 1, 1], told: [5, 255] },
  { name: "a wrong login version", input: [...GREETING, 5, ...LOGIN.slice(1)], told: [5, 2] },
  {
    name: "a wrong password",
    input: [...GREETING, 1, ...counted("anna"), ...counted("secreT")],
    told: [5, 2, 1, 1],
  },
  { name: "an empty login", input: [...GREETING, 1, 0, 0], told: [5, 2, 1, 1] },
  { name: "a wrong request version", input: [...GREETING, ...LOGIN, 4, ...CONNECT.slice(1)], told: GRANTED },
  {
    name: "BIND",
    input: [...GREETING, ...LOGIN, 5, 2, ...CONNECT.slice(2)],
    told: [...GRANTED, ...refusal(7)],
  },
  {
    name: "UDP ASSOCIATE",
    input: [...GREETING, ...LOGIN, 5, 3, ...CONNECT.slice(2)],
    told: [...GRANTED, ...refusal(7)],
  },
  {
    name: "an unknown address type",
    input: [...GREETING, ...LOGIN, 5, 1, 0, 9, 1, 2],
    told: [...GRANTED, ...refusal(8)],
  },
];

for (const { name, input, told } of REFUSED) {
  Deno.test(`acceptSocks() refuses ${name}`, async () => {
    const client = new ScriptedClient(input);
    await assertRejects(() => acceptSocks(client, authorize), SocksError);
    assertEquals(client.told, told);
  });
}

Deno.test("acceptSocks() notices a client that ends anywhere in the middle", async () => {
  const whole = [...GREETING, ...LOGIN, ...CONNECT];
  for (let length = 0; length < whole.length; length++) {
    const client = new ScriptedClient(whole.slice(0, length));
    await assertRejects(() => acceptSocks(client, authorize), Deno.errors.UnexpectedEof);
  }
});

Deno.test("acceptSocks() survives whatever bytes it gets", async () => {
  let state = 1;
  const random = () => (state = state * 1103515245 + 12345 & 0x7fffffff) >> 16 & 255;
  for (let round = 0; round < 500; round++) {
    const valid = [...GREETING, ...LOGIN, ...CONNECT];
    for (let i = 0; i < 3; i++) valid[random() % valid.length] = random();
    const outcome = await acceptSocks(new ScriptedClient(valid), authorize).then(
      ({ ticket }) => ticket,
      (error) => error instanceof SocksError || error instanceof Deno.errors.UnexpectedEof,
    );
    assertEquals(outcome === "anna's ticket" || outcome === true, true, `round ${round}`);
  }
});

Deno.test("acceptSocks() never tells the password in its error", async () => {
  const client = new ScriptedClient([...GREETING, 1, ...counted("anna"), ...counted("hunter2")]);
  const error = await assertRejects(() => acceptSocks(client, authorize), SocksError);
  assertEquals(`${error.message} ${error.stack}`.includes("hunter2"), false);
});

Deno.test("acceptOpenSocks() asks for no login, and refuses a client that insists on one", async () => {
  const client = new ScriptedClient([...GREETING, ...CONNECT, 22]);
  assertEquals(await acceptOpenSocks(client), { hostname: "peer.skip.alt", port: 443 });
  assertEquals([client.told, client.left], [[5, 0], 1]);
  const insisting = new ScriptedClient([5, 1, 2, ...LOGIN, ...CONNECT]);
  await assertRejects(() => acceptOpenSocks(insisting), SocksError, "insists on a login");
  assertEquals(insisting.told, [5, 255]);
});
