/**
 * The package as the examples import it, in a network of the tests: the environment says where it begins, and nothing
 * outside this machine is asked.
 */
import * as skip from "../../mod.ts";

export * from "../../mod.ts";

const network = {
  bootstrap: Deno.env.get("SKIP_TEST_BOOTSTRAP")!.split(","),
  stun: [],
  portMapping: false,
};

export const serve: typeof skip.serve = (handler, options) => skip.serve(handler, { ...network, ...options });
export const dial: typeof skip.dial = (id, options) => skip.dial(id, { ...network, ...options });
export const connect: typeof skip.connect = (id, options) => skip.connect(id, { ...network, ...options });
