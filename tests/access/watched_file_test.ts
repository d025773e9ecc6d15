import { assertEquals, assertRejects } from "@std/assert";
import { WatchedFile } from "../../lib/access/_watched_file.ts";
import { inFolder } from "./_folder.ts";

/** A number in a file; what was said of each change is kept. */
function numberIn(path: string, absent?: number) {
  const said: (string | undefined)[] = [];
  const parse = (text: string) => {
    if (!/^\d+$/.test(text)) throw new SyntaxError(`Cannot read the number: "${text}"`);
    return Number(text);
  };
  const file = WatchedFile.open(path, {
    parse,
    maxBytes: 10,
    onRead: (error) => said.push(error?.message),
    ...(absent === undefined ? {} : { absent }),
  });
  return { file, said };
}

Deno.test("WatchedFile says what the file says, when it is written over and when it is replaced", () =>
  inFolder(async (folder) => {
    const path = `${folder}/number`;
    await Deno.writeTextFile(path, "1");
    const { file, said } = numberIn(path);
    const number = await file;
    await number.refresh();
    assertEquals([number.value, said], [1, []]);
    await Deno.writeTextFile(path, "22");
    await number.refresh();
    assertEquals(number.value, 22);
    await Deno.writeTextFile(`${path}.new`, "33"); // as editors do: the same length, another file
    await Deno.rename(`${path}.new`, path);
    await number.refresh();
    assertEquals([number.value, said], [33, [undefined, undefined]]);
  }));

Deno.test("WatchedFile says what the file says, also when it is changed twice at one time of its file system", () =>
  inFolder(async (folder) => {
    const path = `${folder}/number`;
    await Deno.writeTextFile(path, "0");
    const { file, said } = numberIn(path);
    const number = await file;
    for (let n = 1; n <= 100; n++) {
      await Deno.writeTextFile(path, `${n % 10}`);
      await number.refresh();
      assertEquals([number.value, said.length], [n % 10, n]);
    }
  }));

Deno.test("WatchedFile keeps what made sense, and says once what does not", () =>
  inFolder(async (folder) => {
    const path = `${folder}/number`;
    await Deno.writeTextFile(path, "1");
    const { file, said } = numberIn(path);
    const number = await file;
    const changes: [change: () => Promise<void>, why: RegExp][] = [
      [() => Deno.writeTextFile(path, "no"), /Cannot read the number: "no": .*number$/],
      [() => Deno.writeTextFile(path, "1".repeat(11)), /at most 10 bytes/],
      [() => Deno.remove(path), /number/],
      [() => Deno.mkdir(path), /no file of at most/],
    ];
    for (const [index, [change, why]] of changes.entries()) {
      await change();
      await number.refresh();
      await Promise.all([number.refresh(), number.refresh()]);
      assertEquals([number.value, said.length, why.test(said.at(-1)!)], [1, index + 1, true], said.at(-1));
    }
    await Deno.remove(path);
    await Deno.writeTextFile(path, "2");
    await number.refresh();
    assertEquals([number.value, said.at(-1)], [2, undefined]);
  }));

Deno.test("WatchedFile.open() needs a file that makes sense, or a word on what none means", () =>
  inFolder(async (folder) => {
    const path = `${folder}/number`;
    await assertRejects(() => numberIn(path).file, Deno.errors.NotFound, path);
    assertEquals((await numberIn(path, 7).file).value, 7);
    await Deno.writeTextFile(path, "garbage");
    await assertRejects(() => numberIn(path, 7).file, SyntaxError, path);
  }));
