import { assertEquals, assertRejects } from "@std/assert";
import { parseTarget } from "../../lib/targets/mod.ts";
import { temporaryFolder } from "../temporary_folder.ts";

async function hrefOf(text: string): Promise<string> {
  const address = await parseTarget(text);
  return address.kind === "http" ? address.url.href : address.kind;
}

Deno.test("parseTarget() reads web servers", async () => {
  const table: Record<string, string> = {
    "8080": "http://localhost:8080/",
    "65535": "http://localhost:65535/",
    "127.0.0.1:3000": "http://127.0.0.1:3000/",
    "nas.local:80": "http://nas.local/",
    "[::1]:3000": "http://[::1]:3000/",
    "http://nas.local": "http://nas.local/",
    "http://localhost:8080/base/": "http://localhost:8080/base/",
    "HTTP://NAS:1": "http://nas:1/",
  };
  for (const [text, href] of Object.entries(table)) assertEquals(await hrefOf(text), href, text);
});

Deno.test("parseTarget() reads TCP services", async () => {
  const table: Record<string, [hostname: string, port: number]> = {
    "tcp:22": ["localhost", 22],
    "tcp:nas.local:22": ["nas.local", 22],
    "TCP:[::1]:5432": ["::1", 5432],
  };
  for (const [text, [hostname, port]] of Object.entries(table)) {
    assertEquals(await parseTarget(text), { kind: "tcp", endpoint: { hostname, port } }, text);
  }
});

Deno.test("parseTarget() reads folders that exist, also with a name that looks like something else", async () => {
  await using parent = await temporaryFolder();
  const path = `${parent.path}/8080`;
  await Deno.mkdir(path);
  assertEquals(await parseTarget(path), { kind: "folder", path });
  assertEquals(await parseTarget("."), { kind: "folder", path: "." });
});

Deno.test("parseTarget() says what is wrong with everything else", async () => {
  const port = "a port is 1 to 65535";
  const table: Record<string, string> = {
    "0": port,
    "65536": port,
    "99999": port,
    "1234567": port,
    "localhost:0": port,
    "tcp:0": port,
    "tcp:nas:70000": port,
    "tcp:": "it must be PORT, HOST:PORT",
    "tcp:nas": "it must be PORT, HOST:PORT",
    "http://": "it must be",
    "http:8080": "it must be",
    "http://x:0/": "it must be",
    "http://x:99999/": "it must be",
    "http://user:secret@x/": "a host, a port and a path, nothing else",
    "http://x/?q": "a host, a port and a path, nothing else",
    "https://x/": "it must be",
    "ftp://x/": "it must be",
    "localhost": "it must be",
    "[::1:80": "it must be",
    "": "it must be",
    "./no/such/folder": "there is no such folder",
    "./deno.json": "it is a file",
  };
  for (const [text, words] of Object.entries(table)) {
    const error = await assertRejects(() => parseTarget(text), SyntaxError, words, text);
    if (!error.message.endsWith(`current value is "${text}"`)) throw error;
  }
});
