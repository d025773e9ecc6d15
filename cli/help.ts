import config from "../deno.json" with { type: "json" };
import { UsageError } from "./_exit.ts";
import { nearest } from "./_nearest.ts";
import { Output } from "./_output.ts";

const OVERVIEW = `skip: an ordinary WebSocket between two machines behind NATs, without any server

Usage: skip COMMAND [ARGUMENTS]

  serve           be reachable, and print the id under which
  connect ID      open a WebSocket to a serving peer
  check           see what this network does, and with whom it connects
  id              print this machine's id
  invite          let somebody in to a serving peer that knows whom it lets in
  name            give peers names of your own
  dht             run a plain node of the DHT
  help [COMMAND]  explain a command; also: exit-codes, permissions

Every command takes --json (one object a line), --quiet and --verbose.

Here:           skip serve
Elsewhere:      skip connect THE-ID-THAT-SERVE-PRINTED
In a script:    echo hello | skip connect ID --quiet

Permissions: skip help permissions.  Exit codes: skip help exit-codes.`;

const BOOTSTRAP = `  --bootstrap HOST:PORT   a node of the DHT to begin with; may be given several times;
                          none starts a network of one's own (default: the public DHT)`;

const STUN =
  `  --stun HOST:PORT        a STUN server over TCP, or a serving peer, asked where the DHT leaves open what the
                          NAT does; may be given several times (default: some public ones)
  --no-stun               ask none`;

const MAP = `  --no-map                do not ask the router to map our port (PCP, NAT-PMP, UPnP)`;

const COMMON = `  --json                  one JSON object a line on stdout
  --quiet                 errors only
  --verbose               stack traces of errors`;

const TOPICS: Readonly<Record<string, string>> = {
  serve: `Serves a WebSocket endpoint that greets and echoes. Lines typed here go to everybody connected.

Usage: skip serve [--identity FILE | --ephemeral] [--allow PEER]… [--port N] [--bootstrap HOST:PORT]…

  --identity FILE         the key file; made if missing (default: the platform's configuration folder)
  --ephemeral             a new identity for this run, kept nowhere
  --allow PEER            only this peer may connect, and others that are allowed or invited (default: anyone)
  --allow-file FILE       the same for each id in a file, which is read again when it changes
  --invite-only           only who is invited may connect: skip help invite
  --port N                UDP and TCP port (default: any)
  --no-observer           where anybody can reach this peer, do not name its address in the DHT to peers
                          that look for somebody who tells them what their NAT does
${BOOTSTRAP}
${STUN}
${MAP}
${COMMON}

The id goes to stdout once others can find it. Stop with Ctrl-C.`,

  connect: `Opens a WebSocket: lines from stdin are messages, messages go to stdout.

Usage: skip connect ID [--path /p] [--as-me | --token TOKEN] [--bootstrap HOST:PORT]… [--timeout SECONDS]

  --path /p               path and query of the request (default: /)
  --timeout SECONDS       how long opening may take (default: 30)
  --as-me                 show the peer this machine's id (default: nothing that says who we are)
  --token TOKEN           show an invitation, and the id, to which it is bound from then on
  --identity FILE         show the id of this key file
${BOOTSTRAP}
${STUN}
${MAP}
${COMMON}

At the end of the input the connection is closed once nothing has come for a second.
Example: echo hello | skip connect ID --quiet`,

  check: `Finds out what the network does to connections, and with whom it connects.

Usage: skip check [--with LINE] [--line] [--stun HOST:PORT]… [--bootstrap HOST:PORT]…

  --with LINE             the line that skip check printed elsewhere: will the two connect?
  --line                  print nothing but the line to paste for a friend
  --stun HOST:PORT        a serving peer, or a STUN server over TCP, to look from; several see more
                          (default: some public servers, and serving peers that the DHT knows of)
  --no-stun               look from none
${MAP}
${BOOTSTRAP}
${COMMON}

Only serving peers can tell whom the NAT lets in. With --with the exit code is 4 where no direct path exists.
Example: skip check --with "skip1 preserving/port/silence v6"`,

  id: `Prints this machine's id, and makes an identity where there is none.

Usage: skip id [--identity FILE] [--new]

  --identity FILE         the key file (default: the platform's configuration folder)
  --new                   make a new identity; the one before is kept under another name
${COMMON}`,

  invite: `Makes an invitation to skip serve on this machine, and prints the command for the other side.

Usage: skip invite [--uses N] [--for DURATION] [--identity FILE]
       skip invite --list | --revoke TOKEN

  --uses N                how many peers it lets in; many are 1000 (default: 1)
  --for DURATION          how long it is good for, like 30m, 12h or 7d (default: 24h)
  --list                  show the open invitations, and who came in by them
  --revoke TOKEN          take one back by its token or its number in the list; all takes back every one
  --identity FILE         the key file of the serving peer (default: the platform's configuration folder)
${COMMON}

Whoever uses a token first stays let in until it ends: it is worth nothing to anybody else.
It counts where skip serve runs with --invite-only, --allow or --allow-file.`,

  name: `Names peers, for every command that wants an ID.

Usage: skip name add NAME ID
       skip name remove NAME
       skip name list

${COMMON}

A name has up to 32 letters, digits and hyphens. The names are kept in the platform's configuration folder.
Example: skip name add home ID, then skip connect home`,

  dht: `Runs a plain node of the DHT: a meeting place for a private network, or for tests.

Usage: skip dht [--port N] [--host ADDR] [--bootstrap HOST:PORT]…

  --port N                UDP port (default: any)
  --host ADDR             local IPv4 address (default: all)
${BOOTSTRAP}
${COMMON}

The address goes to stdout. Example: skip dht --port 6881 --bootstrap none`,

  help: `Explains a command or a topic.

Usage: skip help [serve | connect | check | id | invite | name | dht | exit-codes | permissions]`,

  "exit-codes": `  0    ok
  1    failed
  2    wrong usage
  3    the peer was not found
  4    the peer was found, but no path to it opened
  5    something answered that could not prove the peer's id
  6    the peer does not let you in
  124  time was up
  130  interrupted`,

  permissions: `Each command runs with these flags of deno run, or with -P=COMMAND from a checkout:

  serve    --allow-net --allow-sys=networkInterfaces --allow-env --allow-read --allow-write
  connect  --allow-net --allow-sys=networkInterfaces --allow-env --allow-read --allow-write
  check    --allow-net --allow-sys=networkInterfaces --allow-env --allow-read --allow-write
  dht      --allow-net --ignore-env
  id       --allow-env --allow-read --allow-write
  invite   --allow-env --allow-read --allow-write
  name     --allow-env --allow-read --allow-write
  help     none

net: the DHT, and peers at addresses that are not known before. sys: the addresses of this machine. env: HOME and
its like, to find the folders; dht needs none of it. read, write: the key file, and the nodes known from the last run.`,
};

/** `skip help`: the overview, a command, or a topic. */
export function helpCommand(args: string[]): Promise<number> {
  const topic = args.find((arg) => !arg.startsWith("-"));
  const text = topic === undefined ? OVERVIEW : Object.hasOwn(TOPICS, topic) ? TOPICS[topic] : undefined;
  if (text === undefined) {
    const guess = nearest(topic!, Object.keys(TOPICS));
    throw new UsageError(
      `There is no help on "${topic}"`,
      guess ? `Did you mean skip help ${guess}?` : "See skip help.",
    );
  }
  print(text);
  return Promise.resolve(0);
}

/** `skip --version`. */
export function printVersion(): number {
  print(`skip ${config.version}`);
  return 0;
}

function print(text: string) {
  new Output({ json: false, quiet: false, verbose: false }).product(text);
}
