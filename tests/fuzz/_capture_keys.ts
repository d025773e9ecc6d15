/** Key files as openssl makes them: the right kind in several forms, and others. */
export async function captureKeys(): Promise<string[]> {
  const right = await openssl(["genpkey", "-algorithm", "ed25519"]);
  return [
    right,
    `A word before it.\n${right}`,
    await openssl(["pkey"], right),
    await openssl(["pkey", "-pubout"], right),
    await openssl(["pkcs8", "-topk8", "-passout", "pass:x"], right),
    await openssl(["genpkey", "-algorithm", "x25519"]),
    await openssl(["genpkey", "-algorithm", "ed448"]),
    await openssl(["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]),
    await openssl(["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:secp256k1"]),
    await openssl(["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"]),
    await openssl(["ecparam", "-name", "prime256v1", "-genkey"]),
  ];
}

async function openssl(args: string[], input = ""): Promise<string> {
  const child = new Deno.Command("openssl", { args, stdin: "piped", stdout: "piped", stderr: "null" })
    .spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input));
  await writer.close();
  return new TextDecoder().decode((await child.output()).stdout);
}
