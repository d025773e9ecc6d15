import { assertEquals, assertThrows } from "@std/assert";
import { writeSection } from "./_section.ts";

Deno.test("writeSection() replaces what stands between the marks and nothing else", () => {
  const text = "before\n<!-- a:begin -->\nold\n<!-- a:end -->\nafter\n<!-- b:begin -->\n<!-- b:end -->";
  const written = writeSection(text, "a", "new");
  assertEquals(written, text.replace("\nold\n", "\n\nnew\n\n"));
  assertEquals(writeSection(written, "a", "new"), written);
});

Deno.test("writeSection() refuses a text without the section, or with its marks in the wrong order", () => {
  for (const text of ["", "<!-- a:begin -->", "<!-- a:end --><!-- a:begin -->"]) {
    assertThrows(() => writeSection(text, "a", "new"), RangeError, "a:begin");
  }
});
