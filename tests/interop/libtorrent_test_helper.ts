import { labTest } from "../lab/lab_test_helper.ts";
import { type Register, testsNeeding } from "../needing.ts";
import { libtorrentUnavailable } from "./libtorrent.ts";

const unavailable = libtorrentUnavailable();

/** Registers a test that needs libtorrent. */
export const libtorrentTest: Register = testsNeeding("with libtorrent", unavailable);

/** Registers a test that needs both libtorrent and the lab. */
export const libtorrentLabTest: Register = unavailable === undefined ? labTest : libtorrentTest;
