/**
 * The chat as a page: one self-contained document, whose style and script are the only ones that its
 * Content-Security-Policy lets run.
 *
 * @module
 */
import { LINK_SCRIPT } from "./link_script.ts";
import { pageMarkup } from "./markup.ts";
import { PAGE_STYLE } from "./style.ts";
import { VIEW_SCRIPT } from "./view_script.ts";

/** One scope of its own, so that nothing of it is global. */
const SCRIPT = `(() => {"use strict";${LINK_SCRIPT}${VIEW_SCRIPT}})();`;

/** The page, with headers that let it do what it does and nothing else. */
export async function pageResponse(): Promise<Response> {
  const policy = [
    "default-src 'none'",
    `style-src '${await hash(PAGE_STYLE)}'`,
    `script-src '${await hash(SCRIPT)}'`,
    "connect-src 'self'",
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ];
  return new Response(pageMarkup(PAGE_STYLE, SCRIPT), {
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": policy.join("; "),
      "cache-control": "no-cache",
      "cross-origin-opener-policy": "same-origin",
      "referrer-policy": "no-referrer",
      "vary": "accept",
      "x-content-type-options": "nosniff",
    },
  });
}

async function hash(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return `sha256-${new Uint8Array(digest).toBase64()}`;
}
