/**
 * What `skip help` says of topics that are no commands, and the lines on flags that they share with these.
 *
 * @module
 */

import { describePermissions } from "./_permissions.ts";

/** The flag for the DHT. */
export const BOOTSTRAP =
  `  --bootstrap HOST:PORT   a node of the DHT to begin with; may be given several times;
                          none starts a network of one's own (default: the public DHT)`;

/** The flags for observers. */
export const STUN =
  `  --stun HOST:PORT        who tells what the NAT does: a STUN server over TCP, or a serving peer (default: public ones)
  --no-stun               ask none`;

/** The flag for the router. */
export const MAP = `  --no-map                do not ask the router to map our port (PCP, NAT-PMP, UPnP)`;

/** The flags of every command. */
export const COMMON = `  --json                  one JSON object a line on stdout
  --quiet                 errors only
  --verbose               stack traces of errors`;

/** Each text fits one screen. */
export const OTHER_TOPICS: Readonly<Record<string, string>> = {
  network: `Flags of every command that goes out into the network:

${BOOTSTRAP}
${STUN}
${MAP}`,

  output: `How every command talks. The product (an id, messages) goes to stdout, the conversation to stderr.

${COMMON}

Colour only on a terminal, and not where NO_COLOR is set.`,

  config: `A file with the flags of skip serve, for a permanent service: TOML, or JSON in a file named *.json.

Example, skip serve --config skip.toml:

  target = "8080"                         # what is served: skip help serve
  identity = "identity.pem"               # paths are meant from the file's folder, as ./public is for a target
  port = 7000
  bootstrap = ["192.0.2.1:6881", "192.0.2.2:6881"]
  no-map = true

The keys are the flags without their dashes; a flag that may be given several times takes a list. What is typed on the
command line wins. --config and --print-unit are for the command line alone.`,

  service: `A permanent service, by systemd, without root:

  mkdir -p ~/.config/systemd/user
  skip serve --config ~/skip.toml --print-unit > ~/.config/systemd/user/skip.service
  systemctl --user daemon-reload
  systemctl --user enable --now skip
  loginctl enable-linger                  # from the start of the machine, not from login

The unit runs the very command that printed it, with its permissions and absolute paths; print it anew after an update.
The id: skip id.   What it says: journalctl --user -u skip`,

  "exit-codes": `  0    ok
  1    failed
  2    wrong usage
  3    the peer was not found
  4    the peer was found, but no path to it opened
  5    something answered that could not prove the peer's id
  6    the peer does not let you in
  124  time was up
  130  interrupted`,

  permissions: `Each command with exactly these flags of deno run; from a checkout -P=COMMAND stands for them:

${describePermissions()}

net: the DHT, and peers at addresses that are not known before. sys: the addresses of this machine. env: HOME and
its like, to find the folders; --ignore-env keeps all else from libraries that look. read, write: the key file, names,
the nodes known from the last run, and what you name; they can be narrowed to these folders (see the README).`,
};
