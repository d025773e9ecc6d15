/**
 * A UPnP router on loopback: SSDP, a description and SOAP actions, told how to misbehave.
 *
 * @module
 */
import { createSocket } from "node:dgram";

/** What the router does. All may be changed while it runs. */
export interface IgdManners {
  /** Answers no search. */
  silent?: boolean;
  external: string;
  /** Faults of AddPortMapping, one for each call; then it is granted. */
  faults: number[];
  /** What is sent in place of every answer over HTTP. */
  instead?: () => Response | Promise<Response>;
}

/** A running router. */
export interface FakeIgd extends AsyncDisposable {
  readonly port: number;
  readonly location: string;
  readonly manners: IgdManners;
  /** Internal by external port. */
  readonly mappings: Map<number, number>;
  /** Actions in order, with lease and external port where they have them. */
  readonly heard: string[];
}

const SERVICE = "urn:schemas-upnp-org:service:WANIPConnection:1";

/** Starts a router. */
export async function startIgd(manners: Partial<IgdManners> = {}): Promise<FakeIgd> {
  const all: IgdManners = { external: "6.10.0.1", faults: [], ...manners };
  const mappings = new Map<number, number>(), heard: string[] = [];
  const http = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    if (all.instead) return await all.instead();
    if (request.method === "GET") return new Response(description());
    return act(await request.text(), request.headers.get("soapaction") ?? "", {
      manners: all,
      mappings,
      heard,
    });
  });
  const location = `http://127.0.0.1:${http.addr.port}/desc.xml`;
  const socket = createSocket("udp4");
  socket.on("message", (_, from) => {
    if (all.silent) return;
    const st = "urn:schemas-upnp-org:device:InternetGatewayDevice:1";
    socket.send(`HTTP/1.1 200 OK\r\nST: ${st}\r\nLOCATION: ${location}\r\n\r\n`, from.port, from.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", () => resolve()));
  return {
    port: socket.address().port,
    ...{ location, manners: all, mappings, heard },
    async [Symbol.asyncDispose]() {
      await new Promise<void>((resolve) => socket.close(() => resolve()));
      await http.shutdown();
    },
  };
}

function description(): string {
  return `<?xml version="1.0"?><root><device><serviceList>
    <service><serviceType>urn:schemas-upnp-org:service:Layer3Forwarding:1</serviceType><controlURL>/l3</controlURL></service>
    <service><serviceType>${SERVICE}</serviceType><controlURL>/ctl</controlURL></service></serviceList></device></root>`;
}

function act(
  body: string,
  header: string,
  { manners, mappings, heard }: Omit<FakeIgd, "port" | "location" | keyof AsyncDisposable>,
): Response {
  const action = /#(\w+)"$/.exec(header)?.[1] ?? "";
  const field = (name: string) => Number(new RegExp(`<${name}>(\\d+)<`).exec(body)?.[1]);
  const external = field("NewExternalPort");
  const answer = (content: string) =>
    new Response(
      `<s:Envelope><s:Body><u:${action}Response xmlns:u="${SERVICE}">${content}</u:${action}Response></s:Body></s:Envelope>`,
    );
  heard.push(
    action === "AddPortMapping" ? `add ${external} for ${field("NewLeaseDuration")} s` : action,
  );
  if (action === "GetExternalIPAddress") {
    return answer(`<NewExternalIPAddress>${manners.external}</NewExternalIPAddress>`);
  }
  const fault = action === "AddPortMapping" ? manners.faults.shift() : undefined;
  if (fault !== undefined) {
    const text = `<s:Fault><detail><UPnPError><errorCode>${fault}</errorCode></UPnPError></detail></s:Fault>`;
    return new Response(text, { status: 500 });
  }
  if (action === "AddPortMapping") mappings.set(external, field("NewInternalPort"));
  if (action === "DeletePortMapping") mappings.delete(external);
  return answer("");
}
