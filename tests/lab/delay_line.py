#!/usr/bin/env python3
"""The lab's WAN: every packet that the kernel routes into a TUN device comes out of it again, later or never.

usage: delay_line.py NETNS DEVICE SEED

stdin takes one JSON object a line, {"delayMs": 25, "loss": 0.01, "reorder": 0}: each is answered with "ok" and is valid
from then on. End of input is the end of the delay line. Packets come out in the order in which they went in, but for the
part `reorder` of them, which come late.
"""
import ctypes
import errno
import fcntl
import gc
import heapq
import json
import os
import random
import select
import signal
import struct
import sys
from collections import deque
from time import monotonic

# linux/if_tun.h, linux/virtio_net.h, linux/sched.h
TUNSETIFF, TUNSETOFFLOAD = 0x400454CA, 0x400454D0
IFF_TUN, IFF_NO_PI, IFF_VNET_HDR = 0x0001, 0x1000, 0x4000
TUN_F_CSUM, TUN_F_TSO4, TUN_F_TSO6 = 1, 2, 4
CLONE_NEWNET = 0x40000000

MOST_LATE = 0.02  # seconds: several packets of any connection that is in use overtake one that is late
VNET_HEADER = 10
BIGGEST_PACKET = VNET_HEADER + 65536
BATCH = 64  # packets read before those that are due are written: bounds how late these get


def open_tun(netns, device):
    """Opens the TUN device in its namespace, and stays outside: the lab kills what lives inside."""
    libc = ctypes.CDLL(None, use_errno=True)
    home = os.open("/proc/self/ns/net", os.O_RDONLY)
    away = os.open(f"/run/netns/{netns}", os.O_RDONLY)
    enter(libc, away)
    try:
        tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", device.encode(), IFF_TUN | IFF_NO_PI | IFF_VNET_HDR))
    finally:
        enter(libc, home)
    return tun


def enter(libc, namespace):
    if libc.setns(namespace, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


class Loss:
    """Which packets to lose: the n-th from one address to another always shares its fate in runs of one seed."""

    def __init__(self, seed):
        self.seed = seed
        self.rate = 0.0
        self.directions = {}

    def takes(self, packet):
        ip = packet[VNET_HEADER:]
        direction = ip[12:20] if ip[0] >> 4 == 4 else ip[8:40]
        dice = self.directions.get(direction)
        if dice is None:
            dice = self.directions[direction] = random.Random(f"{self.seed} {direction.hex()}")
        return dice.random() < self.rate


class DelayLine:
    def __init__(self, tun, loss):
        self.tun = tun
        self.loss = loss
        self.delay = 0.0
        self.reorder = 0.0
        self.dice = random.Random(loss.seed)
        self.queue = deque()  # (due, packet)
        self.late = []  # the same, as a heap
        self.input = b""

    def apply(self, settings):
        self.delay = settings["delayMs"] / 1000
        self.loss.rate = settings["loss"]
        self.reorder = settings["reorder"]
        # A lost or late packet must be one segment, not a train of them, so the kernel may hand over trains only without.
        # Checksums are then left to the receiver in both cases: the vnet header travels along and says so.
        offload = 0 if self.loss.rate > 0 or self.reorder > 0 else TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6
        fcntl.ioctl(self.tun, TUNSETOFFLOAD, offload)

    def read_settings(self):
        """False at the end of input."""
        data = os.read(0, 4096)
        *lines, self.input = (self.input + data).split(b"\n")
        for line in lines:
            self.read_waiting()
            self.apply(json.loads(line))
            os.write(1, b"ok\n")
        return data != b""

    def read_waiting(self):
        """What was sent before the settings were: it is not for them. The queue of a device holds 500 packets."""
        for _ in range(1 + 500 // BATCH):
            if not self.read_packets():
                return

    def read_packets(self):
        """False where no more are waiting."""
        for _ in range(BATCH):
            try:
                packet = os.read(self.tun, BIGGEST_PACKET)
            except BlockingIOError:
                return False
            if self.loss.rate > 0 and self.loss.takes(packet):
                continue
            due = monotonic() + self.delay
            if self.reorder > 0 and self.dice.random() < self.reorder:
                heapq.heappush(self.late, (due + self.dice.random() * MOST_LATE, packet))
            else:
                self.queue.append((due, packet))
        return True

    def write_due(self):
        queue, late, now = self.queue, self.late, monotonic()
        while queue and queue[0][0] <= now:
            self.write(queue.popleft()[1])
        while late and late[0][0] <= now:
            self.write(heapq.heappop(late)[1])

    def write(self, packet):
        try:
            os.write(self.tun, packet)
        except OSError as error:
            # The kernel refuses what it cannot parse; the Internet drops such packets too.
            if error.errno not in (errno.EINVAL, errno.EIO):
                raise

    def run(self):
        while True:
            next_due = min((one[0][0] for one in (self.queue, self.late) if one), default=None)
            wait = None if next_due is None else max(0.0, next_due - monotonic())
            readable, _, _ = select.select([self.tun, 0], [], [], wait)
            if self.tun in readable:
                self.read_packets()
            self.write_due()
            if 0 in readable and not self.read_settings():
                return


def main():
    netns, device, seed = sys.argv[1:]
    for ignored in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(ignored, signal.SIG_IGN)  # the owner decides, by closing stdin; a Ctrl-C goes to everybody
    gc.disable()
    try:
        os.nice(-10)  # delays stay precise while the peers keep the processors busy
    except PermissionError:
        pass
    DelayLine(open_tun(netns, device), Loss(seed)).run()


main()
