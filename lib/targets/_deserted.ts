/**
 * Calls `desert` if the peer goes while its WebSocket is being opened: in Deno 2.9 one whose peer does never opens nor closes, and
 * what was opened for it would wait for ever.
 *
 * @param gone Aborted when the peer's connection is gone; where nobody tells, nothing happens.
 */
export function whenDeserted(peer: WebSocket, gone: AbortSignal | undefined, desert: () => void): void {
  const look = () => {
    if (peer.readyState === WebSocket.CONNECTING) desert();
  };
  const forget = () => gone?.removeEventListener("abort", look);
  gone?.addEventListener("abort", look, { once: true });
  peer.addEventListener("open", forget, { once: true });
  if (gone?.aborted) look();
}
