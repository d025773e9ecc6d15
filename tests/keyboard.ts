/** What somebody can do at the keyboard of a process whose stdin is piped. */
export class Keyboard {
  readonly #stdin: WritableStreamDefaultWriter<Uint8Array>;

  /** Sits down at it. */
  constructor(child: Deno.ChildProcess) {
    this.#stdin = child.stdin.getWriter();
    this.#stdin.closed.catch(() => {}); // it may end before we finish talking
  }

  /** Types. Rejects where nobody hears it any more. */
  async type(text: string): Promise<void> {
    await this.#stdin.write(new TextEncoder().encode(text));
  }

  /** Ends the input, like Ctrl-D; a process that has ended needs none. */
  async end(): Promise<void> {
    await this.#stdin.close().catch(() => {});
  }

  /** Leaves it, once the process has ended. */
  async leave(): Promise<void> {
    await this.#stdin.abort().catch(() => {});
  }
}
