/**
 * The page's WebSocket: opened again with growing waits, and measured by pings, whose absence shows a dead path. It runs
 * in the browser, so it is plain JavaScript; `String.raw` keeps its backslashes.
 */
export const LINK_SCRIPT = String.raw`
const PING_EVERY_MS = 2000;
/** A path without an answer for so long is dead, whatever the browser thinks of it. */
const SILENCE_MS = 12000;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30000;
const TRIPS_KEPT = 30;

/** Calls on.state("waiting" | "open" | "lost", secondsToWait), on.message(object), on.trip(medianMs, trips). */
function openLink(on) {
  let socket, attempts = 0, waitTimer, pingTimer, heardAt = 0, pingId = 0, sentAt = 0;
  let trips = [];

  function open() {
    clearTimeout(waitTimer);
    on.state("waiting");
    const address = new URL("/", location.href);
    address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    const mine = socket = new WebSocket(address, "skip.chat");
    pingTimer = setInterval(ping, PING_EVERY_MS);
    heardAt = performance.now();
    mine.onopen = () => {
      if (mine !== socket) return;
      attempts = 0;
      heardAt = performance.now();
      trips = [];
      on.state("open");
      ping();
    };
    mine.onmessage = ({ data }) => {
      if (mine !== socket) return;
      heardAt = performance.now();
      const message = JSON.parse(data);
      if (message.type === "pong") pong(message.id);
      else on.message(message);
    };
    mine.onclose = () => { if (mine === socket) lost(); };
  }

  function ping() {
    const now = performance.now();
    if (now - heardAt > SILENCE_MS && document.visibilityState === "visible") return lost();
    if (sentAt !== 0 && now - sentAt < SILENCE_MS) return;
    if (!send({ type: "ping", id: ++pingId })) return;
    sentAt = now;
  }

  function pong(id) {
    if (id !== pingId || sentAt === 0) return;
    trips = [...trips, performance.now() - sentAt].slice(-TRIPS_KEPT);
    sentAt = 0;
    const sorted = [...trips].sort((a, b) => a - b);
    on.trip(sorted[Math.floor(sorted.length / 2)], trips);
  }

  /** Each wait is about twice the one before, and never the same for two pages. */
  function lost() {
    const gone = socket;
    socket = undefined;
    sentAt = 0;
    clearInterval(pingTimer);
    gone.close();
    const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempts++) * (0.75 + Math.random() / 2);
    waitTimer = setTimeout(open, wait);
    on.state("lost", wait / 1000);
  }

  function send(message) {
    if (!socket || socket.readyState !== WebSocket.OPEN) return false;
    socket.send(JSON.stringify(message));
    return true;
  }

  /** Whoever comes back to the page, or to a network, does not wait. */
  function hurry() {
    if (!socket && document.visibilityState === "visible") open();
  }
  addEventListener("online", hurry);
  document.addEventListener("visibilitychange", () => {
    heardAt = performance.now();
    hurry();
  });
  open();
  return send;
}
`;
