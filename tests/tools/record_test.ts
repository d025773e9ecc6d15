import { assert, assertEquals, assertMatch } from "@std/assert";
import { PICTURE, RECORDED } from "../../tools/record.ts";
import { drawSession, type Session } from "../../tools/terminal_svg.ts";

const MAX_PICTURE_BYTES = 60_000;

Deno.test("The picture of README.md shows the session that was recorded", async () => {
  const session: Session = JSON.parse(await Deno.readTextFile(RECORDED));
  const picture = await Deno.readTextFile(PICTURE);
  assertEquals(picture, drawSession(session), "run: deno task record");
  assert(picture.length < MAX_PICTURE_BYTES, `${picture.length} bytes`);
});

Deno.test("The session of README.md goes from an id to messages both ways, behind two routers", async () => {
  const { titles, happenings }: Session = JSON.parse(await Deno.readTextFile(RECORDED));
  for (const title of titles) assertMatch(title, /router/, "record it in the laboratory, as root");
  const texts = (terminal: number) => happenings.filter((h) => h.terminal === terminal).map((h) => h.text);
  const [serving, connecting] = [texts(0).join("\n"), texts(1).join("\n")];
  const id = serving.match(/^[a-z0-9]{52}$/m)?.[0];
  assertEquals(serving.includes(`skip connect ${id}\n`), true, serving);
  assertEquals(connecting.startsWith(`skip connect ${id}\n`), true, connecting);
  for (const said of happenings.filter((h) => h.by === "input")) {
    assertMatch(texts(1 - said.terminal).join("\n"), new RegExp(`${said.text}$`, "m"));
  }
  const folders = [...happenings].filter(({ text }) => /--bootstrap|\/(tmp|home|root)\b/.test(text));
  assertEquals(folders, [], "nothing of the machine on which it was recorded");
});
