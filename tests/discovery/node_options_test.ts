import { assertRejects, assertThrows } from "@std/assert";
import { DhtNode } from "../../lib/discovery/node.ts";
import { checkPorts } from "../../lib/discovery/node_options.ts";

for (const port of [-1, 65_536, 1.5, NaN]) {
  Deno.test(`checkPorts() refuses the port ${port}`, () => {
    assertThrows(() => checkPorts({ port, bootstrap: [] }), RangeError, `current value is ${port}`);
  });
}

for (const port of [0, 99_999]) {
  Deno.test(`DhtNode.open() refuses a bootstrap node with port ${port}`, async () => {
    await assertRejects(
      () => DhtNode.open({ bootstrap: [{ hostname: "127.0.0.1", port }] }),
      RangeError,
      `bootstrap node "127.0.0.1" must be from 1 to 65535, current value is ${port}`,
    );
  });
}

Deno.test("checkPorts() accepts any port, and names", () => {
  checkPorts({ bootstrap: [] });
  checkPorts({ port: 0, bootstrap: [{ hostname: "nohost.invalid", port: 65_535 }] });
});
