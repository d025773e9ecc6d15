#!/usr/bin/env python3
"""Makes the kernel forget every connection that passes this namespace, as a router does that restarts.

One netlink message (linux/netfilter/nfnetlink_conntrack.h): delete, without saying which, deletes all.
"""
import socket
import struct
import sys

NETLINK_NETFILTER = 12
CONNTRACK_DELETE = 1 << 8 | 2
REQUEST_WITH_ACK = 1 | 4

with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER) as kernel:
    kernel.send(struct.pack("=IHHIIBBH", 20, CONNTRACK_DELETE, REQUEST_WITH_ACK, 1, 0, socket.AF_INET, 0, 0))
    (error,) = struct.unpack_from("=i", kernel.recv(4096), 16)
sys.exit(-error)
