import { assertEquals, assertStringIncludes } from "@std/assert";
import { complaint, faultTable } from "./_fault_report.ts";
import { allFaults, type Fault } from "./_faults.ts";

const fault: Fault = {
  name: "x",
  what: "it rains",
  lastsMs: 300_000,
  worksWithinMs: 1000,
  shows: "drops",
  run: () => Promise.reject(new Error("not here")),
};

Deno.test("faultTable() says what was seen each time, what some of the times, and how long it took", () => {
  const recoveries = [
    { seen: ["drops", "wind"], worksAfterMs: 400 },
    { seen: ["drops"], worksAfterMs: 1200 },
    { seen: ["drops"], worksAfterMs: 500 },
  ];
  const text = faultTable([fault], [{ name: "x", recoveries, failures: [] }]);
  assertStringIncludes(text, "| it rains | 5 min | drops; wind (1 of 3) | 0.5 (0.4 to 1.2) | 3 |");
});

Deno.test("faultTable() does not hide runs that never worked again, nor show what was not tried", () => {
  const some = { name: "x", recoveries: [{ seen: [], worksAfterMs: 400 }], failures: ["oh"] };
  assertStringIncludes(faultTable([fault], [some]), "| nothing | 0.4 | **1 of 2** |");
  assertStringIncludes(
    faultTable([fault], [{ ...some, recoveries: [] }]),
    "| nothing | never | **0 of 1** |",
  );
  assertEquals(faultTable([fault], []).split("\n").length, 2);
});

Deno.test("complaint() wants the words that have to be seen, in time", () => {
  assertEquals(complaint(fault, { seen: ["drops"], worksAfterMs: 1000 }), undefined);
  assertEquals(complaint(fault, { seen: ["drops"], worksAfterMs: 1001 }), "x: works only after 1001 ms");
  assertEquals(complaint(fault, { seen: [], worksAfterMs: 1 }), "x: shows [], not drops");
});

Deno.test("every fault has a name and a time of its own", () => {
  const faults = allFaults();
  assertEquals(new Set(faults.map(({ name }) => name)).size, faults.length);
  const untimed = faults.filter(({ lastsMs, triedMs }) =>
    (lastsMs === undefined) !== (triedMs === undefined)
  );
  assertEquals(untimed, []);
});
