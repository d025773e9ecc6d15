import { formatEndpoint } from "../lib/endpoint.ts";
import type { PathKind } from "../lib/progress.ts";
import type { ServeInfo } from "../lib/serve.ts";
import { type Guest, PageGuest, PlainGuest } from "./_chat_guest.ts";
import { CHAT_PROTOCOL, MAX_NAME, MAX_TEXT, type PageMessage, type Person } from "./_chat_protocol.ts";
import type { Output } from "./_output.ts";
import { pageResponse } from "./page/mod.ts";

/** Lines after a message's first one stand under it, so that none looks like the message of somebody else. */
const INDENTED_LINE = "\n    ";
/** Whoever serves. */
const HOST: Person = { id: 0, name: "host", from: "host" };
/** Every page is told of every change, so their number bounds what a newcomer costs. */
const MAX_PAGES = 128;
/** The list that a page shows; the rest is a number. */
const MAX_LISTED = 64;
/** Paths that are known by their kind, the newest. */
const MAX_KINDS = 1024;

/** A room in which a plain peer hears itself and the person at the serving terminal, and a browser hears everybody. */
export class Chat {
  readonly #output: Output;
  readonly #plain = new Set<PlainGuest>();
  readonly #pages = new Set<PageGuest>();
  readonly #kinds = new Map<string, PathKind>();
  #guests = 0;
  #toldSoon = false;

  constructor(output: Output) {
    this.#output = output;
  }

  /** What is served: WebSockets are let in, a browser gets the page, everything else is told what this is. */
  readonly handler = async (request: Request, info: ServeInfo): Promise<Response> => {
    if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") return await pageFor(request);
    if (!isFromOwnPage(request)) {
      return new Response("This page may not talk to this peer.\n", { status: 403 });
    }
    const remote = formatEndpoint(info.remoteAddr); // gone once upgraded
    const isPage = offers(request, CHAT_PROTOCOL);
    if (isPage && this.#pages.size >= MAX_PAGES) return new Response("The room is full.\n", { status: 503 });
    const { socket, response } = Deno.upgradeWebSocket(request, isPage ? { protocol: CHAT_PROTOCOL } : {});
    socket.binaryType = "arraybuffer";
    const [id, peer] = [++this.#guests, info.remoteId];
    if (isPage) this.#welcomePage(socket, new PageGuest(socket, id, remote, peer));
    else this.#welcome(socket, new PlainGuest(socket, id, remote, peer));
    return response;
  };

  /** Remembers by what kind of path somebody comes, for the page to show. */
  learnPath(remote: string, kind: PathKind) {
    this.#kinds.set(remote, kind);
    if (this.#kinds.size > MAX_KINDS) this.#kinds.delete(this.#kinds.keys().next().value!);
  }

  /** Greets a plain peer, and gives it back what it says. */
  #welcome(socket: WebSocket, guest: PlainGuest) {
    const enter = () => socket.send("Welcome: you are connected, peer to peer. What you send comes back.");
    this.#attend(socket, guest, this.#plain, enter);
    socket.onmessage = ({ data }) => {
      this.#heard(guest, typeof data === "string" ? data : `(${data.byteLength} bytes)`);
      if (socket.readyState === WebSocket.OPEN) socket.send(data);
    };
  }

  #welcomePage(socket: WebSocket, guest: PageGuest) {
    this.#attend(socket, guest, this.#pages, () => {
      const kind = this.#kinds.get(guest.remote);
      const path = { remote: guest.remote, ...(kind ? { kind } : {}) };
      guest.tell({ type: "welcome", you: guest.person.id, path, maxText: MAX_TEXT, maxName: MAX_NAME });
    });
    socket.onmessage = ({ data }) => {
      const message = guest.read(data);
      if (message) this.#answer(guest, message);
    };
  }

  #answer(guest: PageGuest, message: PageMessage) {
    switch (message.type) {
      case "ping":
        return guest.tell({ type: "pong", id: message.id });
      case "say":
        return this.#heard(guest, message.text);
      case "name":
        guest.rename(message.name.toLowerCase() === HOST.name ? "" : message.name);
        this.#tellPeople();
    }
  }

  /** From the moment at which somebody is in until they are out. */
  #attend<G extends Guest>(socket: WebSocket, guest: G, among: Set<G>, enter: () => void) {
    const { peerId: id, remote } = guest;
    socket.onopen = () => {
      among.add(guest);
      this.#output.event({ type: "connected", remote, ...(id === undefined ? {} : { id }) });
      this.#output.say(`${remote} is here${id === undefined ? "" : `: ${id}`}`);
      enter();
      this.#tellPeople();
    };
    socket.onclose = () => {
      if (!among.delete(guest)) return;
      this.#output.event({ type: "disconnected", remote });
      this.#output.say(`${remote} has left`);
      this.#tellPeople();
    };
    socket.onerror = () => {}; // `close` follows
  }

  /** Shows what a guest says on the terminal and in every page. */
  #heard(guest: Guest, text: string) {
    const { person, remote } = guest;
    const name = person.from === "browser" ? ` (${person.name})` : "";
    this.#output.event({ type: "message", data: text, remote, ...(name ? { name: person.name } : {}) });
    this.#output.product(`${remote}${name}: ${text.replaceAll("\n", INDENTED_LINE)}`);
    for (const page of this.#pages) page.hear(person, text.slice(0, MAX_TEXT));
  }

  /** Tells every page who is here, once for all the changes of a turn. */
  #tellPeople() {
    if (this.#toldSoon) return;
    this.#toldSoon = true;
    queueMicrotask(() => {
      this.#toldSoon = false;
      const everybody = [HOST, ...[...this.#pages, ...this.#plain].map(({ person }) => person)];
      const people = everybody.slice(0, MAX_LISTED);
      for (const page of this.#pages) page.tell({ type: "people", people, count: everybody.length });
    });
  }

  /** Sends what the person at the terminal typed to everybody. */
  say(text: string) {
    for (const guest of [...this.#plain, ...this.#pages]) guest.hear(HOST, text);
  }
}

async function pageFor(request: Request): Promise<Response> {
  const isRead = request.method === "GET" || request.method === "HEAD";
  const wantsPage = request.headers.get("accept")?.includes("text/html");
  if (isRead && wantsPage && new URL(request.url).pathname === "/") return await pageResponse();
  const headers = { upgrade: "websocket", connection: "upgrade" };
  return new Response("This is a WebSocket endpoint: reach it with skip connect.\n", {
    status: 426,
    headers,
  });
}

function offers(request: Request, protocol: string): boolean {
  const offered = request.headers.get("sec-websocket-protocol") ?? "";
  return offered.split(",").some((one) => one.trim() === protocol);
}

/** Browsers name the page that opens a WebSocket, and open one for any: only our own page may come in. */
function isFromOwnPage({ headers }: Request): boolean {
  const origin = headers.get("origin");
  return origin === null || URL.parse(origin)?.host === headers.get("host");
}
