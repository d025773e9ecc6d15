/** How the page looks: one column on a telephone, people beside the messages where there is room, dark and light. */
export const PAGE_STYLE = `
:root {
  color-scheme: light dark;
  --ground: light-dark(#f6f7f7, #101414);
  --surface: light-dark(#ffffff, #1a2020);
  --line: light-dark(#dde2e1, #2c3534);
  --ink: light-dark(#16201f, #e7eeed);
  --quiet: light-dark(#55625f, #9aa8a5);
  --accent: light-dark(#0f766e, #2dd4bf);
  --on-accent: light-dark(#ffffff, #062320);
  --mine: light-dark(#d7efeb, #12403b);
  --good: light-dark(#15803d, #4ade80);
  --busy: light-dark(#b45309, #fbbf24);
  --bad: light-dark(#b91c1c, #f87171);
  --name-light: 32%;
  font: 1rem/1.45 system-ui, sans-serif;
}
@media (prefers-color-scheme: dark) { :root { --name-light: 72%; } }
* { box-sizing: border-box; margin: 0; }
body {
  display: grid;
  grid-template: "head" auto "main" minmax(0, 1fr) "form" auto / minmax(0, 1fr);
  height: 100dvh;
  background: var(--ground);
  color: var(--ink);
  padding: env(safe-area-inset-top) env(safe-area-inset-right) env(safe-area-inset-bottom) env(safe-area-inset-left);
}
body > header {
  grid-area: head;
  display: flex;
  flex-wrap: wrap;
  align-items: center;
  gap: .25rem .75rem;
  padding: .5rem 1rem;
  background: var(--surface);
  border-bottom: 1px solid var(--line);
}
h1 { font-size: 1.0625rem; font-weight: 650; letter-spacing: -.01em; }
#state { display: flex; align-items: center; gap: .45rem; font-size: .875rem; color: var(--tone); margin-right: auto; }
#state::before { content: ""; width: .6rem; height: .6rem; border-radius: 50%; background: currentColor; flex: none; }
[data-state="open"] { --tone: var(--good); }
[data-state="waiting"] { --tone: var(--busy); }
[data-state="lost"] { --tone: var(--bad); }
#link { display: flex; gap: .25rem 1.25rem; flex-wrap: wrap; flex-basis: 100%; font-size: .8125rem; color: var(--quiet); }
#link div { display: flex; gap: .4rem; align-items: center; min-width: 0; }
#link dd { color: var(--ink); font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
#trip { display: inline-block; min-width: 3.6em; }
#trips { width: 60px; height: 16px; vertical-align: middle; }
polyline { fill: none; stroke: var(--accent); stroke-width: 1.5; stroke-linejoin: round; }
#people {
  display: none;
  grid-area: main;
  z-index: 1;
  place-self: start end;
  width: min(18rem, calc(100vw - 1.5rem));
  max-height: calc(100% - 1.5rem);
  margin: .75rem;
  padding: 1rem;
  overflow: auto;
  background: var(--surface);
  border: 1px solid var(--line);
  border-radius: .9rem;
  box-shadow: 0 8px 24px rgb(0 0 0 / .18);
}
#people.open { display: block; }
label { display: grid; gap: .3rem; font-size: .8125rem; color: var(--quiet); }
input, textarea {
  width: 100%;
  min-height: 2.75rem;
  padding: .6rem .8rem;
  font-size: 1rem;
  font-family: inherit;
  line-height: 1.45;
  color: var(--ink);
  background: var(--ground);
  border: 1px solid var(--line);
  border-radius: .7rem;
}
#list { list-style: none; padding: .75rem 0 0; }
#list li { display: flex; align-items: baseline; gap: .5rem; padding: .3rem 0; }
#list .name { overflow-wrap: anywhere; min-width: 0; }
.tag { margin-left: auto; flex: none; font-size: .75rem; color: var(--quiet); }
.name { font-weight: 600; }
.host .name { color: var(--accent); }
main { grid-area: main; position: relative; min-height: 0; }
#log {
  list-style: none;
  height: 100%;
  overflow-y: auto;
  overscroll-behavior: contain;
  padding: 1rem;
  display: flex;
  flex-direction: column;
  gap: .5rem;
}
#log > :first-child { margin-top: auto; }
#empty { position: absolute; inset: 0; display: grid; place-content: center; max-width: 26rem; margin: auto; padding: 1.5rem; text-align: center; color: var(--quiet); pointer-events: none; }
#empty[hidden] { display: none; }
.said {
  align-self: flex-start;
  max-width: min(38rem, 88%);
  padding: .5rem .8rem;
  background: var(--surface);
  border: 1px solid var(--line);
  border-radius: .3rem 1rem 1rem 1rem;
}
.said.mine { align-self: flex-end; background: var(--mine); border-color: transparent; border-radius: 1rem .3rem 1rem 1rem; }
.mine .name { display: none; }
.said p { white-space: pre-wrap; overflow-wrap: anywhere; }
.said header { display: flex; gap: .6rem; align-items: baseline; font-size: .8125rem; }
time { margin-left: auto; flex: none; color: var(--quiet); font-size: .75rem; font-variant-numeric: tabular-nums; }
.note { align-self: center; font-size: .8125rem; color: var(--quiet); text-align: center; overflow-wrap: anywhere; }
form {
  grid-area: form;
  display: flex;
  align-items: flex-end;
  gap: .6rem;
  padding: .6rem 1rem;
  background: var(--surface);
  border-top: 1px solid var(--line);
}
textarea { resize: none; max-height: 9rem; border-radius: 1.4rem; padding-inline: 1.1rem; }
button { font: inherit; cursor: pointer; color: inherit; min-height: 2.75rem; }
#toggle { padding: 0 1rem; background: none; border: 1px solid var(--line); border-radius: 1.4rem; }
#send {
  flex: none;
  width: 2.75rem;
  display: grid;
  place-content: center;
  border: 0;
  border-radius: 50%;
  background: var(--accent);
  color: var(--on-accent);
}
#send svg { width: 1.35rem; fill: currentColor; }
#send:disabled { background: var(--line); color: var(--quiet); cursor: default; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
noscript { padding: 1rem; }
@media (min-width: 52rem) {
  body { grid-template: "head head" auto "main side" minmax(0, 1fr) "form side" auto / minmax(0, 1fr) 17rem; }
  body > header { padding-inline: 1.5rem; min-height: 3.5rem; }
  #link { flex-basis: auto; }
  #toggle { display: none; }
  #people {
    display: block;
    grid-area: side;
    place-self: stretch;
    width: auto;
    max-height: none;
    margin: 0;
    border-width: 0 0 0 1px;
    border-radius: 0;
    box-shadow: none;
  }
  #log, form { padding-inline: 1.5rem; }
}
@media (prefers-reduced-motion: no-preference) {
  [data-state="waiting"]::before { animation: pulse 1.2s ease-in-out infinite; }
  @keyframes pulse { 50% { opacity: .25; } }
}
`;
