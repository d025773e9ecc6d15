/** Why a target could not answer. */
export type FaultCode = "not-listening" | "no-answer" | "bad-answer" | "broken";

/** What stands between a peer and its answer. */
interface Words {
  readonly status: 502 | 504;
  /** What a visitor reads: nothing of the addresses behind this peer. */
  readonly page: string;
}

const WORDS: Readonly<Record<FaultCode, Words>> = {
  "not-listening": {
    status: 502,
    page: "This peer is here, but the service behind it is not running.\nTry again once it has been started.",
  },
  "no-answer": { status: 504, page: "This peer is here, but the service behind it does not answer in time." },
  "bad-answer": {
    status: 502,
    page: "This peer is here, but the service behind it gave an answer that is not valid.",
  },
  "broken": {
    status: 502,
    page: "This peer is here, but the service behind it broke the connection before it answered.",
  },
};

/**
 * A target did not answer as it should. `message` is for the person who serves it.
 *
 * @example Counting
 * ```ts
 * import { proxyTarget, type TargetFault } from "@skip-public-ip/skip-public-ip";
 *
 * const faults: TargetFault[] = [];
 * using target = proxyTarget("http://localhost:8080", { onFault: (_request, fault) => faults.push(fault) });
 * ```
 */
export class TargetFault extends Error {
  /** `TargetFault`. */
  override readonly name = "TargetFault";
  /** The word for scripts. */
  readonly code: FaultCode;

  /** `message` names the target and says what it did. */
  constructor(code: FaultCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  /** What the peer gets: 502 or 504, and a page that says whose fault it is. */
  response(): Response {
    const { status, page } = WORDS[this.code];
    const headers = { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" };
    return new Response(`${status} ${STATUS_TEXT[status]}\n\n${page}\n`, { status, headers });
  }
}

const STATUS_TEXT = { 502: "Bad Gateway", 504: "Gateway Timeout" } as const;

/** What the system says when nobody is there. */
const NOT_LISTENING = [
  "ECONNREFUSED",
  "ENOTFOUND",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EADDRNOTAVAIL",
  "EAI_AGAIN",
];

/** What undici calls its errors when an answer is not one. */
const NOT_HTTP = ["HTTPParserError", "HeadersOverflowError", "ResponseContentLengthMismatchError"];

/** The fault behind an error of the exchange with `target`. */
export function faultOf(error: unknown, target: string): TargetFault {
  if (error instanceof TargetFault) return error;
  const { code = "", name = "", message = String(error) } = error as Partial<Error & { code: string }>;
  const all = [code, ...(error instanceof AggregateError ? error.errors.map((e) => e?.code) : [])];
  if (all.some((one) => NOT_LISTENING.includes(one))) {
    return new TargetFault("not-listening", `${target} does not listen`, { cause: error });
  }
  const kind = NOT_HTTP.includes(name) ? "bad-answer" : "broken";
  const what = kind === "broken" ? "broke the connection" : "gave an answer that is not HTTP";
  return new TargetFault(kind, `${target} ${what}: ${message}`, { cause: error });
}
