import { libtorrentTest } from "../libtorrent_test_helper.ts";

libtorrentTest("something with libtorrent", () => {});
