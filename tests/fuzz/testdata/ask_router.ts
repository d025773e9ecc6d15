/**
 * Asks a router by every protocol and prints all that it answers, as a list in JSON: `ask_router.ts ROUTER OWN_ADDRESS`.
 *
 * @module
 */
import { createSocket } from "node:dgram";
import { decodeDescription, type IgdService } from "../../../lib/candidates/port_mapping/_igd.ts";
import { encodeSearch } from "../../../lib/candidates/port_mapping/_ssdp.ts";
import { encodeNatPmpMap, NAT_PMP_ADDRESS_REQUEST } from "../../../lib/candidates/port_mapping/nat_pmp.ts";
import { encodePcpMap } from "../../../lib/candidates/port_mapping/pcp.ts";

const [router, client] = Deno.args as [string, string];
const PORT = 7000;
const PATIENCE_MS = 2000;
const nonce = Uint8Array.from({ length: 12 }, (_, i) => i);

/** The first answer to a datagram; empty where none comes. */
async function ask(bytes: Uint8Array, port: number): Promise<Uint8Array> {
  const socket = createSocket("udp4");
  const { promise, resolve } = Promise.withResolvers<Uint8Array>();
  socket.on("message", (message) => resolve(Uint8Array.from(message)));
  const timer = setTimeout(() => resolve(new Uint8Array()), PATIENCE_MS);
  socket.bind(0, client, () => socket.send(bytes, port, router));
  const answer = await promise;
  clearTimeout(timer);
  await new Promise<void>((done) => socket.close(() => done()));
  return answer;
}

async function act({ control, type }: IgdService, action: string, fields: string): Promise<string> {
  const body =
    `<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>` +
    `<u:${action} xmlns:u="${type}">${fields}</u:${action}></s:Body></s:Envelope>`;
  const headers = { "content-type": 'text/xml; charset="utf-8"', soapaction: `"${type}#${action}"` };
  return await (await fetch(control, { method: "POST", body, headers })).text();
}

const pcp = (port: number, lifetime: number) => encodePcpMap({ nonce, client, port, lifetime });
const datagrams = [
  NAT_PMP_ADDRESS_REQUEST,
  encodeNatPmpMap(PORT, { lifetime: 3600, suggested: PORT }),
  encodeNatPmpMap(PORT, { lifetime: 0, suggested: 0 }),
  pcp(PORT, 3600),
  pcp(PORT, 0),
  Uint8Array.from(pcp(PORT, 3600), (byte, i) => i === 0 ? 9 : byte),
  Uint8Array.from(pcp(PORT, 3600), (byte, i) => i === 1 ? 99 : byte),
];
const heard: string[] = [];
for (const datagram of datagrams) heard.push(`udp ${(await ask(datagram, 5351)).toHex()}`);

const target = "urn:schemas-upnp-org:device:InternetGatewayDevice:1";
const search = new TextDecoder().decode(await ask(encodeSearch(target), 1900));
const location = new URL(/^location: *(\S+)/im.exec(search)![1]!);
const description = await (await fetch(location)).text();
const service = decodeDescription(description, location)!;
const mapping = (address: string) =>
  `<NewRemoteHost></NewRemoteHost><NewExternalPort>${PORT}</NewExternalPort><NewProtocol>TCP</NewProtocol>` +
  `<NewInternalPort>${PORT}</NewInternalPort><NewInternalClient>${address}</NewInternalClient><NewEnabled>1</NewEnabled>` +
  "<NewPortMappingDescription>x</NewPortMappingDescription><NewLeaseDuration>3600</NewLeaseDuration>";
heard.push(search, description);
heard.push(await act(service, "GetExternalIPAddress", ""));
heard.push(await act(service, "AddPortMapping", mapping(client)));
heard.push(await act(service, "AddPortMapping", mapping("192.0.2.1")));
heard.push(await act(service, "NoSuchAction", ""));
Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify(heard)));
