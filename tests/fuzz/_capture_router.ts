import { Lab } from "../lab/mod.ts";

/**
 * What miniupnpd answers, in the router of a lab: NAT-PMP and PCP in hexadecimal, with the word `udp` before them; the answers
 * over HTTP and those to the search as text.
 */
export async function captureRouter(): Promise<string[]> {
  await using lab = await Lab.create({ rttMs: 0, hosts: 1 });
  const peer = await lab.peer("upnp");
  const script = `${import.meta.dirname}/testdata/ask_router.ts`;
  const router = peer.address.replace(/\.\d+$/, ".1");
  const { stdout, stderr } = await peer.output(Deno.execPath(), [
    ...["run", "-A", "--quiet", "--no-config", "--no-lock"],
    ...[script, router, peer.address],
  ]);
  if (stdout === "") throw new Error(`Cannot ask the router: ${stderr}`);
  return JSON.parse(stdout);
}
