import { describe, isProgress, stageLine } from "../cli/_render.ts";
import type { SkipEvent } from "./skip_process.ts";

/** What one side of a connection went through, as `skip` would have shown it: a title, a line for each stage. */
export function timeline(title: string, events: readonly SkipEvent[]): string {
  const lines = events.flatMap((event) => {
    if (event.type === "error") return [stageLine(["failed", `${event.code}: ${event.message}`])];
    if (event.type === "ready") return [stageLine(["ready", event.id])]; // the command's own event has no time
    const words = isProgress(event) ? describe(event) : undefined;
    return words ? [stageLine(words)] : [];
  });
  return `${title}:\n${lines.map((line) => `  ${line}\n`).join("")}`;
}
