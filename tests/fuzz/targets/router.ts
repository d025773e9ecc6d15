import { assert } from "@std/assert";
import { parseUses } from "../../../lib/candidates/_ipv6_uses.ts";
import { decodeAction, decodeDescription } from "../../../lib/candidates/port_mapping/_igd.ts";
import { decodeSearchAnswer, urlAt } from "../../../lib/candidates/port_mapping/_ssdp.ts";
import { contentsOf, textOf } from "../../../lib/candidates/port_mapping/_xml.ts";
import { gateways } from "../../../lib/candidates/port_mapping/gateways.ts";
import { decodeNatPmpAddress, decodeNatPmpMap } from "../../../lib/candidates/port_mapping/nat_pmp.ts";
import { decodePcpMap, encodePcpMap, isPcpUnknown } from "../../../lib/candidates/port_mapping/pcp.ts";
import { addressFamily, addressScope } from "../../../lib/endpoint.ts";
import { ROUTER_DATAGRAMS, ROUTER_TEXTS } from "../_corpus.ts";
import { same } from "../_expect.ts";
import * as fc from "../_fast_check.ts";
import { address, mutated, mutatedText, port } from "../_inputs.ts";
import { type FuzzTarget, fuzzTarget } from "../_target.ts";

const PORT = 7000;
const nonce = Uint8Array.from({ length: 12 }, (_, i) => i);
const SERVICE = "urn:schemas-upnp-org:service:WANIPConnection:1";
const WORDS = [
  ...[
    "<service>",
    "</service>",
    "<controlURL>",
    "</controlURL>",
    "<serviceType>",
    "<URLBase>",
    "</URLBase>",
    "<",
    ">",
  ],
  ...[
    SERVICE,
    "http://192.168.10.1:80",
    "http://evil.example/",
    "//evil.example/",
    "http://a@192.168.10.1/",
    "&lt;",
    "&amp;amp;",
  ],
  ...[
    "<errorCode>",
    "</errorCode>",
    "AddPortMappingResponse",
    "<s:",
    "</s:",
    "\r\nLOCATION: ",
    "\r\nST: ",
    "urn:schemas-upnp-org:",
  ],
];
const text = mutatedText(ROUTER_TEXTS, WORDS, 65_536);
const ROUTES = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\n" +
  "eth0\t00000000\t0101A8C0\t0003\t0\t0\t100\t00000000\neth0\t0001A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\n";
const IPV6_TABLE = "fe800000000000000000000000000001 02 40 20 80     eth0\n" +
  "20010db8000000000000000000000009 02 40 00 01     eth0\n";

/** What routers answer to those who ask them for a port, and the tables of the system that tell where they are. */
export const ROUTER_TARGETS: readonly FuzzTarget[] = [
  fuzzTarget("nat-pmp-and-pcp", "any datagram is null, or the answer to our own request", () => ({
    inputs: mutated([
      ...ROUTER_DATAGRAMS,
      encodePcpMap({ nonce, client: "192.168.1.7", port: PORT, lifetime: 60 }),
    ]),
    check(bytes) {
      isPcpUnknown(bytes);
      const address = decodeNatPmpAddress(bytes);
      assert(!address || addressFamily(address.hostname) === 4);
      const mapped = decodeNatPmpMap(bytes, PORT);
      assert(!mapped || (mapped.externalPort <= 65_535 && mapped.lifetime <= 0xffff_ffff));
      const answer = decodePcpMap(bytes, nonce, PORT);
      assert(!answer || (addressFamily(answer.external.hostname) !== 0 && answer.external.port <= 65_535));
      assert(!answer || bytes.subarray(24, 36).every((byte, i) => byte === nonce[i]));
    },
  })),
  fuzzTarget("pcp-writer", "a request is 60 bytes, and the answer to it gives what was asked for", () => ({
    inputs: fc.record({ client: address, port, external: address, lifetime: fc.nat(0xffff_ffff) }),
    check({ client, port, external, lifetime }) {
      const request = encodePcpMap({
        nonce,
        client,
        port,
        lifetime,
        suggested: { hostname: external, port },
      });
      same(request.length, 60);
      request[1]! |= 0x80;
      request[3] = 0;
      same(decodePcpMap(request, nonce, port), {
        ...{ result: 0, lifetime, epoch: new DataView(request.buffer).getUint32(8) },
        external: { hostname: external, port },
      });
    },
  })),
  fuzzTarget(
    "ssdp",
    "a search leads to the router's own HTTP server or nowhere, whoever answers what",
    () => ({
      inputs: text,
      check(text) {
        const url = decodeSearchAnswer(new TextEncoder().encode(text), "192.168.10.1");
        for (
          const found of [
            url,
            urlAt(text, { hostname: "192.168.10.1", base: new URL("http://192.168.10.1/") }),
          ]
        ) {
          assert(
            !found || (found.protocol === "http:" && found.hostname === "192.168.10.1" && found.port !== "0"),
          );
        }
      },
    }),
  ),
  fuzzTarget(
    "igd",
    "any XML is null, or a service at the router itself; an action's answer is a text or a number below 1000",
    () => ({
      inputs: text,
      check(text) {
        const service = decodeDescription(text, new URL("http://192.168.10.1:5000/rootDesc.xml"));
        assert(
          !service || (service.control.hostname === "192.168.10.1" && service.control.protocol === "http:"),
        );
        for (const status of [200, 500]) {
          const result = decodeAction(status, text, "AddPortMapping");
          if (result && "fault" in result) assert(result.fault > 0 && result.fault < 1000);
          else assert(!result || result.text.length <= text.length);
        }
      },
    }),
  ),
  fuzzTarget("xml", "elements are parts of the text, in order, and together no longer than it", () => ({
    inputs: fc.tuple(
      text,
      fc.constantFrom("service", "controlURL", "errorCode", "device", "NewExternalIPAddress"),
    ),
    check([text, name]) {
      let at = 0;
      for (const content of contentsOf(text, name)) {
        at = text.indexOf(content, at);
        assert(at >= 0, "what was found is not there");
        at += content.length;
      }
      assert((textOf(text, name)?.length ?? 0) <= text.length);
    },
  })),
  fuzzTarget(
    "system-tables",
    "whatever the system's tables say, routers are private neighbours, at most three",
    () => ({
      inputs: mutatedText([ROUTES, IPV6_TABLE], ["\t", "00000000", "FFFFFFFF", "eth0"]),
      check(table) {
        const home = { address: "192.168.1.7", prefix: 24 };
        const found = gateways([home], table);
        assert(found.length <= 3 && found.every(({ hostname }) => addressScope(hostname) === "private"));
        for (const [address, use] of parseUses(table)) {
          assert(addressFamily(address) !== 0 && ["stable", "temporary", "unusable"].includes(use));
        }
      },
    }),
  ),
];
