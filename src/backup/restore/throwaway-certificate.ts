import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';

/** PEM texts. */
export interface ThrowawayCertificate {
  readonly cert: string;
  readonly key: string;
}

/**
 * A self-signed certificate for `CN=root` on `localhost` that is authority, server and client in one. A scratch etcd of a
 * store with authentication takes whoever shows it as the user root; it is made for one scratch and dies with it. It is
 * written here byte by byte, since Node cannot issue certificates and `openssl` is not on every machine. Its lifetime is as
 * long as the format has it, so that a wrong clock does no harm.
 */
export function throwawayRootCertificate(): ThrowawayCertificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = sequence(oid(ECDSA_WITH_SHA256));
  const name = sequence(tlv(SET, sequence(oid(COMMON_NAME), tlv(UTF8_STRING, Buffer.from('root')))));
  const extensions = [
    extension(BASIC_CONSTRAINTS, sequence(tlv(BOOLEAN, Buffer.from([0xff]))), true),
    // digitalSignature and keyCertSign; two bits of the byte are unused.
    extension(KEY_USAGE, tlv(BIT_STRING, Buffer.from([2, 0x84])), true),
    extension(EXTENDED_KEY_USAGE, sequence(oid(SERVER_AUTH), oid(CLIENT_AUTH)), false),
    extension(SUBJECT_ALT_NAME, sequence(tlv(DNS_NAME, Buffer.from('localhost'))), false),
  ];
  const toBeSigned = sequence(
    tlv(VERSION, tlv(INTEGER, Buffer.from([2]))),
    // A positive number: the first bit is 0, and the first byte is not.
    tlv(INTEGER, Buffer.concat([Buffer.from([0x40]), randomBytes(15)])),
    algorithm,
    name,
    sequence(utcTime('000101000000Z'), utcTime('491231235959Z')),
    name,
    publicKey.export({ format: 'der', type: 'spki' }),
    tlv(EXTENSIONS, sequence(...extensions)),
  );
  const signature = tlv(BIT_STRING, Buffer.concat([Buffer.from([0]), sign('sha256', toBeSigned, privateKey)]));
  return {
    cert: pem('CERTIFICATE', sequence(toBeSigned, algorithm, signature)),
    key: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
  };
}

/** Tags of DER, and those of X.509's own fields. */
const [BOOLEAN, INTEGER, BIT_STRING, OCTET_STRING, OID, UTF8_STRING, UTC_TIME] = [1, 2, 3, 4, 6, 12, 23];
const [SEQUENCE, SET, VERSION, EXTENSIONS, DNS_NAME] = [0x30, 0x31, 0xa0, 0xa3, 0x82];

/** Object identifiers, encoded. */
const ECDSA_WITH_SHA256 = '2a8648ce3d040302';
const COMMON_NAME = '550403';
const BASIC_CONSTRAINTS = '551d13';
const KEY_USAGE = '551d0f';
const EXTENDED_KEY_USAGE = '551d25';
const SUBJECT_ALT_NAME = '551d11';
const SERVER_AUTH = '2b06010505070301';
const CLIENT_AUTH = '2b06010505070302';

function tlv(tag: number, value: Buffer): Buffer {
  const { length } = value;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), value]);
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tlv(SEQUENCE, Buffer.concat(parts));
}

function oid(hex: string): Buffer {
  return tlv(OID, Buffer.from(hex, 'hex'));
}

function utcTime(text: string): Buffer {
  return tlv(UTC_TIME, Buffer.from(text));
}

function extension(id: string, value: Buffer, critical: boolean): Buffer {
  return sequence(oid(id), ...(critical ? [tlv(BOOLEAN, Buffer.from([0xff]))] : []), tlv(OCTET_STRING, value));
}

function pem(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}
