import { assertEquals, assertThrows } from "@std/assert";
import { concat, utf8 } from "../../lib/bytes.ts";
import { contains, readFlows } from "./pcap.ts";

const FILE_HEADER = Uint8Array.fromHex("d4c3b2a1020004000000000000000000000004000100" + "0000");

/** One record: an Ethernet frame with an IPv4 packet from 10.0.0.1 to 10.0.0.2. */
function record(protocol: number, ports: string, header: string, payload: string): Uint8Array {
  const segment = concat(Uint8Array.fromHex(ports + header), utf8(payload));
  const ip = Uint8Array.fromHex(`4500000000000000400000000a0000010a000002`);
  ip[3] = 20 + segment.length;
  ip[9] = protocol;
  const padding = new Uint8Array(4); // as Ethernet adds it to short frames
  const frame = concat(new Uint8Array(12), Uint8Array.of(8, 0), ip, segment, padding);
  const head = new Uint8Array(16);
  new DataView(head.buffer).setUint32(8, frame.length, true);
  return concat(head, frame);
}

const TCP_HEADER = "0000000000000000" + "60000000" + "00000000" + "01010101"; // one word of options
const UDP_HEADER = "00000000";

Deno.test("readFlows() joins what one side sent, in order, and keeps the sides apart", () => {
  const file = concat(
    FILE_HEADER,
    record(6, "00500051", TCP_HEADER, "one "),
    record(6, "00510050", TCP_HEADER, "answer"),
    record(17, "00070008", UDP_HEADER, "datagram"),
    record(6, "00500051", TCP_HEADER, "two"),
    record(1, "00000000", "", "icmp"),
  );
  const flows = readFlows(file).map(({ bytes, ...flow }) => ({
    ...flow,
    text: new TextDecoder().decode(bytes),
  }));
  assertEquals(flows, [
    { protocol: "tcp", from: "10.0.0.1:80", to: "10.0.0.2:81", text: "one two" },
    { protocol: "tcp", from: "10.0.0.1:81", to: "10.0.0.2:80", text: "answer" },
    { protocol: "udp", from: "10.0.0.1:7", to: "10.0.0.2:8", text: "datagram" },
  ]);
});

Deno.test("readFlows() reads no other kind of file", () => {
  assertThrows(() => readFlows(new Uint8Array(24)), SyntaxError);
});

Deno.test("contains() finds bytes anywhere", () => {
  const bytes = utf8("aab aabc");
  assertEquals(["aabc", "aab ", "c", "abd", "aabcd"].map((text) => contains(bytes, utf8(text))), [
    true,
    true,
    true,
    false,
    false,
  ]);
});
