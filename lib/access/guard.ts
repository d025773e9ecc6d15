/** Decides which peers a serving peer lets in. */
export interface Guard {
  /** Whether a peer that has proven its id may come in, with a token if it brings one. Never rejects. */
  admit(id: string, token?: string): Promise<boolean>;
  /** Whether it may without a token, by all that is known now. */
  admits(id: string): boolean;
  /** Calls `changed` when {@linkcode Guard.admits} may answer differently; gives the way to stop. */
  watch(changed: () => void): () => void;
}
