import { encodeStun, StunAttribute, StunType } from "../../lib/candidates/mod.ts";
import { encodeProbe } from "../../lib/check/probe.ts";

const PORT = 34_780;
const ID = Uint8Array.from({ length: 12 }, (_, i) => i);
/** RFC 5769 sections 2.1 to 2.3: a request, and responses over IPv4 and IPv6. */
const SAMPLES = [
  "000100582112a442b7e7a701bc34d686fa87dfae802200105354554e207465737420636c69656e74002400046e0001ff80290008932ff9b151263b36000600096576746a3a68367659202020000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a280280004e57a3bcf",
  "0101003c2112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220002000080001a147e112a643000800142b91f599fd9e90c38c7489f92af9ba53f06be7d780280004c07d4c96",
  "010100482112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d900080014a382954e4be67bf11784c97c8292c275bfe3ed4180280004c8fb0b4c",
];

/** Requests and what coturn answers to each over TCP, in hexadecimal; and the samples of RFC 5769. */
export async function captureStun(): Promise<string[]> {
  const child = new Deno.Command("turnserver", {
    args: [
      ...["-n", "--verbose", "--stun-only", "--no-udp", "--no-tls", "--no-dtls", "--no-cli"],
      ...["--listening-ip", "127.0.0.1", "--listening-port", `${PORT}`, "--relay-threads", "1"],
      ...["--db", "/dev/null", "--pidfile", "/dev/null", "--log-file", "stdout"],
    ],
    stdout: "piped",
    stderr: "null",
  }).spawn();
  try {
    const output = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    for (let log = ""; !log.includes("TCP listener opened on");) log += (await output.read()).value;
    const heard: string[] = [];
    for (const request of requests()) heard.push(request.toHex(), await ask(request));
    return [...SAMPLES, ...heard];
  } finally {
    child.kill("SIGKILL");
    await child.status;
  }
}

function requests(): Uint8Array<ArrayBuffer>[] {
  const with_ = (...attributes: [number, Uint8Array][]) =>
    encodeStun({ type: StunType.request, transactionId: ID, attributes: new Map(attributes) });
  return [
    with_(),
    with_([StunAttribute.wanted, new Uint8Array(16)]),
    with_([StunAttribute.probe, encodeProbe({ transport: "tcp", port: 7000 })]),
    with_([0x7ffe, Uint8Array.of(1, 2, 3)], [0x0003, new Uint8Array(4)]),
    with_([0x8022, new TextEncoder().encode("a program")]),
  ];
}

async function ask(request: Uint8Array<ArrayBuffer>): Promise<string> {
  using conn = await Deno.connect({ hostname: "127.0.0.1", port: PORT });
  await conn.write(request);
  const buffer = new Uint8Array(2000);
  return buffer.subarray(0, await conn.read(buffer) ?? 0).toHex();
}
