import { assertEquals } from "@std/assert";
import { answerReserved, HELLO_PATH, isReserved } from "../../lib/tunnel/_reserved.ts";
import { SpeedTest } from "../../lib/tunnel/_speed.ts";

const ORIGIN = "https://id.skip.alt";
const info = {
  remoteAddr: { transport: "tcp", hostname: "198.51.100.7", port: 7 },
  completed: Promise.resolve(),
} as const;

Deno.test("isReserved() knows what belongs to every serving peer, under any of its names", () => {
  for (const origin of [ORIGIN, "https://[100::1]", "https://localhost:8080"]) {
    assertEquals(isReserved(`${origin}${HELLO_PATH}`), true);
    assertEquals(isReserved(`${origin}/.well-known/skip/anything?x=1`), true);
    for (
      const path of [
        "",
        "/",
        "/.well-known/",
        "/.well-known/skip",
        "/a/.well-known/skip/hello",
        "/?/.well-known/skip/",
      ]
    ) {
      assertEquals(isReserved(`${origin}${path}`), false, path);
    }
  }
});

Deno.test("answerReserved() says hello with 204, and 404 to what nobody knows", async () => {
  const table: [method: string, path: string, status: number][] = [
    ["GET", HELLO_PATH, 204],
    ["GET", `${HELLO_PATH}?x`, 204],
    ["POST", HELLO_PATH, 405],
    ["GET", "/.well-known/skip/", 404],
    ["GET", "/.well-known/skip/../../etc", 404],
  ];
  for (const [method, path, status] of table) {
    const response = await answerReserved(new Request(`${ORIGIN}${path}`, { method }), info, {
      speed: new SpeedTest(),
    });
    assertEquals(response.status, status, path);
  }
});
