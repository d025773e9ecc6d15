#!/usr/bin/env python3
"""New flows from one machine, as the other machines of a household make them.

    noise.py FLOWS_PER_SECOND ADDRESS...

Opens that many TCP connections and as many UDP flows a second on average, at random moments, each from a fresh port to
one of the addresses. Says "noise" once the first are on their way; ends with its input.
"""
import random
import select
import socket
import sys
import time

PORT = 443

rate = float(sys.argv[1])
addresses = sys.argv[2:]


def open_tcp(address):
    with socket.socket() as s:
        s.setblocking(False)
        s.connect_ex((address, PORT))


def open_udp(address):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.sendto(b"noise", (address, PORT))


open_tcp(random.choice(addresses))
open_udp(random.choice(addresses))
print("noise", flush=True)
due = time.monotonic()  # a clock of its own: whoever is late catches up
while True:
    due += random.expovariate(rate)
    if select.select([sys.stdin], [], [], max(0, due - time.monotonic()))[0]:
        break
    open_tcp(random.choice(addresses))
    open_udp(random.choice(addresses))
