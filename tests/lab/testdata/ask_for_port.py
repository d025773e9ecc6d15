#!/usr/bin/env python3
"""Asks the default router to map a TCP port, by NAT-PMP (RFC 6886) or PCP (RFC 6887), and says what came of it.

usage: ask_for_port.py natPmp|pcp OWN_ADDRESS PORT
"""
import os
import socket
import struct
import sys

PATIENCE_S = 2
MAPPED = b"\0" * 10 + b"\xff\xff"


def ask(router, message):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(PATIENCE_S)
        s.connect((router, 5351))
        s.send(message)
        return s.recv(1100)


def nat_pmp(router, port):
    address = ask(router, struct.pack("!BB", 0, 0))
    mapping = ask(router, struct.pack("!BBHHHI", 0, 2, 0, port, port, 3600))
    if struct.unpack_from("!H", address, 2)[0] or struct.unpack_from("!H", mapping, 2)[0]:
        return "refused"
    return f"{socket.inet_ntoa(address[8:12])}:{struct.unpack_from('!H', mapping, 10)[0]}"


def pcp(router, port, own):
    head = struct.pack("!BBHI", 2, 1, 0, 3600) + MAPPED + socket.inet_aton(own)
    body = os.urandom(12) + struct.pack("!B3xHH", 6, port, port) + MAPPED + bytes(4)
    answer = ask(router, head + body)
    if answer[3] != 0:
        return "refused"
    return f"{socket.inet_ntoa(answer[56:60])}:{struct.unpack_from('!H', answer, 42)[0]}"


protocol, own, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
router = own.rsplit(".", 1)[0] + ".1"
try:
    print(nat_pmp(router, port) if protocol == "natPmp" else pcp(router, port, own))
except TimeoutError:
    print("silence")
except ConnectionRefusedError:
    print("closed")
