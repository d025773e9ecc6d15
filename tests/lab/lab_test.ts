import { assert, assertEquals } from "@std/assert";
import { addressScope } from "../../lib/endpoint.ts";
import { Agent } from "./agent.ts";
import { labTest } from "./lab_test_helper.ts";
import { Lab } from "./mod.ts";
import { runScript } from "./shell.ts";

/** The namespaces, and the command lines, in which `prefix` occurs. */
async function traces(prefix: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name } of Deno.readDir("/run/netns")) if (name.startsWith(prefix)) found.push(name);
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const commandLine = await Deno.readTextFile(`/proc/${name}/cmdline`).catch(() => ""); // it has just ended
    // Another process's lab may be asking whose namespace that is.
    if (commandLine.includes(prefix) && !commandLine.startsWith("ip\0")) found.push(commandLine);
  }
  return found;
}

async function linksOutside(): Promise<string[]> {
  const links: string[] = [];
  for await (const { name } of Deno.readDir("/sys/class/net")) links.push(name);
  return links.filter((name) => /^(port\d+|wan|lan|delay)$/.test(name));
}

/** Starts a process that makes a lab; `owner` is its id, and that of its process group. */
async function abandonLab() {
  const child = new Deno.Command("setsid", {
    args: [
      "--wait",
      Deno.execPath(),
      "run",
      "-A",
      "--no-config",
      "--no-lock",
      `${import.meta.dirname}/testdata/abandoned_lab.ts`,
    ],
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const reader = child.stdout.getReader();
  const prefix = new TextDecoder().decode((await reader.read()).value);
  await reader.cancel();
  return { child, prefix, owner: parseInt(prefix.split("-")[1]!, 36) };
}

labTest("Lab.create() gives hosts with global addresses in distinct /16s", async () => {
  await using lab = await Lab.create();
  const blocks = lab.hosts.map(({ address }) => address.split(".").slice(0, 2).join("."));
  assertEquals(new Set(blocks).size, 8);
  for (const { address, publicAddress } of lab.hosts) {
    assertEquals(addressScope(address), "global");
    assertEquals(publicAddress, address);
  }
});

labTest("Lab.close() leaves no namespace, process or device", async () => {
  const lab = await Lab.create({ hosts: 2 });
  const [a] = await lab.pair("port", "cgnat");
  const forgotten = a.spawn("sleep", ["1000"]);
  assert((await traces(lab.prefix)).length >= 8);
  await lab.close();
  assertEquals((await forgotten.status).signal, "SIGKILL");
  assertEquals(await traces(lab.prefix), []);
  assertEquals(await linksOutside(), []);
  await lab.close();
});

labTest("A lab is removed when its process is killed", async () => {
  const { child, prefix, owner } = await abandonLab();
  assert((await traces(prefix)).length > 0);
  Deno.kill(owner, "SIGKILL");
  await child.stderr.text(); // ends when the last that holds it has ended: the delay line, having cleaned up
  await child.status;
  assertEquals(await traces(prefix), []);
});

labTest("Lab.create() removes what was left by a process that was killed with its delay line", async () => {
  const { child, prefix, owner } = await abandonLab();
  await runScript("kill the process group", `kill -9 -${owner}`);
  await child.stderr.text();
  await child.status;
  await using _lab = await Lab.create({ hosts: 1 });
  assertEquals(await traces(prefix), []);
});

labTest("Two labs with the same addresses do not disturb each other", async () => {
  await using one = await Lab.create({ rttMs: 10, hosts: 2 });
  await using two = await Lab.create({ rttMs: 10, hosts: 2 });
  const target = one.hosts[1]!.address;
  assertEquals(two.hosts[1]!.address, target);
  await using server = new Agent(one.hosts[1]!);
  const { port } = await server.call("listen", { port: 0 });
  const outcomes = await Promise.all([one, two].map(async (lab) => {
    await using client = new Agent(lab.hosts[0]!);
    return (await client.call("dial", { port: 0, to: [target, port], timeoutMs: 2000, insist: false }))
      .outcome;
  }));
  assertEquals(outcomes, ["in", "reset"]);
});

labTest("LabHost.output() gives what a command says and its exit code", async () => {
  await using lab = await Lab.create({ hosts: 1 });
  const finished = await lab.hosts[0]!.output("sh", ["-c", "echo out; echo err >&2; exit 7"]);
  assertEquals(finished, { code: 7, stdout: "out\n", stderr: "err\n" });
});

labTest("A machine in the lab is told at once that a name cannot be resolved", async () => {
  await using lab = await Lab.create({ hosts: 1 });
  const peer = await lab.peer("port");
  const signal = AbortSignal.timeout(5000);
  const { code } = await peer.output("getent", ["hosts", "name.example"], { signal });
  assertEquals(code, 2, "getent knows no such name; a signal would mean that it was still asking");
});
