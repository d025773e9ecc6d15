/**
 * Learns what the NAT of this machine does from the STUN servers that are given, as if no vote had been heard: `learn_nat.ts
 * HOST:PORT...`. Prints the NAT, where its port is seen, and where the first server sees the very next connection.
 *
 * @module
 */
import { interfaceAddresses } from "../../../lib/candidates/mod.ts";
import { askObserver } from "../../../lib/check/mod.ts";
import { parseHostPort } from "../../../lib/endpoint.ts";
import { natOf } from "../../../lib/nat.ts";
import { Lookout } from "../../../lib/_lookout.ts";
import { learnNat } from "../../../lib/_nat_learner.ts";
import { openPort } from "../../../lib/punch/mod.ts";

const servers = Deno.args.map(parseHostPort);
const signal = AbortSignal.timeout(10_000);
const open = () => openPort({ port: 0, onConnection: (stream) => stream.close() });
await using port = await open();
await using another = await open();
const own = interfaceAddresses().map(({ address }) => address);
using lookout = new Lookout(port);
const learned = await learnNat({ votes: natOf("unknown"), lookout, servers, own, signal });
const stream = await another.dial(servers[0]!, { signal });
const { mapped } = await askObserver(stream, { signal });
stream.close();
const result = { nat: learned.nat, external: learned.external, port: port.port, next: mapped.port };
await Deno.stdout.write(new TextEncoder().encode(JSON.stringify(result)));
