/**
 * A systemd unit for a permanent service: the text, and how to write words into it.
 *
 * @see {@link https://www.freedesktop.org/software/systemd/man/latest/systemd.service.html}
 * @module
 */
import { resolve } from "node:path";
import type { FlagTable } from "./_flags.ts";
import { Exit } from "./_exit.ts";

/** What {@linkcode unitText} writes down. */
export interface Service {
  /** The program and its arguments. */
  readonly command: readonly string[];
  /** An absolute path. */
  readonly folder: string;
}

/** A user unit that runs a command from login on, or from the start of the machine with `loginctl enable-linger`. */
export function unitText({ command, folder }: Service): string {
  return `[Unit]
Description=Skip Public IP: ${escapeSpecifiers(command.slice(command.indexOf("serve")).join(" "))}

[Service]
ExecStart=${command.map(quoteWord).join(" ")}
WorkingDirectory=${escapeSpecifiers(folder)}
StandardInput=null
Restart=always
RestartSec=5
RestartPreventExitStatus=${Exit.usage}
SuccessExitStatus=${Exit.interrupted}
NoNewPrivileges=yes

[Install]
WantedBy=default.target`;
}

/** Keeps `%` from standing for something, and a value on its line. */
function escapeSpecifiers(text: string): string {
  return text.replaceAll("%", "%%").replace(/\s+/g, " ").trim();
}

/** One word of ExecStart as it is, whatever is in it. */
export function quoteWord(word: string): string {
  const escaped = word.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("%", "%%").replaceAll(
    "$",
    "$$$$",
  )
    // deno-lint-ignore no-control-regex
    .replace(/[\x00-\x1f\x7f]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`);
  return /^[\w@%+=:,./-]+$/.test(escaped) ? escaped : `"${escaped}"`;
}

/** The arguments of a command without one switch, with every path absolute. */
export function absoluteArguments(args: readonly string[], table: FlagTable, without: string): string[] {
  const files = table.files ?? [];
  const kept = args.filter((arg) => arg !== `--${without}` && !arg.startsWith(`--${without}=`));
  return kept.map((arg, index) => {
    const [, name, value] = /^--([\w-]+)=(.+)$/s.exec(arg) ?? [];
    if (name && value && files.includes(name)) return `--${name}=${resolve(value)}`;
    const before = kept[index - 1];
    return before?.startsWith("--") && files.includes(before.slice(2)) ? resolve(arg) : arg;
  });
}
