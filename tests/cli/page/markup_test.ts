import { assert, assertEquals, assertMatch } from "@std/assert";
import { pageMarkup } from "../../../cli/page/markup.ts";
import { MAX_NAME, MAX_TEXT } from "../../../cli/_chat_protocol.ts";
import { VIEW_SCRIPT } from "../../../cli/page/view_script.ts";

const MARKUP = pageMarkup("STYLE", "SCRIPT");

Deno.test("pageMarkup() holds its style and its script, and fetches nothing", () => {
  assert(MARKUP.includes("<style>STYLE</style>") && MARKUP.includes("<script>SCRIPT</script>"));
  assertEquals(MARKUP.match(/\s(src|href|action|style|on\w+)=/g), [" href="]); // the icon
  assertMatch(MARKUP, /href="data:image\/svg\+xml,[\w%.-]+"/);
});

Deno.test("pageMarkup() fits a telephone's screen", () => {
  assertMatch(MARKUP, /<meta name="viewport" content="width=device-width, initial-scale=1,/);
});

Deno.test("pageMarkup() has every element that the script looks for", () => {
  for (const [, id] of VIEW_SCRIPT.matchAll(/\$\("([\w-]+)"\)/g)) assert(MARKUP.includes(`id="${id}"`), id);
});

Deno.test("pageMarkup() lets nobody type more than the room takes", () => {
  const limits = [...MARKUP.matchAll(/maxlength="(\d+)"/g)].map(([, n]) => Number(n));
  assertEquals(limits, [MAX_NAME, MAX_TEXT]);
});
