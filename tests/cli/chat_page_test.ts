/** The chat in a browser, the way a person gets there: by a local port, and by the name through a proxy. */
import { assertEquals } from "@std/assert";
import { browserTest } from "../browser/browser_test_helper.ts";
import { Chromium, type Page, type Screen } from "../browser/chromium.ts";
import { temporaryFolder } from "../temporary_folder.ts";
import { serveAlone, Skip, skip } from "./_skip.ts";

const DESK: Screen = { width: 1280, height: 800 };
const PHONE: Screen = { width: 390, height: 780, phone: true };
const ALONE = ["--no-stun", "--no-map"];
/** What a browser says of a header that it obeys with https alone: it does not know that the way to the name is safe. */
const NO_SECURE_ORIGIN = /^The Cross-Origin-Opener-Policy header has been ignored/;

/** A command, once it has said where it listens. */
async function listening(home: string, ...args: string[]) {
  const command = await Skip.start(args, { home });
  const [, address] = await command.stdout.until(/^(127\.0\.0\.1:\d+)\n/);
  return Object.assign(command, { address: address! });
}

async function say(page: Page, text: string) {
  await page.type("#text", text);
  await page.enter();
}

browserTest(
  "the chat's page works through skip forward, and by id and petname through skip proxy",
  async () => {
    await using home = await temporaryFolder();
    await using there = await serveAlone();
    const network = ["--bootstrap", there.bootstrap, ...ALONE];
    await using forward = await listening(home.path, "forward", there.id, ...network);
    assertEquals((await skip(["name", "add", "home", there.id], { home: home.path })).code, 0);
    await using proxy = await listening(home.path, "proxy", "--port", "0", ...network);
    await using browser = await Chromium.start();
    const pages = await Promise.all([
      browser.open(`http://${forward.address}/`, DESK),
      browser.open(`http://${there.id}.skip.alt/`, PHONE, { proxy: `socks5://${proxy.address}` }),
      browser.open("http://home.skip.alt/", DESK, { proxy: `http://${proxy.address}` }),
    ]).catch((error) => { // a browser does not say why
      throw new Error(`${error.message}\nforward: ${forward.stderr.text}\nproxy: ${proxy.stderr.text}`);
    });
    for (const page of pages) await page.until(`document.querySelectorAll("#list li").length === 4`);

    const hears = (page: Page, text: string) =>
      page.until(`document.querySelector("#log").innerText.includes(${JSON.stringify(text)})`);
    for (const [i, page] of pages.entries()) {
      await say(page, `I am page ${i}`);
      for (const other of pages) await hears(other, `I am page ${i}`);
      await there.stdout.until(new RegExp(`I am page ${i}`));
    }
    await there.type("hello from the terminal\n");
    for (const page of pages) await hears(page, "hello from the terminal");
    for (const page of pages) await page.until(`/ ms$/.test(document.querySelector("#trip").innerText)`);
    const complaints = pages.flatMap((page) => page.complaints);
    assertEquals(complaints.filter((text) => !NO_SECURE_ORIGIN.test(text)), []);
  },
);
