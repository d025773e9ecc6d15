#!/usr/bin/env python3
"""DHT nodes of libtorrent that know each other, in one process.

usage: libtorrent_nodes.py CONFIG

CONFIG is JSON: {"places": [{"hostname": "127.0.0.2", "port": 0, "netns": "optional"}, ...],
"contacts": [{"hostname": "127.0.0.1", "port": 6881}, ...], "trusting": false}: where the nodes live, and further nodes
for them to know. As libtorrent counts on it by default, no two nodes may be close in address: it keeps only one of them.
Those that are trusting keep everybody, whatever the address or id, and begin with an id that does not fit their address.
stdout says {"ready": [{"hostname", "port"}, ...]} once each node has all the others, and all contacts, in its table.

Then stdin takes one JSON object a line, {"id": 1, "op": "get", "node": 0, "key": "<hex>"}; stdout answers each with
{"id": 1, ...}, in the order in which they finish. End of input is the end of the nodes.
"""
import asyncio
import ctypes
import hashlib
import json
import os
import socket
import sys
import warnings

import libtorrent as lt

warnings.simplefilter("ignore", DeprecationWarning)  # 2.0 has no other way to give a node its id from Python

CLONE_NEWNET = 0x40000000  # linux/sched.h
TABLE_POLL_S = 0.05  # libtorrent has no event for a change of its table
POLLS_PER_PING = 20  # a ping may get lost

CATEGORIES = lt.alert.category_t
SETTINGS = {
    "alert_mask": CATEGORIES.dht_notification | CATEGORIES.dht_operation_notification,
    # A lab's hosts are in blocks that were never announced.
    "dht_ignore_dark_internet": False,
    # All meet within the same second: at the default of 8,000 bytes/s a node then falls silent for a while.
    "dht_upload_rate_limit": 100_000,
    # The DHT alone; nobody outside is to be asked for anything.
    "dht_bootstrap_nodes": "",
    "enable_lsd": False,
    "enable_upnp": False,
    "enable_natpmp": False,
    "enable_incoming_tcp": False,
    "enable_outgoing_tcp": False,
    "enable_outgoing_utp": False,
}


# Any address, and any id for it, may be in a table and in a search.
TRUSTING = {
    "dht_restrict_routing_ips": False,
    "dht_restrict_search_ips": False,
    "dht_prefer_verified_node_ids": False,
}


def enter(netns):
    """From here on new threads and their sockets live in a network namespace: a session's are its own."""
    with open(f"/run/netns/{netns}", "rb") as namespace:
        if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns")


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def id_for(address):
    """An id that fits an address (BEP 42). A node with another one changes it when it first hears its address,
    and others then keep, for a while, what they know of the old one."""
    node_id = bytearray(os.urandom(20))
    masked = bytearray(a & m for a, m in zip(address, b"\x03\x0f\x3f\xff"))
    masked[0] |= (node_id[19] & 7) << 5
    crc = crc32c(masked)
    node_id[0:3] = crc >> 24, crc >> 16 & 255, crc >> 8 & 0xF8 | node_id[2] & 7
    return bytes(node_id)


def expanded(seed):
    """The form of an Ed25519 private key that libtorrent wants (RFC 8032 section 5.1.5)."""
    key = bytearray(hashlib.sha512(seed).digest())
    key[0] &= 248
    key[31] = key[31] & 63 | 64
    return bytes(key)


class Node:
    def __init__(self, place, alerts, trusting):
        if "netns" in place:
            enter(place["netns"])
        hostname, address = place["hostname"], socket.inet_aton(place["hostname"])
        first_id = os.urandom(20) if trusting else id_for(address)
        self.waiting = []
        self.session = lt.session(
            {
                **SETTINGS,
                **(TRUSTING if trusting else {}),
                "listen_interfaces": f"{hostname}:{place['port']}",
                "enable_dht": False,
            }
        )
        self.session.set_alert_fd(alerts)
        port = self.session.listen_port()
        if port == 0:
            raise OSError(f"libtorrent cannot listen on {hostname}:{place['port']}")
        self.session.load_state({b"dht state": {b"node-id": [first_id + address]}})
        self.running = self.next(lt.dht_bootstrap_alert, lambda _: True)
        self.session.apply_settings({"enable_dht": True})
        self.endpoint = (hostname, port)

    def next(self, kind, matches):
        """The next alert of a kind that matches."""
        future = asyncio.get_running_loop().create_future()
        self.waiting.append((kind, matches, future))
        return future

    def hear(self):
        for alert in self.session.pop_alerts():
            for entry in [w for w in self.waiting if isinstance(alert, w[0]) and w[1](alert)]:
                self.waiting.remove(entry)
                kind, _, future = entry
                try:
                    future.set_result(READERS[kind](alert))  # the alert dies with the next call of pop_alerts()
                except Exception as error:
                    future.set_exception(error)

    @property
    def node_id(self):
        """As of now: libtorrent replaces one that does not fit the address, once it knows that."""
        state = self.session.save_state(lt.save_state_flags_t.save_dht_state)
        return state[b"dht state"][b"node-id"][0][:20]

    async def neighbours(self):
        live = self.next(lt.dht_live_nodes_alert, lambda _: True)
        self.session.dht_live_nodes(lt.sha1_hash(self.node_id))
        return await live

    async def meet(self, known):
        """Pings the others until all of them are in the table."""
        missing, polls = set(known) - {self.endpoint}, 0
        while missing:
            if polls % POLLS_PER_PING == 0:
                for other in missing:
                    self.session.add_dht_node(other)
            await asyncio.sleep(TABLE_POLL_S)
            missing -= await self.neighbours()
            polls += 1

    async def get(self, key, seq):
        """The first item with this number or a higher one; nothing once all that may have it have said no."""
        key = bytes.fromhex(key)

        def is_answer(alert):
            has_item = any(alert.signature) and alert.seq >= seq
            return alert.key == key and (has_item or alert.authoritative)

        found = self.next(lt.dht_mutable_item_alert, is_answer)
        self.session.dht_get_mutable_item(key, b"")
        return await found

    async def put(self, seed, key, value):
        key = bytes.fromhex(key)
        done = self.next(lt.dht_put_alert, lambda a: a.public_key == key)
        self.session.dht_put_mutable_item(expanded(bytes.fromhex(seed)), key, bytes.fromhex(value), b"")
        return await done

    async def get_peers(self, infoHash):
        info_hash = lt.sha1_hash(bytes.fromhex(infoHash))
        found = self.next(lt.dht_get_peers_reply_alert, lambda a: a.info_hash == info_hash)
        self.session.dht_get_peers(info_hash)
        return await found


def read_item(alert):
    if not any(alert.signature):
        return {}  # nobody has it
    return {"value": alert.item["value"].hex(), "seq": alert.seq, "sig": alert.signature.hex()}


READERS = {
    lt.dht_bootstrap_alert: lambda a: None,
    lt.dht_live_nodes_alert: lambda a: {tuple(node["endpoint"]) for node in a.nodes},
    lt.dht_mutable_item_alert: read_item,
    lt.dht_put_alert: lambda a: {"accepted": a.num_success, "seq": a.seq},
    lt.dht_get_peers_reply_alert: lambda a: {
        "peers": [{"hostname": hostname, "port": port} for hostname, port in a.peers()]
    },
}
OPERATIONS = {"get": Node.get, "put": Node.put, "getPeers": Node.get_peers}


def say(message):
    print(json.dumps(message), flush=True)


async def perform(nodes, id, op, node, **parameters):
    say({"id": id, **await OPERATIONS[op](nodes[node], **parameters)})


async def main(places, contacts, trusting):
    loop = asyncio.get_running_loop()
    heard, alerts = os.pipe2(os.O_NONBLOCK)
    nodes = [Node(place, alerts, trusting) for place in places]

    def hear():
        os.read(heard, 65536)
        for node in nodes:
            node.hear()

    loop.add_reader(heard, hear)
    await asyncio.gather(*(node.running for node in nodes))
    known = [node.endpoint for node in nodes] + [(c["hostname"], c["port"]) for c in contacts]
    await asyncio.gather(*(node.meet(known) for node in nodes))
    say({"ready": [{"hostname": hostname, "port": port} for hostname, port in (n.endpoint for n in nodes)]})

    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    async with asyncio.TaskGroup() as tasks:
        running = set()
        async for line in reader:
            running.add(tasks.create_task(perform(nodes, **json.loads(line))))
        for task in running:
            task.cancel()  # nobody listens any more


asyncio.run(main(**json.loads(sys.argv[1])))
