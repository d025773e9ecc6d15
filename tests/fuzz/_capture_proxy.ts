import { concat, utf8 } from "../../lib/bytes.ts";

const ID = "ybndrfg8ejkmcpqxot1uwisza345h769ybndrfg8ejkmcpqxot1y";
/** What curl waits for before it says more. */
const GREETING = Uint8Array.of(5, 0);
const GRANTED = Uint8Array.of(5, 0, 0, 1, 0, 0, 0, 0, 0, 0);

/** What curl says to a proxy, in hexadecimal: SOCKS5 by name and by address, HTTP with and without a body, CONNECT. */
export async function captureProxy(): Promise<string[]> {
  const url = `http://${ID}.skip.alt/path?query`;
  return [
    await heard("socks5h", [GREETING, GRANTED], [url]),
    await heard("socks5h", [GREETING, GRANTED], ["http://[2001:db8::1]:8080/"]),
    await heard("socks5", [GREETING, GRANTED], ["http://192.0.2.1/"]),
    await heard("socks5h", [GREETING], ["--proxy-user", "name:word", url]),
    await heard("http", [], [url]),
    await heard("http", [], ["--data", "a=b&c=d", url]),
    await heard("http", [], ["--header", "Transfer-Encoding: chunked", "--data", "body", url]),
    await heard("http", [], ["--http1.0", "--head", "--proxy-user", "name:word", url]),
    await heard("http", [utf8("HTTP/1.1 200 OK\r\n\r\n")], ["--proxytunnel", url]),
    await heard("http", [utf8("HTTP/1.1 200 OK\r\n\r\n")], [`https://${ID}.skip.alt/`]),
  ];
}

/** All that comes from one curl, which is told `answers` one by one and then that it is over. */
async function heard(scheme: string, answers: Uint8Array[], args: string[]): Promise<string> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const proxy = `${scheme}://127.0.0.1:${listener.addr.port}`;
  const child = new Deno.Command("curl", {
    args: ["--silent", "--max-time", "5", "--noproxy", "", "--proxy", proxy, ...args],
    stdout: "null",
    stderr: "null",
  }).spawn();
  using conn = await listener.accept();
  const parts: Uint8Array[] = [];
  const buffer = new Uint8Array(65_536);
  for (const answer of [...answers, undefined]) {
    const n = await conn.read(buffer);
    if (n === null) break;
    parts.push(buffer.slice(0, n));
    if (answer) await conn.write(Uint8Array.from(answer));
  }
  conn.close();
  await child.status;
  return concat(...parts).toHex();
}
