/** The page as HTML, with its style and its script inside: one file, nothing is fetched. */
export function pageMarkup(style: string, script: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover, interactive-widget=resizes-content">
<meta name="color-scheme" content="light dark">
<title>Skip chat</title>
<link rel="icon" href="data:image/svg+xml,${ICON}">
<style>${style}</style>
</head>
<body>
<header>
  <h1>Skip chat</h1>
  <p id="state" role="status" data-state="waiting"><span id="state-text">Connecting…</span></p>
  <button id="toggle" type="button" aria-controls="people" aria-expanded="false"><b id="count">0</b> here</button>
  <dl id="link">
    <div><dt>path</dt><dd id="path">–</dd></div>
    <div><dt>round trip</dt><dd><span id="trip">–</span> <svg id="trips" viewBox="0 0 60 16" aria-hidden="true"><polyline points=""/></svg></dd></div>
  </dl>
</header>
<main>
  <ol id="log" role="log" aria-live="polite" tabindex="0" aria-label="Messages"></ol>
  <p id="empty">Nothing has been said yet. What you write here goes directly to the machine that serves this page, and to everybody who has it open.</p>
</main>
<aside id="people" aria-label="People">
  <label>Your name <input id="name" autocomplete="nickname" spellcheck="false" maxlength="32" placeholder="guest"></label>
  <ul id="list" aria-label="Who is here"></ul>
</aside>
<form id="form">
  <textarea id="text" rows="1" maxlength="4000" placeholder="Write a message" aria-label="Message" enterkeyhint="send" autofocus></textarea>
  <button id="send" disabled aria-label="Send"><svg viewBox="0 0 24 24" aria-hidden="true"><path d="M3 20V4l19 8zm2-3 11.85-5L5 7v3.5l6 1.5-6 1.5z"/></svg></button>
</form>
<noscript>This page needs JavaScript. From a terminal: skip connect.</noscript>
<script>${script}</script>
</body>
</html>
`;
}

/** Two dots with a line between them, in the colour of the page. */
const ICON = encodeURIComponent(
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><g fill="#0f766e" stroke="#0f766e" stroke-width="4"><circle cx="7" cy="16" r="4"/><circle cx="25" cy="16" r="4"/><path d="M7 16h18"/></g></svg>`,
);
