/**
 * Is the right peer at the other end of a path?
 *
 * @module
 */
export { answerChecks, type CheckedPath, type CheckOptions, checkPath, type TlsPath } from "./exchange.ts";
