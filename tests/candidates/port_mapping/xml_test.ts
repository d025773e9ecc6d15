import { assertEquals } from "@std/assert";
import { contentsOf, textOf } from "../../../lib/candidates/port_mapping/_xml.ts";

Deno.test("contentsOf() finds elements whatever their prefix and attributes", () => {
  const text = '<a><s:b x="1">one</s:b><b>two</b ><b-c>no</b-c><bb>no</bb></a>';
  assertEquals(contentsOf(text, "b"), ["one", "two"]);
});

Deno.test("textOf() reads entities, and nothing of what is not whole", () => {
  assertEquals(textOf("<u> http://h/?a=1&amp;b=&lt;2 </u>", "u"), "http://h/?a=1&b=<2");
  for (const text of ["", "<u", "<u>", "</u>", "<u></v>", "<v>x</v>"]) {
    assertEquals(textOf(text, "u"), undefined);
  }
});

Deno.test("contentsOf() takes time in proportion to the text", () => {
  for (const piece of ["<u>", "<u ", "</u", "<u><", "<u:u:"]) {
    const start = performance.now();
    contentsOf(piece.repeat(16_000), "u");
    assertEquals(performance.now() - start < 2000, true, piece);
  }
});
