import { assertEquals } from "@std/assert";
import { nearest } from "../../cli/_nearest.ts";

Deno.test("nearest() finds what was meant, and nothing where nothing is near", () => {
  const commands = ["serve", "connect", "id", "dht", "help"];
  const table: [string, string | undefined][] = [
    ["sevre", "serve"],
    ["prot", undefined],
    ["serv", "serve"],
    ["conect", "connect"],
    ["connnect", "connect"],
    ["HELP", "help"],
    ["dhtt", "dht"],
    ["frobnicate", undefined],
  ];
  for (const [word, expected] of table) assertEquals(nearest(word, commands), expected, word);
});
