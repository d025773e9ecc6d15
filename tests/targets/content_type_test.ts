import { assertEquals } from "@std/assert";
import { contentType } from "../../lib/targets/_content_type.ts";

Deno.test("contentType() tells browsers what a file is", () => {
  const table: Record<string, string> = {
    "/a/index.html": "text/html; charset=UTF-8",
    "/a/APP.JS": "text/javascript; charset=UTF-8",
    "/a/x.wasm": "application/wasm",
    "/a/x.png": "image/png",
    "/a/x.unheard-of": "application/octet-stream",
    "/a/Makefile": "application/octet-stream",
  };
  for (const [path, type] of Object.entries(table)) assertEquals(contentType(path), type);
});
