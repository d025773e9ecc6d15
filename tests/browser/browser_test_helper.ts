import { type Register, testsNeeding } from "../needing.ts";
import { chromiumUnavailable } from "./chromium.ts";

/** Registers a test that needs Chromium. */
export const browserTest: Register = testsNeeding("in a browser", chromiumUnavailable());
