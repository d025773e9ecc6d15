/**
 * The identity in TLS's words: a certificate that only its holder can make, and the trust anchor that anybody
 * can make from the id alone.
 *
 * rustls takes an anchor's name and key and never looks at its signature (RFC 5280 section 6.1.1 d), so the
 * connecting peer builds the anchor itself and then accepts exactly what the holder of that key signed.
 *
 * @module
 */
import type { Certificate, Extension, TBSCertificate } from "@peculiar/asn1-x509";
import { createHash } from "node:crypto";
import { concat, utf8 } from "../bytes.ts";
import { bytesToAddress } from "../endpoint.ts";
import { publicKeyToSpki, seedToPkcs8 } from "./ed25519.ts";
import { formatPeerId } from "./id.ts";
import type { Identity } from "./identity.ts";

/** Ed25519 in X.509 (RFC 8410 section 3). */
const ID_ED25519 = "1.3.101.112";
/** Before any clock: a board without a battery starts in 1970. */
const NOT_BEFORE = new Date("1970-01-01T00:00:00Z");
/** "No well-defined expiration date" (RFC 5280 section 4.1.2.5): the id is what is trusted, not a date. */
const NOT_AFTER = new Date("9999-12-31T23:59:59Z");

/** What `Deno.serve` takes for TLS. */
export interface TlsCertificate {
  /** PEM of the certificate. */
  readonly cert: string;
  /** PEM of the private key, PKCS #8. Secret. */
  readonly key: string;
}

/** The name of a peer in URLs and certificates: `<id>.skip.alt`, which no DNS server will ever answer (RFC 9476). */
export function peerHostname(id: string): string {
  return `${id}.skip.alt`;
}

/**
 * The stand-in for a peer in places where a name would be looked up: an IPv6 address in the discard-only prefix
 * 100::/64 (RFC 6666), its last eight bytes being the first of the key. No packet to it ever arrives anywhere.
 *
 * Deno asks the system's resolver for the host of a URL even when a proxy is to do that, which would tell the id to
 * a DNS server and wait for it; an address needs no resolver.
 */
export function peerStandIn(publicKey: Uint8Array): string {
  return bytesToAddress(standInBytes(publicKey));
}

function standInBytes(publicKey: Uint8Array): Uint8Array<ArrayBuffer> {
  return concat(Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0), publicKey.subarray(0, 8));
}

/**
 * Makes the certificate with which a serving peer proves its id: self-signed by the identity's key, for the
 * name `<id>.skip.alt` and its stand-in, never expiring. The same identity always gives the same bytes.
 */
export async function serverCertificate(identity: Identity): Promise<TlsCertificate> {
  const cert = await makeCertificate(identity.publicKey, false, (tbs) => identity.sign(tbs));
  return { cert, key: toPem("PRIVATE KEY", seedToPkcs8(identity.exportSeed())) };
}

/**
 * Makes the PEM of the certificate authority that stands for a public key: with it as the only anchor for
 * `<id>.skip.alt`, TLS accepts a certificate signed by that key and no other.
 *
 * @param publicKey 32 bytes.
 */
export function trustAnchor(publicKey: Uint8Array): Promise<string> {
  return makeCertificate(publicKey, true, () => new Uint8Array(64));
}

/** Loaded when first needed: the ASN.1 modules take about 40 ms, and most commands need no certificate. */
async function loadAsn1() {
  const [x509, schema] = await Promise.all([import("@peculiar/asn1-x509"), import("@peculiar/asn1-schema")]);
  return { ...x509, AsnConvert: schema.AsnConvert, OctetString: schema.OctetString };
}

type Asn1 = Awaited<ReturnType<typeof loadAsn1>>;

async function makeCertificate(
  publicKey: Uint8Array,
  ca: boolean,
  sign: (tbs: Uint8Array) => Uint8Array<ArrayBuffer>,
): Promise<string> {
  const asn1 = await loadAsn1();
  const { AlgorithmIdentifier, AsnConvert, Certificate } = asn1;
  const tbs = describe(asn1, publicKey, ca);
  const certificate: Certificate = new Certificate({
    tbsCertificate: tbs,
    signatureAlgorithm: new AlgorithmIdentifier({ algorithm: ID_ED25519 }),
    signatureValue: sign(new Uint8Array(AsnConvert.serialize(tbs))).buffer,
  });
  return toPem("CERTIFICATE", new Uint8Array(AsnConvert.serialize(certificate)));
}

/** The part that is signed (RFC 5280 section 4.1.2). */
function describe(asn1: Asn1, publicKey: Uint8Array, ca: boolean): TBSCertificate {
  const { AlgorithmIdentifier, AsnConvert, Extensions, SubjectPublicKeyInfo, TBSCertificate, Validity } =
    asn1;
  const hostname = peerHostname(formatPeerId(publicKey));
  const name = new asn1.Name([
    new asn1.RelativeDistinguishedName([
      new asn1.AttributeTypeAndValue({
        type: "2.5.4.3",
        value: new asn1.AttributeValue({ utf8String: hostname }),
      }),
    ]),
  ]);
  return new TBSCertificate({
    version: asn1.Version.v3,
    serialNumber: serialNumber(publicKey, ca),
    signature: new AlgorithmIdentifier({ algorithm: ID_ED25519 }),
    issuer: name,
    validity: new Validity({ notBefore: NOT_BEFORE, notAfter: NOT_AFTER }),
    subject: name,
    subjectPublicKeyInfo: AsnConvert.parse(publicKeyToSpki(publicKey), SubjectPublicKeyInfo),
    extensions: new Extensions(ca ? authorityExtensions(asn1) : peerExtensions(asn1, hostname, publicKey)),
  });
}

/** rustls refuses an authority as a server's own certificate, so the two differ in this (RFC 5280 section 4.2.1.9). */
function authorityExtensions(asn1: Asn1): Extension[] {
  return [extension(asn1, asn1.id_ce_basicConstraints, new asn1.BasicConstraints({ cA: true }), true)];
}

function peerExtensions(asn1: Asn1, hostname: string, publicKey: Uint8Array): Extension[] {
  const { ExtendedKeyUsage, GeneralName, SubjectAlternativeName } = asn1;
  const names = new SubjectAlternativeName([
    new GeneralName({ dNSName: hostname }),
    new GeneralName({ iPAddress: peerStandIn(publicKey) }),
  ]);
  return [
    extension(asn1, asn1.id_ce_basicConstraints, new asn1.BasicConstraints({ cA: false }), true),
    extension(asn1, asn1.id_ce_extKeyUsage, new ExtendedKeyUsage([asn1.id_kp_serverAuth]), false),
    extension(asn1, asn1.id_ce_subjectAltName, names, false),
  ];
}

function extension(asn1: Asn1, extnID: string, value: unknown, critical: boolean): Extension {
  const extnValue = new asn1.OctetString(asn1.AsnConvert.serialize(value));
  return new asn1.Extension({ extnID, critical, extnValue });
}

/** 16 bytes derived from what the certificate says, so that it is unique without chance or memory; positive. */
function serialNumber(publicKey: Uint8Array, ca: boolean): ArrayBuffer {
  const digest = createHash("sha256").update(concat(utf8(ca ? "authority" : "peer"), publicKey)).digest();
  const serial = new Uint8Array(digest.subarray(0, 16));
  serial[0] = serial[0]! & 0x3f | 0x40;
  return serial.buffer;
}

/** RFC 7468. */
function toPem(label: string, der: Uint8Array): string {
  const lines = der.toBase64().match(/.{1,64}/g)!.join("\n");
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
}
