import { assertEquals, assertRejects } from "@std/assert";
import { fileBody, lengthOf, type Piece, wholeBody } from "../../lib/targets/_file_body.ts";

async function file(content: string): Promise<{ path: string } & AsyncDisposable> {
  const path = await Deno.makeTempFile({ prefix: "skip-test-" });
  await Deno.writeTextFile(path, content);
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path) };
}

Deno.test("fileBody() gives its pieces in their order", async () => {
  await using temporary = await file("0123456789");
  const dash = new TextEncoder().encode("--");
  const pieces: Piece[] = [{ first: 8, last: 9 }, dash, { first: 0, last: 3 }, dash];
  assertEquals(lengthOf(pieces), 10);
  const body = fileBody(await Deno.open(temporary.path), pieces);
  assertEquals(await new Response(body).text(), "89--0123--");
  const whole = await wholeBody(await Deno.open(temporary.path), pieces);
  assertEquals(new TextDecoder().decode(whole), "89--0123--");
});

Deno.test("fileBody() errs where the file has become shorter, instead of ending early", async () => {
  await using temporary = await file("0123456789");
  const opened = await Deno.open(temporary.path);
  await Deno.truncate(temporary.path, 4);
  const pieces = [{ first: 0, last: 9 }];
  const body = fileBody(opened, pieces);
  await assertRejects(() => new Response(body).text(), Deno.errors.UnexpectedEof, "became shorter");
  const again = await Deno.open(temporary.path);
  await assertRejects(() => wholeBody(again, pieces), Deno.errors.UnexpectedEof, "became shorter");
});

Deno.test("fileBody() gives no more than was announced where the file grows", async () => {
  await using temporary = await file("0123456789");
  const body = fileBody(await Deno.open(temporary.path), [{ first: 0, last: 9 }]);
  await Deno.writeTextFile(temporary.path, "more", { append: true });
  assertEquals(await new Response(body).text(), "0123456789");
});

Deno.test("fileBody() closes the file when nobody wants it any more", async () => {
  await using temporary = await file("x".repeat(1024 * 1024));
  for (const reads of [0, 1]) { // a file that stayed open would be a leak of this test
    const reader = fileBody(await Deno.open(temporary.path), [{ first: 0, last: 1024 * 1024 - 1 }])
      .getReader();
    for (let n = 0; n < reads; n++) await reader.read();
    await reader.cancel();
  }
});
