import type { Decrypter } from 'age-encryption';

/** Where a header ends: a line of three dashes and its MAC. */
const LAST_LINE = Buffer.from('\n--- ');
const LINE_END = 0x0a;
/** Some thousand recipients; what is longer is no header. */
const LONGEST_BYTES = 2 ** 20;

/** A file's header for its recipients, and the key that the payload's is made of. */
export interface SealedHeader {
  readonly header: Buffer;
  readonly fileKey: Uint8Array;
}

/** Makes a new file key and its header. Throws what the package does with a recipient that is none. */
export async function sealHeader(recipients: readonly string[]): Promise<SealedHeader> {
  const { Encrypter } = await import('age-encryption');
  const encrypter = new Encrypter();
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  let fileKey: Uint8Array | undefined;
  encrypter.addRecipient({
    wrapFileKey: (key) => {
      fileKey = Uint8Array.from(key);
      return [];
    },
  });
  const file = Buffer.from(await encrypter.encrypt(new Uint8Array()));
  if (fileKey === undefined) throw new Error('age-encryption did not ask for the file key to be wrapped');
  return { header: file.subarray(0, endOfHeader(file)), fileKey };
}

/** The file key from a header. Throws what the package does where no identity fits or the header was changed. */
export async function openHeader(decrypter: Decrypter, header: Buffer): Promise<Uint8Array> {
  return await decrypter.decryptHeader(header);
}

/** Where the header ends; undefined where its end has not come yet. Throws where this is none. */
export function endOfHeader(bytes: Buffer): number | undefined {
  const at = bytes.indexOf(LAST_LINE);
  const end = at === -1 ? -1 : bytes.indexOf(LINE_END, at + LAST_LINE.length);
  if (end !== -1) return end + 1;
  if (bytes.length > LONGEST_BYTES) throw new Error('it has no header of age');
  return undefined;
}
