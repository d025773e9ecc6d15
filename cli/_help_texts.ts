/**
 * What `skip help` says: each text fits one screen.
 *
 * @module
 */
import { BOOTSTRAP, COMMON, MAP, OTHER_TOPICS } from "./_help_topics.ts";

/** What `skip help` alone says. */
export const OVERVIEW = `skip: an ordinary WebSocket between two machines behind NATs, without any server

Usage: skip COMMAND [ARGUMENTS]

  serve [TARGET]  let a web server, any TCP service, a folder or a chat be reached, and print the id
  connect ID      open a WebSocket to a serving peer
  ping ID         see which path leads to a peer, and how good it is
  forward ID      bring what a peer serves to a local port
  proxy           lead any program to http://ID.skip.alt/
  pipe [ID]       join stdin and stdout of two machines
  status          see what of it is running on this machine
  check           see what this network does, and with whom it connects
  id              print this machine's id
  invite          let somebody in to a serving peer that knows whom it lets in
  name            give peers names of your own
  dht             run a plain node of the DHT
  completions     print what lets a shell complete: bash, zsh, fish
  help [COMMAND]  explain a command; see skip help help for topics

All take --json, --quiet and --verbose.  See also: skip help permissions, skip help exit-codes, skip --version.

Here:           skip serve 8080
Elsewhere:      skip forward THE-ID-THAT-SERVE-PRINTED`;

const TIMEOUT = `  --timeout SECONDS       how long reaching the peer may take (default: 30)`;

/** Who we are to a peer. */
const AS_ME =
  `  --as-me                 show the peer this machine's id (default: nothing that says who we are)`;
const TOKEN =
  `  --token TOKEN           show an invitation (@FILE: the one in a file), and the id, to which it is bound from then on`;
const SHOWN = `  --identity FILE         show the id of this key file`;

/** Who may connect. */
const ACCESS =
  `  --allow PEER            only this peer may connect, and others that are allowed or invited (default: anyone)
  --allow-file FILE       the same for each id in a file, which is read again when it changes
  --invite-only           only who is invited may connect: skip help invite`;

/** Every command that goes out into the network takes these. */
const NETWORK = `  --bootstrap, --stun, --no-stun, --no-map                     skip help network
  --json, --quiet, --verbose                                   skip help output`;

/** What `skip help` says of each command and topic. */
export const TOPICS: Readonly<Record<string, string>> = {
  serve:
    `Serves what is there. Without TARGET a chat: to browsers as a page, to skip connect as lines; type to talk to all.

Usage: skip serve [TARGET] [--name PATH=TARGET]… [--identity FILE | --ephemeral] [--allow PEER]… [--port N]

  TARGET                  8080, HOST:PORT or http://HOST:PORT/path; tcp:22 or tcp:HOST:PORT; or a folder
  --name PATH=TARGET      one more target, below PATH, which it does not see; may be given several times
  --identity FILE         the key file; made if missing (default: the platform's configuration folder)
  --ephemeral             a new identity for this run, kept nowhere
${ACCESS}
  --port N                UDP and TCP port (default: any)
  --no-observer           do not offer, by an address in the DHT, to tell other peers what their NAT does
  --config FILE           flags from a file: skip help config
  --print-unit            print a systemd unit that runs this command, and end: skip help service
  --qr                    show the id as a QR code too
${NETWORK}

The id goes to stdout once others can find it. With --verbose a line for each request. Stop with Ctrl-C.`,

  connect: `Opens a WebSocket: lines from stdin are messages, messages go to stdout.

Usage: skip connect ID [--path /p] [--as-me | --token TOKEN] [--bootstrap HOST:PORT]… [--timeout SECONDS]

  --path /p               path and query of the request (default: /)
  --timeout SECONDS       how long opening may take (default: 30)
${AS_ME}
${TOKEN}
${SHOWN}
${NETWORK}

At the end of the input the connection is closed once nothing has come for a second.
Example: echo hello | skip connect ID --quiet`,

  ping: `Shows which path leads to a peer, and how good it is.

Usage: skip ping ID [--count N] [--speed] [--timeout SECONDS] [--as-me | --token TOKEN] [--identity FILE]

  --count N               how many pings, one a second (default: 5)
  --speed                 then measure how fast the line is, 3 s each way
${TIMEOUT}
${AS_ME}
${TOKEN}
${SHOWN}
${NETWORK}

The exit code is 4 where no ping comes back. Ctrl-C ends it early.`,

  forward: `Brings a peer's TCP service, or its site, to a port of this machine.

Usage: skip forward ID [LOCAL] [--path /p] [--as-me | --token TOKEN] [--bootstrap HOST:PORT]… [--timeout SECONDS]

  LOCAL                   PORT or HOST:PORT (default: 127.0.0.1 and any free port)
  --path /p               which of the peer's services (default: /)
${TIMEOUT}
${AS_ME}
${TOKEN}
${SHOWN}
${NETWORK}

The address goes to stdout once it works. It stays when the peer goes: each connection tries again.
Example: skip forward ID 2222, then ssh -p 2222 localhost`,

  proxy: `Leads any program to peers, by name: a SOCKS5 and HTTP proxy at 127.0.0.1.

Usage: skip proxy [--port N] [--any] [--as-me] [--identity FILE] [--bootstrap HOST:PORT]…

  --port N                where it listens (default: 1080; 0 for any)
  --any                   lead to all other hosts, too, directly
${AS_ME}
${SHOWN}
${NETWORK}

Port 80 is the peer's site, port 443 its own TLS, in which nobody shows an id. A petname may stand for the id: the peer
sees it as Host. Every user of this machine can use the proxy.
Example: skip proxy, then curl --proxy socks5h://127.0.0.1:1080 http://ID.skip.alt/`,

  pipe:
    `Joins stdin and stdout of two machines; without an ID it waits, and prints the command for the other one.

Usage: skip pipe [--identity FILE] [--allow PEER]… [--port N] [--bootstrap HOST:PORT]…
       skip pipe ID [--as-me | --token TOKEN] [--identity FILE] [--bootstrap HOST:PORT]… [--timeout SECONDS]

  --identity FILE         the key file of the side that waits (default: a new identity); with an ID, the id to show
${ACCESS}
  --port N                UDP and TCP port of the side that waits (default: any)
${AS_ME}
${TOKEN}
${TIMEOUT}
${NETWORK}

It ends with 0 only if both directions came to their end. --json goes to stderr.
Example: tar c . | skip pipe, and on the other side: skip pipe ID | tar x`,

  status: `Shows what of it is running on this machine: which id, since when, and what is served or forwarded.

Usage: skip status

${COMMON}`,

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

Whoever uses a token first stays let in until it ends: it is worth nothing to anybody else. The command fits what skip
serve of that identity serves, if it is running here; --token @FILE keeps a token out of what others see running.
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

Usage: skip help [COMMAND | network | output | config | service | exit-codes | permissions | licenses | man]

man: all of it as one manual page; skip help man | man -l -`,

  completions: `Prints a script by which a shell completes commands and flags.

Usage: skip completions SHELL

bash:  source <(skip completions bash)           in ~/.bashrc, for bash 4 or newer
zsh:   source <(skip completions zsh)            in ~/.zshrc, after compinit
fish:  skip completions fish | source            in ~/.config/fish/config.fish`,

  ...OTHER_TOPICS,
};
