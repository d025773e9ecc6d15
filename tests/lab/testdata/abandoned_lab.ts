/** Makes a lab, says its prefix, and waits to be killed. */
import { Lab } from "../mod.ts";

const lab = await Lab.create({ hosts: 2 });
await lab.pair("port", "cgnat");
Deno.stdout.writeSync(new TextEncoder().encode(lab.prefix));
await new Promise(() => setInterval(() => {}, 1000));
