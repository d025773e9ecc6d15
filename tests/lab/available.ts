const PROBE = `
ip netns add $name
trap 'ip netns del $name' EXIT
nsenter --net=/run/netns/$name nft -f - <<'RULES'
table ip probe {
  chain c { type nat hook postrouting priority srcnat; ct state new masquerade; }
}
RULES
nsenter --net=/run/netns/$name ip tuntap add probe mode tun vnet_hdr
`;

/** Why there can be no lab here, or `undefined` where there can be one. Takes some 30 ms. */
export function labUnavailable(): string | undefined {
  if (Deno.build.os !== "linux") return `it needs Linux, this is ${Deno.build.os}`;
  if (Deno.uid() !== 0) return `it needs root, this is user ${Deno.uid()}`;
  const missing = ["ip", "nft", "nsenter", "python3"].filter((tool) => !hasTool(tool));
  if (missing.length > 0) return `missing on this machine: ${missing.join(", ")}`;
  const { success, stderr } = shell(`name=skip-probe-${crypto.randomUUID()}\n${PROBE}`);
  return success ? undefined : `no network namespaces, NAT or TUN here: ${stderr.trim()}`;
}

function hasTool(name: string): boolean {
  return shell(`command -v ${name}`).success;
}

function shell(script: string): { success: boolean; stderr: string } {
  const { success, stderr } = new Deno.Command("sh", { args: ["-ec", script] }).outputSync();
  return { success, stderr: new TextDecoder().decode(stderr) };
}
