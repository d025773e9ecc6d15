import { contentType as registered } from "@std/media-types";
import { extname } from "node:path";

/** What a browser is to take a file for; one whose ending nobody knows is bytes. */
export function contentType(path: string): string {
  return registered(extname(path).toLowerCase()) ?? "application/octet-stream";
}
