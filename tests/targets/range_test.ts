import { assertEquals } from "@std/assert";
import { parseRange } from "../../lib/targets/_range.ts";

/** `first-last` of each range. */
function read(header: string | null, size = 100): string | undefined {
  return parseRange(header, size)?.map(({ first, last }) => `${first}-${last}`).join();
}

Deno.test("parseRange() reads ranges and cuts them at the end of the file", () => {
  const table: Record<string, string> = {
    "bytes=0-0": "0-0",
    "bytes=10-19": "10-19",
    "bytes=90-": "90-99",
    "bytes=90-1000": "90-99",
    "bytes=0-99999999999999999999": "0-99",
    "bytes=-10": "90-99",
    "bytes=-1000": "0-99",
    "Bytes=1-2": "1-2",
    "bytes=0-1, 5-6 ,,-2": "0-1,5-6,98-99",
    "bytes=50-59,0-9": "50-59,0-9",
    "bytes=0-9,200-300": "0-9",
  };
  for (const [header, ranges] of Object.entries(table)) assertEquals(read(header), ranges, header);
});

Deno.test("parseRange() gives no range where none can be satisfied", () => {
  for (const header of ["bytes=100-", "bytes=100-200", "bytes=-0", "bytes=500-600,700-"]) {
    assertEquals(read(header), "", header);
  }
});

Deno.test("parseRange() ignores what is not valid, what it does not know, and what asks for too much", () => {
  const many = (n: number) => `bytes=${Array.from({ length: n }, (_, at) => `${2 * at}-${2 * at}`).join()}`;
  const ignored = [
    null,
    "",
    "bytes",
    "bytes=",
    "bytes=-",
    "bytes=a-b",
    "bytes=5-2",
    "bytes=1-2,x",
    "lines=1-2",
    "bytes = 1-2",
    "bytes=0-50,40-60",
    "bytes=0-,0-,0-",
    many(17),
    `bytes=${"0-1,".repeat(1000)}`,
  ];
  for (const header of ignored) assertEquals(read(header), undefined, String(header).slice(0, 40));
  assertEquals(read(many(16))?.split(",").length, 16);
  assertEquals(read("bytes=0-", 0), undefined); // an empty file is sent as it is
});
