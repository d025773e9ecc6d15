// A Hono app, served to a friend: one line is another than on a public server.
//
//   deno run -N -S=networkInterfaces --ignore-env hono.ts
// deno-lint-ignore-file no-console no-import-prefix -- so that this file runs wherever it is copied to
import { Hono } from "npm:hono@^4";
import { serve } from "@skip-public-ip/skip-public-ip";

const app = new Hono();
app.get("/", (c) => c.html("<h1>Hello from my machine</h1>"));
app.get("/hello/:name", (c) => c.json({ hello: c.req.param("name") }));
app.post("/shout", async (c) => c.text((await c.req.text()).toUpperCase()));

// Deno.serve(app.fetch);
const server = await serve(app.fetch);

console.log(server.id);
await server.finished;
