import { isInPath } from "../in_path.ts";
import { newPrefix } from "./prefix.ts";

/** Tries, in a namespace of its own, the rarer things that the lab needs of the kernel. */
const TRIAL = `
ip netns add $name
trap 'ip netns del $name' EXIT
nsenter --net=/run/netns/$name nft -f - <<'RULES'
table ip trial {
  chain c { type nat hook postrouting priority srcnat; ct state new masquerade; }
}
RULES
nsenter --net=/run/netns/$name ip tuntap add trial mode tun vnet_hdr
`;

const TOOLS = ["sh", "ip", "nft", "nsenter", "python3"];

/** Why there can be no lab here, or `undefined` where there can be one. Takes some 30 ms. */
export function labUnavailable(): string | undefined {
  if (Deno.build.os !== "linux") return `it needs Linux, this is ${Deno.build.os}`;
  if (Deno.uid() !== 0) return `it needs root, this is user ${Deno.uid()}`;
  const missing = TOOLS.filter((tool) => !isInPath(tool));
  if (missing.length > 0) return `missing on this machine: ${missing.join(", ")}`;
  const script = `name=${newPrefix()}-trial\n${TRIAL}`;
  const { success, stderr } = new Deno.Command("sh", { args: ["-ec", script] }).outputSync();
  if (success) return undefined;
  return `no network namespaces, NAT or TUN here: ${new TextDecoder().decode(stderr).trim()}`;
}
