import { assertEquals } from "@std/assert";
import { decodeAction, decodeDescription } from "../../../lib/candidates/port_mapping/_igd.ts";
import { seededRandom } from "../../simulation.ts";

const LOCATION = new URL("http://192.168.1.1:5000/desc.xml");
const service = (name: string, url: string) =>
  `<service><serviceType>urn:schemas-upnp-org:service:${name}</serviceType><controlURL>${url}</controlURL></service>`;

Deno.test("decodeDescription() takes the best service that the router has itself", () => {
  const control = (text: string) => decodeDescription(text, LOCATION)?.control.href;
  const both = service("WANPPPConnection:1", "/ppp") + service("WANIPConnection:2", "/ip");
  assertEquals(control(both), "http://192.168.1.1:5000/ip");
  assertEquals(control(service("WANPPPConnection:1", "ppp")), "http://192.168.1.1:5000/ppp");
  assertEquals(
    control(`<URLBase>http://192.168.1.1:80/x/</URLBase>${service("WANIPConnection:1", "c")}`),
    "http://192.168.1.1/x/c",
  );
  assertEquals(control(service("WANIPConnection:1", "http://203.0.113.9/c")), undefined);
  assertEquals(control(service("WANCommonInterfaceConfig:1", "/c")), undefined);
});

Deno.test("decodeAction() tells answers, faults and rubbish", () => {
  const of = (status: number, text: string) => decodeAction(status, text, "AddPortMapping");
  assertEquals(of(200, "<u:AddPortMappingResponse>x</u:AddPortMappingResponse>"), { text: "x" });
  assertEquals(of(200, "<u:AddPortMappingResponse/>"), { text: "" });
  assertEquals(of(500, "<errorCode>718</errorCode>"), { fault: 718 });
  for (const text of ["", "<errorCode>-1</errorCode>", "<errorCode>1e9</errorCode>", "<other/>"]) {
    assertEquals(of(500, text), null, text);
  }
});

Deno.test("IGD decoders never throw", () => {
  const random = seededRandom(1), text = service("WANIPConnection:1", "/c") + "<errorCode>7</errorCode>";
  for (let i = 0; i < 2000; i++) {
    const at = Math.floor(random() * text.length);
    const mutant = text.slice(0, at) + String.fromCharCode(Math.floor(random() * 65_536)) +
      text.slice(at + Math.floor(random() * 3));
    decodeDescription(mutant, LOCATION);
    decodeAction(200, mutant, "AddPortMapping");
  }
});
