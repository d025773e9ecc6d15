/** The whole way of a connection, where every node of the DHT is libtorrent's. */
import { assertEquals } from "@std/assert";
import { formatEndpoint } from "../../lib/endpoint.ts";
import { Lab } from "../lab/mod.ts";
import { converse, startServing, startSession } from "../session.ts";
import { LibtorrentNodes } from "./libtorrent.ts";
import { libtorrentLabTest } from "./libtorrent_test_helper.ts";

for (const trusting of [false, true]) {
  const kind = trusting ? "that keep whomever they hear" : "that keep whose address and id they trust";
  libtorrentLabTest(`serve and connect meet in a DHT of libtorrent's nodes ${kind}`, async () => {
    await using lab = await Lab.create({ rttMs: 50, hosts: 16 });
    const [serving, connecting] = await lab.pair("port", "port");
    await using net = await LibtorrentNodes.inLab(lab, { trusting });
    const meeting = { bootstrap: formatEndpoint(net.bootstrap[0]!), serving, connecting };

    await using server = await startServing(meeting);
    await using session = await startSession(server, meeting);
    const { client } = session;
    assertEquals(await converse(server, client, ["hello", "grüße 👋", "a".repeat(10_000)]), []);
    await client.endInput();
    assertEquals((await client.ended).code, 0);
  });
}
