/** The page in a browser, against the chat behind a plain `Deno.serve`. */
import { assert, assertEquals } from "@std/assert";
import { Chat } from "../../../cli/_chat.ts";
import { Output } from "../../../cli/_output.ts";
import { VIEW_SCRIPT } from "../../../cli/page/view_script.ts";
import { browserTest } from "../../browser/browser_test_helper.ts";
import { Chromium, type Screen } from "../../browser/chromium.ts";

const DESK: Screen = { width: 1280, height: 800 };
const PHONE: Screen = { width: 390, height: 780, phone: true };
const SMALL: Screen = { width: 320, height: 480, phone: true };
/** Less than this cannot be hit by a finger. */
const FINGER_PX = 44;

/** A chat that nobody looks at but the browser; it can go away and come back at the same port. */
function room() {
  const terminal = { stdout: () => true, stderr() {}, isTerminal: { stdout: false, stderr: false } };
  const chat = new Chat(new Output({ json: false, quiet: true, verbose: false }, terminal));
  const start = (port: number) =>
    Deno.serve(
      { hostname: "127.0.0.1", port, onListen() {} },
      (request, info) => chat.handler(request, info),
    );
  let server = start(0);
  const { port } = server.addr;
  return {
    chat,
    url: `http://127.0.0.1:${port}/`,
    leave: () => server.shutdown(),
    comeBack: () => void (server = start(port)),
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

const isState = (state: string) => `document.querySelector("#state").dataset.state === "${state}"`;
const shows = (text: string) => `document.querySelector("#log").innerText.includes(${JSON.stringify(text)})`;
const listed =
  `[...document.querySelectorAll("#list li")].map((li) => [...li.children].map((part) => part.textContent).join(" "))`;

Deno.test("the page never makes markup of text", () => {
  assertEquals(/innerHTML|outerHTML|insertAdjacent|document\.write|eval|DOMParser/.test(VIEW_SCRIPT), false);
});

browserTest(
  "the page carries messages both ways, and shows who is here, the path and the round trip",
  async () => {
    await using served = room();
    await using browser = await Chromium.start();
    const ann = await browser.open(served.url, DESK);
    await ann.until(isState("open"));
    const bob = await browser.open(served.url, PHONE);
    await bob.until(isState("open"));
    await ann.until(`${listed}.join() === "host host,guest 1 you,guest 2 browser"`);

    await ann.type("#name", "Ann");
    await ann.enter();
    await bob.until(shows("guest 1 is now Ann"));
    await bob.type("#text", "hello from the telephone");
    await bob.enter();
    await ann.until(shows("hello from the telephone"));
    await bob.until(`document.querySelector(".mine p")?.innerText === "hello from the telephone"`);
    served.chat.say("hello from the terminal");
    for (const page of [ann, bob]) await page.until(shows("hello from the terminal"));

    await ann.until(`/^\\d+(\\.\\d)? ms$/.test(document.querySelector("#trip").innerText)`);
    await ann.until(`/^you are 127\\.0\\.0\\.1:\\d+$/.test(document.querySelector("#path").innerText)`);
    assertEquals([ann.complaints, bob.complaints], [[], []]);
  },
);

browserTest("the page shows a stranger's markup as the text that it is", async () => {
  await using served = room();
  await using browser = await Chromium.start();
  const page = await browser.open(served.url, DESK);
  await page.until(isState("open"));
  const evil = `<img src=x onerror="globalThis.owned=1"><script>globalThis.owned=1</` + "script>";
  const socket = new WebSocket(served.url.replace("http", "ws"), "skip.chat");
  await new Promise((resolve) => socket.onopen = resolve);
  socket.send(JSON.stringify({ type: "name", name: evil }));
  socket.send(JSON.stringify({ type: "say", text: evil }));
  await page.until(shows(evil));
  assertEquals(
    await page.evaluate("document.querySelectorAll('#log img, #log script, #list img').length"),
    0,
  );
  assertEquals(await page.evaluate("typeof globalThis.owned"), "undefined");
  const closed = new Promise((resolve) => socket.onclose = resolve);
  socket.close();
  await closed;
});

browserTest(
  "the page says when the connection is lost, keeps the draft, and comes back by itself",
  async () => {
    await using served = room();
    await using browser = await Chromium.start();
    const page = await browser.open(served.url, PHONE);
    await page.until(isState("open"));
    await page.evaluate(`document.querySelector("#toggle").click()`);
    await page.type("#name", "Ann");
    await page.evaluate(`document.querySelector("#name").dispatchEvent(new Event("change"))`);
    await page.until(`${listed}.includes("Ann you")`);
    await page.type("#text", "a draft");
    await served.leave();
    await page.until(`${isState("lost")} && document.querySelector("#send").disabled`);
    await page.until(shows("The connection was lost"));
    served.comeBack();
    await page.until(isState("open"));
    assertEquals(await page.evaluate(`document.querySelector("#text").value`), "a draft");
    await page.until(`${listed}.includes("Ann you")`); // it has said its name again
    await page.enter();
    await page.until(shows("a draft"));
  },
);

browserTest("the page fits every screen, and fingers can hit what they must", async () => {
  await using served = room();
  await using browser = await Chromium.start();
  const page = await browser.open(served.url, SMALL);
  await page.until(isState("open"));
  served.chat.say(`${"word ".repeat(400)} ${"x".repeat(500)}`);
  await page.until(shows("xxx"));
  for (const screen of [SMALL, PHONE, DESK, { ...DESK, dark: true }]) {
    await page.show(screen);
    await page.until(`innerWidth === ${screen.width}`);
    const [width, height] = await page.evaluate<number[]>(
      `[document.documentElement.scrollWidth, document.documentElement.scrollHeight]`,
    );
    assert(width! <= screen.width && height! <= screen.height, `${width} x ${height}`);
    const sizes = await page.evaluate<Record<string, number>>(`Object.fromEntries(
      [...document.querySelectorAll("button, textarea, input")].filter((one) => one.checkVisibility())
        .map((one) => [one.id, Math.min(one.offsetWidth, one.offsetHeight)]))`);
    for (const [id, size] of Object.entries(sizes)) assert(size >= FINGER_PX, `#${id}: ${size}`);
    assertEquals("name" in sizes, screen.width >= 1000); // beside the messages where there is room
  }
  const scrolled =
    `(({ scrollHeight, scrollTop, clientHeight }) => scrollHeight - scrollTop - clientHeight < 2)`;
  await page.until(`${scrolled}(document.querySelector("#log"))`);
});
