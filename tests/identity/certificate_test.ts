import { assertEquals, assertRejects } from "@std/assert";
import { AsnConvert } from "@peculiar/asn1-schema";
import { Certificate } from "@peculiar/asn1-x509";
import { X509Certificate } from "node:crypto";
import {
  generateIdentity,
  Identity,
  peerHostname,
  peerStandIn,
  serverCertificate,
  trustAnchor,
} from "../../lib/identity/mod.ts";

const KNOWN = new Identity(new Uint8Array(32).fill(7));

/** Whether a native client with `anchor` accepts a native server with `certificate` under a name of `identity`. */
async function accepts(
  anchor: string,
  certificate: Deno.TlsCertifiedKeyPem,
  hostname: string,
): Promise<true | string> {
  const { cert, key } = certificate;
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, cert, key, onListen() {} },
    () => new Response("yes"),
  );
  using conn = await Deno.connect({ hostname: "127.0.0.1", port: server.addr.port });
  try {
    using tls = await Deno.startTls(conn, { hostname, caCerts: [anchor] });
    await tls.handshake();
    return true;
  } catch (error) {
    return (error as Error).message;
  }
}

Deno.test("serverCertificate() is accepted by whoever knows the id, under both names", async () => {
  const identity = generateIdentity();
  const [anchor, certificate] = await Promise.all([
    trustAnchor(identity.publicKey),
    serverCertificate(identity),
  ]);
  assertEquals(await accepts(anchor, certificate, peerHostname(identity.id)), true);
  assertEquals(await accepts(anchor, certificate, peerStandIn(identity.publicKey)), true);
});

Deno.test("trustAnchor() accepts nobody else's certificate", async () => {
  const identity = generateIdentity();
  const anchor = await trustAnchor(identity.publicKey);
  const refusal = await accepts(
    anchor,
    await serverCertificate(generateIdentity()),
    peerHostname(identity.id),
  );
  assertEquals(String(refusal).includes("UnknownIssuer"), true, String(refusal));
});

Deno.test("trustAnchor() does not accept another key under the peer's names", async () => {
  const [victim, attacker] = [generateIdentity(), generateIdentity()];
  const [anchor, honest, forged] = await Promise.all([
    trustAnchor(victim.publicKey),
    serverCertificate(victim),
    serverCertificate(attacker),
  ]);
  const certificate = AsnConvert.parse(decode(honest.cert), Certificate);
  const { tbsCertificate } = certificate;
  tbsCertificate.subjectPublicKeyInfo =
    AsnConvert.parse(decode(forged.cert), Certificate).tbsCertificate.subjectPublicKeyInfo;
  delete certificate.tbsCertificateRaw;
  certificate.signatureValue = attacker.sign(new Uint8Array(AsnConvert.serialize(tbsCertificate))).buffer;
  const cert = encode(new Uint8Array(AsnConvert.serialize(certificate)));
  const refusal = await accepts(anchor, { cert, key: forged.key }, peerHostname(victim.id));
  assertEquals(String(refusal).includes("invalid peer certificate: BadSignature"), true, String(refusal));
});

const decode = (pem: string) => Uint8Array.fromBase64(pem.replace(/-----.*-----/g, "")).buffer;
const encode = (der: Uint8Array) =>
  `-----BEGIN CERTIFICATE-----\n${der.toBase64()}\n-----END CERTIFICATE-----\n`;

Deno.test("serverCertificate() names the peer and nothing else, and never expires", async () => {
  const certificate = new X509Certificate((await serverCertificate(KNOWN)).cert);
  assertEquals(certificate.subject, `CN=${KNOWN.id}.skip.alt`);
  assertEquals(certificate.issuer, certificate.subject);
  assertEquals(certificate.ca, false);
  assertEquals(certificate.validFrom, "Jan  1 00:00:00 1970 +00:00".replace("+00:00", "GMT"));
  assertEquals(new Date(certificate.validTo).getUTCFullYear(), 9999);
});

Deno.test("serverCertificate() and trustAnchor() always give the same bytes for the same key", async () => {
  assertEquals((await serverCertificate(KNOWN)).cert, (await serverCertificate(KNOWN)).cert);
  assertEquals(await trustAnchor(KNOWN.publicKey), await trustAnchor(KNOWN.publicKey));
});

Deno.test("trustAnchor() has other serial numbers than the certificate, as one issuer must give", async () => {
  const serials = [(await serverCertificate(KNOWN)).cert, await trustAnchor(KNOWN.publicKey)]
    .map((pem) => new X509Certificate(pem).serialNumber);
  assertEquals(new Set(serials).size, 2, serials.join());
});

Deno.test("trustAnchor() refuses what is no key", async () => {
  await assertRejects(() => trustAnchor(new Uint8Array(31)), RangeError);
});

Deno.test("peerStandIn() is an address that no packet reaches", () => {
  assertEquals(peerStandIn(new Uint8Array(32).fill(0xab)), "100::abab:abab:abab:abab");
});
