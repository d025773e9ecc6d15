/**
 * Headless Chromium by its own protocol: enough to open a page, ask it something, and look at it.
 *
 * @see {@link https://chromedevtools.github.io/devtools-protocol/}
 * @module
 */
import { deadline } from "@std/async";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];
/** A page that does nothing for so long does it never. */
const PATIENCE_MS = 20_000;
/** No traffic of the browser's own, and nothing that needs a screen. */
const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--disable-dev-shm-usage",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--remote-debugging-port=0",
];

/** Why no browser can be started here; `undefined` if one can. */
export function chromiumUnavailable(): string | undefined {
  return findChromium() === undefined
    ? `no Chromium in the PATH (Debian: apt-get install chromium)`
    : undefined;
}

function findChromium(): string | undefined {
  return NAMES.find((name) => {
    try {
      return new Deno.Command(name, { args: ["--version"], stdout: "null", stderr: "null" }).outputSync()
        .success;
    } catch {
      return false;
    }
  });
}

/** What the protocol answers, as far as nobody looks closer. */
// deno-lint-ignore no-explicit-any
type Answer = any;

/** Options of {@linkcode Chromium.open}. */
export interface OpenOptions {
  /** Through which it is reached, as a URL such as `socks5://127.0.0.1:1080`. @default none */
  readonly proxy?: string;
}

/** A browser with a profile of its own, which is removed at the end. */
export class Chromium implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #profile: string;
  readonly #stderr: ReadableStreamDefaultReader<string>;
  readonly #socket: WebSocket;
  readonly #answers = new Map<number, PromiseWithResolvers<Answer>>();
  readonly #listeners = new Set<(method: string, params: Answer, session: string) => void>();
  #calls = 0;

  private constructor(
    child: Deno.ChildProcess,
    profile: string,
    stderr: ReadableStreamDefaultReader<string>,
    socket: WebSocket,
  ) {
    this.#child = child;
    this.#profile = profile;
    this.#stderr = stderr;
    this.#socket = socket;
    socket.onmessage = ({ data }) => this.#hear(JSON.parse(data));
  }

  /** Starts it. */
  static async start(): Promise<Chromium> {
    const profile = await Deno.makeTempDir({ prefix: "skip-chromium-" });
    const child = new Deno.Command(findChromium()!, {
      args: [...FLAGS, `--user-data-dir=${profile}`, "about:blank"],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const stderr = child.stderr.pipeThrough(new TextDecoderStream()).getReader();
    const socket = new WebSocket(await deadline(debuggingAddress(stderr), PATIENCE_MS));
    await new Promise((resolve, reject) => {
      socket.onopen = resolve;
      socket.onerror = reject;
    });
    return new Chromium(child, profile, stderr, socket);
  }

  #hear({ id, error, result, method, params, sessionId }: Answer) {
    const answer = this.#answers.get(id);
    this.#answers.delete(id);
    if (error) answer?.reject(new Error(JSON.stringify(error)));
    else answer?.resolve(result);
    if (method) { for (const listen of this.#listeners) listen(method, params, sessionId); }
  }

  /** Calls a method of the protocol. */
  call(method: string, params: object = {}, sessionId?: string): Promise<Answer> {
    const id = ++this.#calls;
    const answer = Promise.withResolvers<Answer>();
    this.#answers.set(id, answer);
    this.#socket.send(JSON.stringify({ id, method, params, ...(sessionId ? { sessionId } : {}) }));
    return deadline(answer.promise, PATIENCE_MS);
  }

  /** Opens a page in a window of its own, without the cookies and the storage of the others. */
  async open(url: string, screen: Screen, { proxy }: OpenOptions = {}): Promise<Page> {
    const context = proxy === undefined ? {} : { proxyServer: proxy };
    const { browserContextId } = await this.call("Target.createBrowserContext", context);
    const { targetId } = await this.call("Target.createTarget", { url: "about:blank", browserContextId });
    const { sessionId } = await this.call("Target.attachToTarget", { targetId, flatten: true });
    const page = new Page(this, sessionId);
    this.#listeners.add((method, params, session) => session === sessionId && page.note(method, params));
    await page.show(screen);
    await page.go(url);
    return page;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.call("Browser.close").catch(() => {});
    await this.#child.status;
    while (!(await this.#stderr.read()).done) { /* its last words */ }
    if (this.#socket.readyState !== WebSocket.CLOSED) {
      await new Promise((resolve) => this.#socket.onclose = resolve);
    }
    await Deno.remove(this.#profile, { recursive: true });
  }
}

async function debuggingAddress(stderr: ReadableStreamDefaultReader<string>): Promise<string> {
  for (let text = "";;) {
    const { value, done } = await stderr.read();
    if (done) throw new Error(`Cannot start Chromium: ${text}`);
    text += value;
    const address = /DevTools listening on (ws:\S+)\s/.exec(text)?.[1];
    if (address) return address;
  }
}

/** What a page is looked at with. */
export interface Screen {
  readonly width: number;
  readonly height: number;
  /** With touch, and pixels of a telephone. @default {false} */
  readonly phone?: boolean;
  /** @default {false} */
  readonly dark?: boolean;
}

/** One open page. */
export class Page {
  /** What went wrong in it: exceptions, violations of its policy. */
  readonly complaints: string[] = [];
  readonly #browser: Chromium;
  readonly #session: string;

  constructor(browser: Chromium, session: string) {
    this.#browser = browser;
    this.#session = session;
  }

  #call(method: string, params: object = {}): Promise<Answer> {
    return this.#browser.call(method, params, this.#session);
  }

  /** For {@linkcode Chromium.open}: hears an event. */
  note(method: string, params: Answer): void {
    if (method === "Runtime.exceptionThrown") {
      this.complaints.push(params.exceptionDetails.exception?.description);
    } else if (method === "Log.entryAdded" && params.entry.source !== "network") {
      this.complaints.push(params.entry.text);
    }
  }

  /** Changes the screen. */
  async show({ width, height, phone = false, dark = false }: Screen): Promise<void> {
    const deviceScaleFactor = phone ? 2 : 1;
    await this.#call("Emulation.setDeviceMetricsOverride", {
      ...{ width, height, deviceScaleFactor, mobile: phone },
    });
    await this.#call("Emulation.setTouchEmulationEnabled", { enabled: phone });
    const features = [{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }];
    await this.#call("Emulation.setEmulatedMedia", { features });
  }

  /** Goes to an address. */
  async go(url: string): Promise<void> {
    for (const domain of ["Page", "Runtime", "Log"]) await this.#call(`${domain}.enable`);
    const { errorText } = await this.#call("Page.navigate", { url });
    if (errorText) throw new Error(`Cannot open ${url}: ${errorText}`);
    await this.until("document.readyState === 'complete'");
  }

  /** The value of an expression in the page. */
  async evaluate<T>(expression: string): Promise<T> {
    const { result, exceptionDetails } = await this.#call("Runtime.evaluate", {
      ...{ expression, returnByValue: true, awaitPromise: true },
    });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  /** Waits until an expression is true, looking at it with every frame that the page draws. */
  async until(expression: string): Promise<void> {
    const look = `new Promise((resolve) => {
      const look = () => (${expression}) ? resolve() : requestAnimationFrame(look);
      look();
    })`;
    await this.evaluate(look).catch(async (error) => {
      const text = await this.evaluate("document.body.innerText");
      throw new Error(`${expression} was never true, but the page shows: ${text}`, { cause: error });
    });
  }

  /** Types into an element, as a person does who taps it first. */
  async type(selector: string, text: string): Promise<void> {
    await this.evaluate(`document.querySelector(${JSON.stringify(selector)}).focus()`);
    await this.#call("Input.insertText", { text });
  }

  /** Presses Enter. */
  async enter(): Promise<void> {
    const key = { key: "Enter", code: "Enter", windowsVirtualKeyCode: 13 };
    await this.#call("Input.dispatchKeyEvent", { type: "keyDown", text: "\r", ...key });
    await this.#call("Input.dispatchKeyEvent", { type: "keyUp", ...key });
  }

  /** A picture of what is on the screen, as PNG. */
  async screenshot(): Promise<Uint8Array<ArrayBuffer>> {
    return Uint8Array.fromBase64((await this.#call("Page.captureScreenshot")).data);
  }
}
