import { assertEquals } from "@std/assert";
import { relocate, requestHeaders, responseHeaders } from "../../lib/targets/_forward_headers.ts";

const info = {
  remoteAddr: { transport: "tcp", hostname: "2001:db8::7", port: 1 },
  completed: Promise.resolve(),
} as const;

function forwarded(
  headers: HeadersInit,
  more: { mount?: string; remoteId?: string } = {},
): Record<string, string> {
  const request = new Request("https://id.skip.alt/x", { headers });
  const { mount = "", ...peer } = more;
  return Object.fromEntries(requestHeaders(request, { info: { ...info, ...peer }, host: "nas:80", mount }));
}

const OURS = {
  "host": "nas:80",
  "x-forwarded-for": "2001:db8::7",
  "x-forwarded-proto": "https",
  "x-forwarded-host": "id.skip.alt",
};

Deno.test("requestHeaders() names the peer, its id if that is proven, and the mount", () => {
  assertEquals(forwarded({}), OURS);
  assertEquals(
    forwarded({ cookie: "a=1", origin: "https://id.skip.alt" }, { mount: "/api", remoteId: "abc" }),
    {
      ...OURS,
      cookie: "a=1",
      origin: "https://id.skip.alt",
      "x-forwarded-prefix": "/api",
      "x-skip-remote-id": "abc",
    },
  );
});

Deno.test("requestHeaders() drops what concerns one hop, and every claim about who is asking", () => {
  const dropped = {
    "connection": "keep-alive, X-Hop , content-length",
    "x-hop": "1",
    "keep-alive": "1",
    "proxy-connection": "1",
    "te": "trailers",
    "trailer": "x",
    "transfer-encoding": "chunked",
    "upgrade": "h2c",
    "http2-settings": "x",
    "expect": "100-continue",
    "content-length": "5",
    "proxy-authorization": "x",
    "forwarded": "for=1",
    "x-forwarded": "1",
    "x-forwarded-for": "1",
    "x-forwarded-anything": "1",
    "x_forwarded_for": "1",
    "x-real-ip": "1",
    "x_real-ip": "1",
    "x-skip-remote-id": "1",
    "x_skip_remote_id": "1",
  };
  assertEquals(forwarded(dropped), OURS);
});

Deno.test("requestHeaders() cannot be talked out of its own headers by Connection", () => {
  assertEquals(forwarded({ connection: "x-forwarded-for, host, x-skip-remote-id" }, { remoteId: "abc" }), {
    ...OURS,
    "x-skip-remote-id": "abc",
  });
});

Deno.test("responseHeaders() keeps each cookie and drops what concerns one hop", () => {
  const headers = responseHeaders([
    ["Set-Cookie", "a=1"],
    ["Set-Cookie", "b=2"],
    ["Connection", "close, X-Hop"],
    ["X-Hop", "1"],
    ["Transfer-Encoding", "chunked"],
    ["ETag", '"x"'],
  ]);
  assertEquals([...headers], [["etag", '"x"'], ["set-cookie", "a=1"], ["set-cookie", "b=2"]]);
});

Deno.test("relocate() brings the target's own addresses below the mount and leaves the others", () => {
  const target = new URL("http://nas:8080/base/");
  const table: [location: string, mount: string, relocated: string][] = [
    ["http://nas:8080/base/x?y#z", "", "/x?y#z"],
    ["http://nas:8080/base", "", "/"],
    ["http://nas:8080/base/x", "/api", "/api/x"],
    ["http://nas:8080/base", "/api", "/api"],
    ["http://nas:8080/basement", "/api", "/basement"],
    ["http://nas:8080//evil.example/", "", "/evil.example/"],
    ["http://nas:8080/base//evil.example/", "", "/evil.example/"],
    ["http://nas/base/x", "", "http://nas/base/x"],
    ["https://example.com/", "/api", "https://example.com/"],
    ["/x", "/api", "/x"],
    ["x", "/api", "x"],
    ["http://[", "", "http://["],
  ];
  for (const [location, mount, relocated] of table) {
    assertEquals(relocate(location, target, mount), relocated);
  }
});
