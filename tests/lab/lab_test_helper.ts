import { type Register, testsNeeding } from "../needing.ts";
import { labUnavailable } from "./available.ts";

const reason = labUnavailable();

/** Registers a test that needs the lab. */
export const labTest: Register = testsNeeding("in the lab", reason && `no lab: ${reason}`);
