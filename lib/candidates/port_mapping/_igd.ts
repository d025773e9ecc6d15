/**
 * UPnP Internet Gateway Devices, as much as mapping one TCP port needs (UPnP WANIPConnection 1 and 2, WANPPPConnection 1).
 *
 * @module
 */
import { addressFamily } from "../../endpoint.ts";
import { askOverHttp } from "./_http.ts";
import { urlAt } from "./_ssdp.ts";
import { contentsOf, textOf } from "./_xml.ts";

/** The services that map ports, the best one first. */
const SERVICE_TYPES = ["WANIPConnection:2", "WANIPConnection:1", "WANPPPConnection:1"]
  .map((name) => `urn:schemas-upnp-org:service:${name}`);

/** A service of the router, and where it takes orders. */
export interface IgdService {
  readonly type: string;
  readonly control: URL;
}

/** What became of an action: its answer, the number of a fault (section 2.5 of the service's document), or nothing. */
export type ActionResult = { readonly text: string } | { readonly fault: number } | null;

/** One mapping, as the router lists it. */
export interface IgdMapping {
  readonly externalPort: number;
  readonly port: number;
  /** Our own address. */
  readonly client: string;
  /** Seconds; 0 is for ever. */
  readonly lease: number;
}

/** Reads a description for the service that maps ports; `null` where there is none at the router itself. Never throws. */
export function decodeDescription(text: string, location: URL): IgdService | null {
  const { hostname } = location;
  const base = urlAt(textOf(text, "URLBase") ?? "", { hostname }) ?? location;
  const services = contentsOf(text, "service").map((service) => ({
    type: textOf(service, "serviceType") ?? "",
    control: urlAt(textOf(service, "controlURL") ?? "", { hostname, base }),
  }));
  for (const type of SERVICE_TYPES) {
    const control = services.find((service) => service.type === type && service.control)?.control;
    if (control) return { type, control };
  }
  return null;
}

/** Fetches a description and reads it. Rejects only with `signal.reason`. */
export async function fetchService(location: URL, signal: AbortSignal): Promise<IgdService | null> {
  const answer = await askOverHttp(location, { signal });
  return answer?.status === 200 ? decodeDescription(answer.text, location) : null;
}

/** The router's external address; a text that is none where it has none. */
export async function externalAddress(service: IgdService, signal: AbortSignal): Promise<ActionResult> {
  const result = await act(service, "GetExternalIPAddress", {}, signal);
  if (!result || "fault" in result) return result;
  const address = textOf(result.text, "NewExternalIPAddress") ?? "";
  return { text: addressFamily(address) === 4 ? address : "0.0.0.0" };
}

/** Has a port mapped, anew if it is mapped to us already. */
export async function addMapping(
  service: IgdService,
  { client, externalPort, lease, port }: IgdMapping,
  signal: AbortSignal,
): Promise<ActionResult> {
  return await act(service, "AddPortMapping", {
    NewRemoteHost: "",
    NewExternalPort: externalPort,
    NewProtocol: "TCP",
    NewInternalPort: port,
    NewInternalClient: client,
    NewEnabled: 1,
    NewPortMappingDescription: "skip-public-ip",
    NewLeaseDuration: lease,
  }, signal);
}

/** Has a mapping removed. */
export async function deleteMapping(
  service: IgdService,
  externalPort: number,
  signal: AbortSignal,
): Promise<ActionResult> {
  const args = { NewRemoteHost: "", NewExternalPort: externalPort, NewProtocol: "TCP" };
  return await act(service, "DeletePortMapping", args, signal);
}

/** One SOAP action. Nothing in `args` needs escaping. Rejects only with `signal.reason`. */
async function act(
  { type, control }: IgdService,
  action: string,
  args: Readonly<Record<string, string | number>>,
  signal: AbortSignal,
): Promise<ActionResult> {
  const fields = Object.entries(args).map(([name, value]) => `<${name}>${value}</${name}>`).join("");
  const body = '<?xml version="1.0"?>\r\n<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" ' +
    's:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><s:Body>' +
    `<u:${action} xmlns:u="${type}">${fields}</u:${action}></s:Body></s:Envelope>\r\n`;
  const headers = { "Content-Type": 'text/xml; charset="utf-8"', SOAPAction: `"${type}#${action}"` };
  const answer = await askOverHttp(control, { body, headers, signal });
  return answer && decodeAction(answer.status, answer.text, action);
}

/** Reads what a router answered to an action; `null` for what is no answer to it. Never throws. */
export function decodeAction(status: number, text: string, action: string): ActionResult {
  const [response] = contentsOf(text, `${action}Response`);
  if (status === 200 && (response !== undefined || text.includes(`${action}Response`))) {
    return { text: response ?? "" };
  }
  const fault = Number(textOf(text, "errorCode"));
  return Number.isInteger(fault) && fault > 0 && fault < 1000 ? { fault } : null;
}
