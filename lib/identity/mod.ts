/**
 * Who a peer is: an Ed25519 key pair, its text form, its file, and the certificate made from it.
 *
 * @module
 */
export { signBytes, verifyBytes } from "./ed25519.ts";
export { formatPeerId, parsePeerId } from "./id.ts";
export { generateIdentity, Identity } from "./identity.ts";
export { loadIdentity, loadOrCreateIdentity, saveIdentity, type SaveIdentityOptions } from "./key_file.ts";
export {
  peerHostname,
  peerStandIn,
  serverCertificate,
  type TlsCertificate,
  trustAnchor,
} from "./certificate.ts";
