import { assertEquals, assertRejects } from "@std/assert";
import {
  generateIdentity,
  loadIdentity,
  loadOrCreateIdentity,
  saveIdentity,
} from "../../lib/identity/mod.ts";
import { temporaryFolder } from "../temporary_folder.ts";

const POSIX = Deno.build.os !== "windows";

/** Runs a test in a folder of its own. */
function inFolder(name: string, run: (folder: string) => Promise<void>, ignore = false) {
  Deno.test({
    name,
    ignore,
    async fn() {
      await using folder = await temporaryFolder();
      await run(folder.path);
    },
  });
}

const names = (folder: string) => [...Deno.readDirSync(folder)].map(({ name }) => name);
const modeOf = (path: string) => Deno.statSync(path).mode! & 0o777;

inFolder("saveIdentity() keeps what loadIdentity() finds again", async (folder) => {
  const identity = generateIdentity();
  await saveIdentity(`${folder}/key.pem`, identity);
  const loaded = await loadIdentity(`${folder}/key.pem`);
  assertEquals([loaded.id, loaded.exportSeed()], [identity.id, identity.exportSeed()]);
  assertEquals(names(folder), ["key.pem"]);
});

inFolder("saveIdentity() needs no hard links, and replaces nothing without them either", async (folder) => {
  const { link } = Deno;
  Deno.link = () => Promise.reject(new Deno.errors.PermissionDenied("Operation not permitted (os error 1)"));
  try {
    const identity = generateIdentity();
    await saveIdentity(`${folder}/key.pem`, identity);
    await assertRejects(
      () => saveIdentity(`${folder}/key.pem`, generateIdentity()),
      Deno.errors.AlreadyExists,
    );
    assertEquals((await loadIdentity(`${folder}/key.pem`)).id, identity.id);
  } finally {
    Deno.link = link;
  }
  assertEquals(names(folder), ["key.pem"]);
});

inFolder("saveIdentity() makes a file and folders for this user only", async (folder) => {
  await saveIdentity(`${folder}/a/b/key.pem`, generateIdentity());
  assertEquals(["a", "a/b", "a/b/key.pem"].map((name) => modeOf(`${folder}/${name}`)), [0o700, 0o700, 0o600]);
}, !POSIX);

inFolder("saveIdentity() says in the file whose it is and what to do with it", async (folder) => {
  const identity = generateIdentity();
  await saveIdentity(`${folder}/key.pem`, identity);
  const [first, boundary] = (await Deno.readTextFile(`${folder}/key.pem`)).split("\n");
  assertEquals(first!.includes(identity.id) && first!.startsWith("Secret key"), true, first);
  assertEquals(boundary, "-----BEGIN PRIVATE KEY-----");
});

inFolder("saveIdentity() does not replace a file unless asked to", async (folder) => {
  const [first, second] = [generateIdentity(), generateIdentity()];
  const path = `${folder}/key.pem`;
  await saveIdentity(path, first);
  await assertRejects(() => saveIdentity(path, second), Deno.errors.AlreadyExists, path);
  assertEquals((await loadIdentity(path)).id, first.id);
  await saveIdentity(path, second, { overwrite: true });
  assertEquals((await loadIdentity(path)).id, second.id);
  assertEquals(names(folder), ["key.pem"]);
});

inFolder("saveIdentity() leaves nothing behind when it cannot write", async (folder) => {
  await Deno.mkdir(`${folder}/key.pem`);
  await assertRejects(() => saveIdentity(`${folder}/key.pem`, generateIdentity(), { overwrite: true }));
  assertEquals(names(folder), ["key.pem"]);
});

inFolder("loadIdentity() lets NotFound through", async (folder) => {
  await assertRejects(() => loadIdentity(`${folder}/key.pem`), Deno.errors.NotFound);
});

inFolder("loadIdentity() refuses a file that others may read, and says how to mend it", async (folder) => {
  const path = `${folder}/key.pem`;
  await saveIdentity(path, generateIdentity());
  for (const mode of [0o640, 0o604, 0o620, 0o644]) {
    await Deno.chmod(path, mode);
    await assertRejects(() => loadIdentity(path), Deno.errors.PermissionDenied, `chmod 600 ${path}`);
  }
  await Deno.chmod(path, 0o400);
  await loadIdentity(path);
}, !POSIX);

/** PKCS #8 of an Ed25519 key as `openssl genpkey -algorithm ed25519` writes it. */
const OPENSSL = `-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g
-----END PRIVATE KEY-----
`;

inFolder("loadIdentity() reads a key made by openssl", async (folder) => {
  await Deno.writeTextFile(`${folder}/key.pem`, OPENSSL, { mode: 0o600 });
  const { publicKey } = await loadIdentity(`${folder}/key.pem`);
  assertEquals(publicKey.toHex(), "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
});

inFolder("loadIdentity() reads a file with the line ends of Windows", async (folder) => {
  await Deno.writeTextFile(`${folder}/key.pem`, OPENSSL.replaceAll("\n", "\r\n"), { mode: 0o600 });
  await loadIdentity(`${folder}/key.pem`);
});

const GARBLED: Readonly<Record<string, string>> = {
  "an empty file": "",
  "any text": "hello",
  "a key cut short": OPENSSL.replace("GXA7rAMcrn9g", ""),
  "a key without its end": OPENSSL.split("-----END")[0]!,
  "a key of X25519": OPENSSL.replace("K2Vw", "K2Vu"),
  "a certificate": OPENSSL.replaceAll("PRIVATE KEY", "CERTIFICATE"),
  "an encrypted key": OPENSSL.replaceAll("PRIVATE KEY", "ENCRYPTED PRIVATE KEY"),
  "a large file": OPENSSL + "x".repeat(70_000),
};

for (const [what, text] of Object.entries(GARBLED)) {
  inFolder(`loadIdentity() refuses ${what}, names the file, and keeps the secret`, async (folder) => {
    const path = `${folder}/key.pem`;
    await Deno.writeTextFile(path, text, { mode: 0o600 });
    const error = await assertRejects(() => loadIdentity(path), SyntaxError, path);
    assertEquals(Deno.inspect(error).includes("MC4CAQ"), false);
  });
}

inFolder("loadOrCreateIdentity() makes an identity once, and gives it again", async (folder) => {
  const first = await loadOrCreateIdentity(`${folder}/a/key.pem`);
  assertEquals((await loadOrCreateIdentity(`${folder}/a/key.pem`)).id, first.id);
});

inFolder("loadOrCreateIdentity() gives the same to all who ask at once", async (folder) => {
  const all = await Promise.all(
    Array.from({ length: 20 }, () => loadOrCreateIdentity(`${folder}/a/key.pem`)),
  );
  assertEquals(new Set(all.map(({ id }) => id)).size, 1);
  assertEquals(names(`${folder}/a`), ["key.pem"]);
});

inFolder("loadOrCreateIdentity() does not replace a file that it cannot read", async (folder) => {
  const path = `${folder}/key.pem`;
  await Deno.writeTextFile(path, "hello", { mode: 0o600 });
  await assertRejects(() => loadOrCreateIdentity(path), SyntaxError);
  assertEquals(await Deno.readTextFile(path), "hello");
});
