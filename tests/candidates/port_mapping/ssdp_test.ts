import { assertEquals } from "@std/assert";
import {
  decodeSearchAnswer,
  encodeSearch,
  findDescription,
  urlAt,
} from "../../../lib/candidates/port_mapping/_ssdp.ts";
import { seededRandom } from "../../simulation.ts";
import { LOOPBACK } from "./_fake_router.ts";
import { startIgd } from "./_fake_igd.ts";

const IGD = "urn:schemas-upnp-org:device:InternetGatewayDevice:1";
const bytes = (text: string) => new TextEncoder().encode(text);
const answer = (location: string, st = IGD) =>
  bytes(`HTTP/1.1 200 OK\r\nST: ${st}\r\nLocation: ${location}\r\nUSN: x\r\n\r\n`);

Deno.test("encodeSearch() is an M-SEARCH request", () => {
  const lines = new TextDecoder().decode(encodeSearch(IGD)).split("\r\n");
  assertEquals(lines.slice(0, 2), ["M-SEARCH * HTTP/1.1", "HOST: 239.255.255.250:1900"]);
  assertEquals(lines.slice(-3), [`ST: ${IGD}`, "", ""]);
});

Deno.test("decodeSearchAnswer() believes a router about itself alone", () => {
  const at = (location: string, st?: string) => decodeSearchAnswer(answer(location, st), "192.168.1.1")?.href;
  assertEquals(at("http://192.168.1.1:5000/desc.xml"), "http://192.168.1.1:5000/desc.xml");
  assertEquals(at("http://192.168.1.1/desc.xml"), "http://192.168.1.1/desc.xml");
  const others = ["http://203.0.113.9/", "https://192.168.1.1/", "file:///etc/passwd", "nonsense", ""];
  assertEquals(others.map((location) => at(location)), others.map(() => undefined));
  assertEquals(at("http://192.168.1.1/", "urn:schemas-upnp-org:device:MediaServer:1"), undefined);
});

Deno.test("decodeSearchAnswer() never throws, and takes no rubbish for an answer", () => {
  const random = seededRandom(1), whole = answer("http://192.168.1.1/d");
  for (let i = 0; i < 2000; i++) {
    const length = Math.floor(random() * 300);
    assertEquals(
      decodeSearchAnswer(whole.map(() => Math.floor(random() * 256)).slice(0, length), "192.168.1.1"),
      null,
    );
    decodeSearchAnswer(
      whole.with(Math.floor(random() * whole.length), Math.floor(random() * 256)),
      "192.168.1.1",
    );
  }
  assertEquals(
    decodeSearchAnswer(bytes(new TextDecoder().decode(whole) + "x".repeat(5000)), "192.168.1.1"),
    null,
  );
});

Deno.test("urlAt() resolves what is relative, at the router alone", () => {
  const base = new URL("http://192.168.1.1:5000/desc.xml"), hostname = "192.168.1.1";
  assertEquals(urlAt("/ctl", { hostname, base })?.href, "http://192.168.1.1:5000/ctl");
  assertEquals(urlAt("//203.0.113.9/ctl", { hostname, base }), null);
  assertEquals(urlAt(`/${"x".repeat(2000)}`, { hostname, base }), null);
});

Deno.test("findDescription() gives the place that the router names, and null where none answers", async () => {
  await using igd = await startIgd();
  const signal = new AbortController().signal;
  const found = await findDescription(LOOPBACK, { signal, port: igd.port });
  assertEquals(found?.href, igd.location);
  igd.manners.silent = true;
  assertEquals(await findDescription(LOOPBACK, { signal, port: igd.port }), null);
});
