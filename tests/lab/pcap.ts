/**
 * What tcpdump has written down: classic pcap files with Ethernet frames.
 *
 * @see https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-05.html
 * @module
 */
import { concat } from "../../lib/bytes.ts";

/** All that one side of a TCP connection sent, or all datagrams from one UDP port to another. */
export interface Flow {
  readonly protocol: "tcp" | "udp";
  /** Endpoints, from and to. */
  readonly from: string;
  readonly to: string;
  /** In the order of the capture. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const FILE_HEADER_BYTES = 24;
const RECORD_HEADER_BYTES = 16;
const ETHERNET_BYTES = 14;
const ETHERNET = 1;
const IPV4 = 0x0800;
const PROTOCOLS: Readonly<Record<number, Flow["protocol"]>> = { 6: "tcp", 17: "udp" };

/** The payloads of all IPv4 packets, by flow. Throws `SyntaxError` for another kind of file. */
export function readFlows(file: Uint8Array): Flow[] {
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  const isLittle = view.getUint32(0, true) === 0xa1b2c3d4;
  if (!isLittle || view.getUint32(20, true) !== ETHERNET) {
    throw new SyntaxError("Cannot read the capture: it is no little-endian pcap file of Ethernet frames");
  }
  const flows = new Map<string, { flow: Omit<Flow, "bytes">; parts: Uint8Array[] }>();
  for (let at = FILE_HEADER_BYTES; at + RECORD_HEADER_BYTES <= file.length;) {
    const length = view.getUint32(at + 8, true);
    at += RECORD_HEADER_BYTES;
    const packet = readPacket(file.subarray(at, at + length));
    at += length;
    if (!packet) continue;
    const { payload, ...flow } = packet;
    const key = `${flow.protocol} ${flow.from} ${flow.to}`;
    const known = flows.get(key) ?? { flow, parts: [] };
    flows.set(key, known);
    known.parts.push(payload);
  }
  return [...flows.values()].map(({ flow, parts }) => ({ ...flow, bytes: concat(...parts) }));
}

function readPacket(frame: Uint8Array): Omit<Flow, "bytes"> & { payload: Uint8Array } | null {
  const ip = frame.subarray(ETHERNET_BYTES);
  const protocol = PROTOCOLS[ip[9]!];
  if ((frame[12]! << 8 | frame[13]!) !== IPV4 || !protocol) return null;
  const segment = ip.subarray((ip[0]! & 15) * 4, ip[2]! << 8 | ip[3]!);
  const port = (at: number) => segment[at]! << 8 | segment[at + 1]!;
  const header = protocol === "udp" ? 8 : (segment[12]! >> 4) * 4;
  return {
    protocol,
    from: `${ip.subarray(12, 16).join(".")}:${port(0)}`,
    to: `${ip.subarray(16, 20).join(".")}:${port(2)}`,
    payload: segment.subarray(header),
  };
}

/** Whether `needle` stands anywhere in `bytes`. */
export function contains(bytes: Uint8Array, needle: Uint8Array): boolean {
  for (let at = bytes.indexOf(needle[0]!); at >= 0; at = bytes.indexOf(needle[0]!, at + 1)) {
    if (needle.every((byte, i) => bytes[at + i] === byte)) return true;
  }
  return false;
}
