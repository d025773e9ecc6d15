/**
 * What the page shows: messages, people, path and round trip. Strangers' text only ever becomes `textContent`. It runs in
 * the browser, so it is plain JavaScript.
 */
export const VIEW_SCRIPT = String.raw`
const MESSAGES_KEPT = 500;
/** Nearer to the end than this, one wants to see what comes. */
const AT_END_PX = 80;
const NAME_KEY = "skip.chat.name";
const STATES = { waiting: "Connecting…", open: "Connected", lost: "Not connected" };
const KINDS = { host: "same network", reflexive: "hole punched", mapped: "mapped port", ipv6: "IPv6" };

const $ = (id) => document.getElementById(id);
let you = 0, people = [], countdown, everOpen = false, toldPeople = false, atEnd = true;

function element(name, className, text) {
  const made = document.createElement(name);
  made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function add(item) {
  const log = $("log");
  $("empty").hidden = true;
  log.append(item);
  while (log.childElementCount > MESSAGES_KEPT) log.firstElementChild.remove();
  if (item.classList.contains("mine")) atEnd = true;
  showEnd();
}

function showEnd() {
  if (atEnd) $("log").scrollTop = $("log").scrollHeight;
}

function note(text) {
  add(element("li", "note", text));
}

/** One colour for each guest, readable on both grounds. */
function nameOf(who) {
  const name = element("span", "name", who.name);
  if (who.from !== "host") name.style.color = "hsl(" + who.id * 137 % 360 + " 50% var(--name-light))";
  return name;
}

function showSaid({ who, text }) {
  const item = element("li", "said " + who.from + (who.id === you ? " mine" : ""));
  const head = element("header", "");
  const now = new Date();
  const time = element("time", "", now.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }));
  time.dateTime = now.toISOString();
  head.append(nameOf(who), time);
  item.append(head, element("p", "", text));
  add(item);
}

function showPeople({ people: now, count }) {
  if (toldPeople) noteChanges(now);
  toldPeople = true;
  people = now;
  $("count").textContent = count;
  const items = now.map((who) => {
    const item = element("li", who.from);
    item.append(nameOf(who), element("span", "tag", who.id === you ? "you" : who.from));
    return item;
  });
  if (count > now.length) items.push(element("li", "note", "and " + (count - now.length) + " more"));
  $("list").replaceChildren(...items);
}

function noteChanges(now) {
  const before = new Map(people.map((who) => [who.id, who]));
  for (const who of now) {
    const known = before.get(who.id);
    before.delete(who.id);
    if (who.id === you) continue;
    if (!known) note(who.name + " is here");
    else if (known.name !== who.name) note(known.name + " is now " + who.name);
  }
  for (const { id, name } of before.values()) if (id !== you) note(name + " has left");
}

function showWelcome(welcome) {
  you = welcome.you;
  toldPeople = false;
  const { remote, kind } = welcome.path;
  $("path").textContent = (KINDS[kind] ? KINDS[kind] + ", " : "") + "you are " + remote;
  $("text").maxLength = welcome.maxText;
  $("name").maxLength = welcome.maxName;
  sendName();
}

function showTrip(median, trips) {
  $("trip").textContent = median < 10 ? median.toFixed(1) + " ms" : Math.round(median) + " ms";
  const top = Math.max(1, ...trips);
  const points = trips.map((ms, i) => i * 2 + 1 + "," + (15 - ms / top * 14).toFixed(1));
  $("trips").firstElementChild.setAttribute("points", points.join(" "));
}

function showState(state, seconds) {
  clearInterval(countdown);
  const text = (rest) => STATES[state] + (rest > 0 ? ", trying again in " + rest + " s" : "");
  $("state").dataset.state = state;
  $("state-text").textContent = text(Math.ceil(seconds || 0));
  $("send").disabled = state !== "open";
  if (state === "open" && everOpen) note("Connected again");
  if (state === "open") return void (everOpen = true);
  $("trip").textContent = $("path").textContent = "–";
  $("trips").firstElementChild.setAttribute("points", "");
  if (state !== "lost") return;
  if (everOpen && people.length > 0) note("The connection was lost");
  people = [];
  $("list").replaceChildren();
  $("count").textContent = 0;
  countdown = setInterval(() => $("state-text").textContent = text(Math.max(1, Math.ceil(--seconds))), 1000);
}

/** Private windows may have no storage. */
function stored(...value) {
  try {
    return value.length ? localStorage.setItem(NAME_KEY, value[0]) : localStorage.getItem(NAME_KEY) || "";
  } catch {
    return "";
  }
}

function sendName() {
  const name = $("name").value.trim();
  stored(name);
  if (name) send({ type: "name", name });
}

function grow() {
  const text = $("text");
  text.style.height = "auto";
  text.style.height = text.scrollHeight + 2 + "px";
}

const show = { welcome: showWelcome, people: showPeople, said: showSaid };
$("name").value = stored();
$("name").addEventListener("change", () => send({ type: "name", name: $("name").value.trim() }) && stored($("name").value.trim()));
$("text").addEventListener("input", grow);
$("text").addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  $("form").requestSubmit();
});
$("form").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = $("text").value;
  if (text.trim() === "" || !send({ type: "say", text })) return;
  $("text").value = "";
  grow();
});
function openPeople(open) {
  $("people").classList.toggle("open", open);
  $("toggle").setAttribute("aria-expanded", open);
}
$("toggle").addEventListener("click", () => openPeople(!$("people").classList.contains("open")));
$("log").addEventListener("click", () => openPeople(false));
$("log").addEventListener("scroll", ({ target: log }) => {
  atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < AT_END_PX;
});
/** A keyboard that opens takes room from the messages. */
new ResizeObserver(showEnd).observe($("log"));
addEventListener("keydown", (event) => event.key === "Escape" && openPeople(false));
const send = openLink({ state: showState, message: (m) => show[m.type]?.(m), trip: showTrip });
`;
