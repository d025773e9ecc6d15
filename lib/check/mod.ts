/**
 * Is the right peer at the other end of a path?
 *
 * @module
 */
export {
  answerChecks,
  type AnswerOptions,
  type CheckedPath,
  type CheckOptions,
  checkPath,
  type TlsPath,
} from "./exchange.ts";
export { askObserver, type ObserverAnswer, type ObserverOptions } from "./observer.ts";
export {
  type Probe,
  probeDatagram,
  type ProbeOutcome,
  type ProbeRequest,
  type ProbeTransport,
} from "./probe.ts";
