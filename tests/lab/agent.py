#!/usr/bin/env python3
"""Opens sockets where it is told to, so that a probe can see a NAT from both sides.

stdin takes one JSON object a line, {"id": 1, "op": "dial", ...}; stdout answers each with {"id": 1, ...}, in the
order in which they finish. Everything stays open until the end of input.
"""
import errno
import hashlib
import json
import os
import socket
import sys
import threading
import time

sockets = {}  # (kind, port): socket
connections = []  # kept, as a FIN or RST may change what a NAT thinks
REFUSALS = {
    errno.ECONNREFUSED: "reset",
    errno.ECONNRESET: "reset",
    errno.EHOSTUNREACH: "unreachable",
}


def shared_tcp(port, ipv6=False):
    """A TCP socket that shares its port with others of this process, as punching needs it."""
    s = socket.socket(socket.AF_INET6 if ipv6 else socket.AF_INET)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    if ipv6:
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    s.bind(("::" if ipv6 else "0.0.0.0", port))
    return s


def keep(kind, s):
    port = s.getsockname()[1]
    sockets[kind, port] = s
    return {"port": port}


def udp(port):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(("0.0.0.0", port))
    return keep("udp", s)


def send(port, to, data):
    for text in data:
        sockets["udp", port].sendto(text.encode(), tuple(to))
    return {}


def receive(port, timeoutMs):
    s = sockets["udp", port]
    s.settimeout(timeoutMs / 1000)
    try:
        data, sender = s.recvfrom(2048)
    except TimeoutError:
        return {}
    return {"from": sender, "data": data.decode()}


def listen(port, ipv6=False):
    s = shared_tcp(port, ipv6)
    s.listen()
    return keep("tcp", s)


def accept(port, timeoutMs):
    s = sockets["tcp", port]
    s.settimeout(timeoutMs / 1000)
    try:
        connection, sender = s.accept()
    except TimeoutError:
        return {}
    connections.append(connection)
    return {"from": sender}


def dial(port, to, timeoutMs, insist):
    """One SYN (and its repetitions); where `insist` is set, again at once whenever it is refused."""
    deadline = time.monotonic() + timeoutMs / 1000
    while True:
        s = shared_tcp(port, ":" in to[0])
        connections.append(s)
        s.settimeout(max(0.001, deadline - time.monotonic()))
        code = connect(s, to)
        if code == 0:
            return {"outcome": "in", "port": s.getsockname()[1]}
        if code == errno.ETIMEDOUT:
            return {"outcome": "silence"}
        if not insist or time.monotonic() > deadline:
            return {"outcome": REFUSALS.get(code) or os.strerror(code)}
        port = s.getsockname()[1]
        s.close()


def connect(s, to):
    try:
        s.connect(tuple(to))
        return 0
    except TimeoutError:
        return errno.ETIMEDOUT
    except OSError as error:
        return error.errno


def connectTimes(to, count):
    """How long each of `count` connects took: the kernels exchange one round trip, no process takes part."""
    times = []
    for _ in range(count):
        start = time.monotonic()
        connections.append(socket.create_connection(tuple(to)))
        times.append(1000 * (time.monotonic() - start))
    return {"ms": times}


def pour(to, bytes):
    """Sends that many random bytes and gives their digest."""
    digest = hashlib.sha256()
    with socket.create_connection(tuple(to)) as connection:
        while bytes > 0:
            data = os.urandom(min(bytes, 1 << 20))
            digest.update(data)
            connection.sendall(data)
            bytes -= len(data)
    return {"digest": digest.hexdigest()}


def drain(port):
    """Accepts one connection and gives the digest of all that comes."""
    digest = hashlib.sha256()
    connection, _ = sockets["tcp", port].accept()
    with connection:
        while data := connection.recv(1 << 18):
            digest.update(data)
    return {"digest": digest.hexdigest()}


def echo(port):
    """Accepts one connection and sends back all that comes; gives how much that was."""
    count = 0
    connection, _ = sockets["tcp", port].accept()
    with connection:
        while data := connection.recv(1 << 16):
            connection.sendall(data)
            count += len(data)
    return {"bytes": count}


def echoAll(port):
    """Sends back whatever comes on any connection, from now on."""
    threading.Thread(target=accept_forever, args=(sockets["tcp", port],), daemon=True).start()
    return {}


def accept_forever(listener):
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=echo_back, args=(connection,), daemon=True).start()


def echo_back(connection):
    with connection:
        try:
            while data := connection.recv(1 << 16):
                connection.sendall(data)
        except OSError:
            pass  # whoever sent it has gone


def ask(to, timeoutMs):
    """One question over a connection of its own; the time until the echo is here, or what went wrong."""
    start = time.monotonic()
    try:
        with socket.create_connection(tuple(to), timeoutMs / 1000) as connection:
            connection.settimeout(timeoutMs / 1000)
            connection.sendall(b"?")
            if connection.recv(1) != b"?":
                return {"outcome": "ended"}
    except TimeoutError:
        return {"outcome": "silence"}
    except OSError as error:
        return {"outcome": REFUSALS.get(error.errno) or os.strerror(error.errno)}
    return {"ms": 1000 * (time.monotonic() - start)}


PATIENCE_MS = 30_000  # of one who asks: others ask, too


def askUntilAnswered(to, intervalMs, timeoutMs):
    """Asks again and again, whether or not the questions before are answered; the time until the first echo is here."""
    start, answered = time.monotonic(), threading.Event()

    def try_once():
        if "ms" in ask(to, min(timeoutMs, PATIENCE_MS)):
            answered.set()

    while not answered.is_set() and time.monotonic() - start < timeoutMs / 1000:
        threading.Thread(target=try_once, daemon=True).start()
        answered.wait(intervalMs / 1000)
    return {"ms": 1000 * (time.monotonic() - start)} if answered.is_set() else {"outcome": "silence"}


class Stream:
    """A connection on which something is said all the time, and the longest time for which no echo came."""

    def __init__(self, to):
        self.connection = socket.create_connection(tuple(to))
        self.connection.sendall(b".")
        self.connection.recv(1)  # whoever is to echo has it
        self.heard, self.longest, self.outcome = time.monotonic(), 0.0, None
        threading.Thread(target=self.speak, daemon=True).start()
        threading.Thread(target=self.listen, daemon=True).start()

    def speak(self):
        try:
            while self.outcome is None:
                self.connection.sendall(b".")
                time.sleep(0.05)
        except OSError as error:
            self.end(REFUSALS.get(error.errno) or os.strerror(error.errno))

    def listen(self):
        try:
            while self.connection.recv(1 << 16):
                now = time.monotonic()
                self.longest, self.heard = max(self.longest, now - self.heard), now
            self.end("ended")
        except OSError as error:
            self.end(REFUSALS.get(error.errno) or os.strerror(error.errno))

    def end(self, outcome):
        self.outcome = self.outcome or outcome
        self.connection.close()


streams = []


def stream(to):
    streams.append(Stream(to))
    return {"stream": len(streams) - 1}


def streamed(stream):
    """What became of a stream so far: the longest silence, the present one, and how it ended, where it did."""
    one = streams[stream]
    silence = time.monotonic() - one.heard
    longest = one.longest if one.outcome else max(one.longest, silence)
    result = {"longestMs": 1000 * longest, "silentMs": 1000 * silence}
    return {**result, "outcome": one.outcome} if one.outcome else result


OPERATIONS = {f.__name__: f for f in (
    udp, send, receive, listen, accept, dial, connectTimes, pour, drain, echo,
    echoAll, ask, askUntilAnswered, stream, streamed,
)}
answering = threading.Lock()


def answer(id, op, **parameters):
    try:
        result = OPERATIONS[op](**parameters)
    except Exception as error:  # the other side of the pipe wants to know, whatever it is
        result = {"error": f"{op}: {error}"}
    with answering:
        print(json.dumps({"id": id, **result}), flush=True)


for line in sys.stdin:
    threading.Thread(target=answer, kwargs=json.loads(line), daemon=True).start()
os._exit(0)
