import { assertEquals } from "@std/assert";
import { type Guard, makeProof } from "../../lib/access/mod.ts";
import { generateIdentity } from "../../lib/identity/mod.ts";
import { Admission, denial, isDenial } from "../../lib/tunnel/_admission.ts";
import { Guest } from "../../lib/tunnel/_guest.ts";

const [server, ann, bob] = [generateIdentity(), generateIdentity(), generateIdentity()];
const DAY_MS = 24 * 60 * 60 * 1000;

function newGuest(): Guest & Disposable {
  const guest = new Guest({ hostname: "198.51.100.7", port: 7 }, 10_000);
  return Object.assign(guest, { [Symbol.dispose]: () => guest.close() });
}

function headers(proof?: string, token?: string): Headers {
  return new Headers([
    ...(proof === undefined ? [] : [["skip-peer", proof] as [string, string]]),
    ...(token === undefined ? [] : [["skip-token", token] as [string, string]]),
  ]);
}

const proofOf = (identity = ann, audience = server, now = Date.now()) =>
  makeProof(identity, audience.id, now);

/** Lets in who is on a list, and puts on it whoever brings the token "let me in". */
function guardOf(...ids: string[]): Guard & { readonly ids: Set<string> } {
  const list = new Set(ids);
  return {
    ids: list,
    admits: (id) => list.has(id),
    admit: (id, token) => Promise.resolve(list.has(id) || (token === "let me in" && list.add(id).has(id))),
    watch: () => () => {},
  };
}

Deno.test("Admission without a guard lets everybody in, and knows who has proven an id", async () => {
  const admission = new Admission(server.id, undefined);
  using anonymous = newGuest();
  assertEquals([await admission.admit(anonymous, headers()), anonymous.id], [true, undefined]);
  using guest = newGuest();
  assertEquals([admission.admit(guest, headers(proofOf())), guest.id], [true, ann.id]);
  assertEquals([admission.admit(guest, headers()), guest.id], [true, ann.id]); // the connection is his
  assertEquals([admission.admit(guest, headers(proofOf())), guest.id], [true, ann.id]); // a newer proof
});

Deno.test("Admission takes a proof from a clock that is wrong by a day", () => {
  for (const days of [-1, 1]) {
    using guest = newGuest();
    const proof = proofOf(ann, server, Date.now() + days * DAY_MS);
    assertEquals(new Admission(server.id, undefined).admit(guest, headers(proof)), true);
  }
});

Deno.test("Admission refuses a wrong proof also where everybody may come in, and dismisses the guest", async () => {
  const wrong = {
    "for another peer": proofOf(ann, bob),
    "two days old": proofOf(ann, server, Date.now() - 2 * DAY_MS),
    "two at once": `${proofOf()}, ${proofOf()}`,
    "100 kB": "x".repeat(100_000),
    "empty": "",
  };
  await Promise.all(
    Object.entries(wrong).map(async ([what, proof]) => {
      using guest = newGuest();
      const admission = new Admission(server.id, undefined);
      assertEquals(await admission.admit(guest, headers(proof)), false, what);
      assertEquals([guest.dismissed, guest.id], [true, undefined]);
      assertEquals(await admission.admit(guest, headers(proofOf())), false, what);
    }),
  );
});

Deno.test("Admission does not let a guest become somebody else on one connection", async () => {
  using guest = newGuest();
  const admission = new Admission(server.id, guardOf(ann.id, bob.id));
  assertEquals(admission.admit(guest, headers(proofOf(ann))), true);
  assertEquals(await admission.admit(guest, headers(proofOf(bob))), false);
  assertEquals(await admission.admit(guest, headers()), false);
});

Deno.test("Admission with a guard lets in whom it lets in, by list or by token", async () => {
  const admission = new Admission(server.id, guardOf(ann.id));
  const table: [headers: Headers, admitted: boolean][] = [
    [headers(), false],
    [headers(undefined, "let me in"), false], // a token needs somebody whom it is for
    [headers(proofOf(ann)), true],
    [headers(proofOf(bob)), false],
    [headers(proofOf(bob), "please"), false],
    [headers(proofOf(bob), "let me in"), true],
    [headers(proofOf(bob)), true],
  ];
  for (const [given, admitted] of table) {
    using guest = newGuest();
    assertEquals([await admission.admit(guest, given), guest.admitted], [admitted, admitted]);
    assertEquals(guest.dismissed, !admitted);
  }
});

Deno.test("Admission asks the guard again with every request", async () => {
  const guard = guardOf(ann.id);
  const admission = new Admission(server.id, guard);
  using guest = newGuest();
  assertEquals(admission.admit(guest, headers(proofOf())), true);
  guard.ids.clear();
  assertEquals(await admission.admit(guest, headers(proofOf())), false);
});

Deno.test("Admission takes its time for a denial, whatever the reason", async () => {
  const admission = new Admission(server.id, guardOf());
  for (const given of [headers(), headers("garbage"), headers(proofOf()), headers(proofOf(), "please")]) {
    using guest = newGuest();
    const start = performance.now();
    await admission.admit(guest, given);
    assertEquals(performance.now() - start > 45, true);
  }
});

Deno.test("isDenial() tells a denial from any other answer", () => {
  assertEquals(isDenial(denial()), true);
  assertEquals(isDenial(new Response(null, { status: 403 })), false);
  assertEquals(isDenial(new Response(null, { headers: { "skip-access": "denied" } })), false);
});
