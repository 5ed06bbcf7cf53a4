import type { EtcdErrorCode } from './errors.ts';

/** Why a connection does not come up. */
export interface DialFault {
  readonly code: EtcdErrorCode;
  /** The middle of a sentence: "the connection was refused". */
  readonly reason: string;
}

/** What is known of the dial before it fails. */
export interface DialFacts {
  readonly secure: boolean;
  readonly hasClientCertificate: boolean;
}

const UNTRUSTED: DialFault = {
  code: 'ETCD_TLS_UNTRUSTED',
  reason: 'the certificate of the server is signed by a CA that is not trusted here',
};
const REFUSED_CERTIFICATE: DialFault = {
  code: 'ETCD_CLIENT_CERT_REFUSED',
  reason: 'the server does not accept the client certificate',
};
const NOT_TLS: DialFault = { code: 'ETCD_TLS_ON_PLAIN', reason: 'the answer to a TLS greeting is not TLS' };
/** The server speaks TLS and was greeted without. */
export const PLAIN_ON_TLS: DialFault = {
  code: 'ETCD_PLAIN_ON_TLS',
  reason: 'the server speaks TLS, and the URL says http://',
};
const UNKNOWN_HOST: DialFault = { code: 'ETCD_ADDRESS_UNKNOWN', reason: 'the host name has no address' };

/** Codes of node:net and of OpenSSL's certificate verification. */
const BY_ERROR_CODE: ReadonlyMap<string, DialFault> = new Map<string, DialFault>([
  ['ECONNREFUSED', { code: 'ETCD_UNREACHABLE', reason: 'the connection was refused: nothing listens there' }],
  ['EHOSTUNREACH', { code: 'ETCD_UNREACHABLE', reason: 'there is no route to the host' }],
  ['ENETUNREACH', { code: 'ETCD_UNREACHABLE', reason: 'there is no route to the network' }],
  ['ETIMEDOUT', { code: 'ETCD_UNREACHABLE', reason: 'the connection timed out' }],
  ['ENOENT', { code: 'ETCD_UNREACHABLE', reason: 'the socket does not exist' }],
  ['EACCES', { code: 'ETCD_UNREACHABLE', reason: 'the socket must not be opened by this user' }],
  ['ENOTFOUND', UNKNOWN_HOST],
  ['EAI_AGAIN', { code: 'ETCD_ADDRESS_UNKNOWN', reason: 'the name server did not answer' }],
  ['CERT_HAS_EXPIRED', { code: 'ETCD_TLS_EXPIRED', reason: 'the certificate of the server has expired' }],
  ['CERT_NOT_YET_VALID', { code: 'ETCD_TLS_EXPIRED', reason: 'the certificate of the server is not valid yet' }],
  ['SELF_SIGNED_CERT_IN_CHAIN', UNTRUSTED],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', UNTRUSTED],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', UNTRUSTED],
  ['UNABLE_TO_GET_ISSUER_CERT', UNTRUSTED],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', UNTRUSTED],
  ['CERT_SIGNATURE_FAILURE', UNTRUSTED],
  ['CERT_UNTRUSTED', UNTRUSTED],
  ['INVALID_CA', UNTRUSTED],
  [
    'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
    { code: 'ETCD_CLIENT_CERT_REQUIRED', reason: 'the server asks for a client certificate' },
  ],
  ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', REFUSED_CERTIFICATE],
  ['ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED', REFUSED_CERTIFICATE],
  ['ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_EXPIRED', REFUSED_CERTIFICATE],
  ['ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN', REFUSED_CERTIFICATE],
  ['ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_UNKNOWN', REFUSED_CERTIFICATE],
  ['ERR_SSL_WRONG_VERSION_NUMBER', NOT_TLS],
  ['ERR_SSL_PACKET_LENGTH_TOO_LONG', NOT_TLS],
  ['EPROTO', NOT_TLS],
]);

/** An error of a socket or of a TLS handshake, explained. */
export function faultOfDialError(error: Error, facts: DialFacts): DialFault {
  const code = codeOf(error);
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return { code: 'ETCD_TLS_WRONG_NAME', reason: `the certificate of the server is only for ${namesIn(error)}` };
  }
  // With TLS 1.2, and from Go's server in general, a missing certificate is a "bad certificate" or a failed handshake.
  if (/ALERT_(BAD_CERTIFICATE|HANDSHAKE_FAILURE)$/.test(code)) {
    return facts.hasClientCertificate
      ? REFUSED_CERTIFICATE
      : { code: 'ETCD_CLIENT_CERT_REQUIRED', reason: 'the server asks for a client certificate' };
  }
  if (code === 'ECONNRESET' && facts.secure) {
    return { code: 'ETCD_TLS_ON_PLAIN', reason: 'it closed the connection during the TLS greeting' };
  }
  return (
    BY_ERROR_CODE.get(code) ?? {
      code: 'ETCD_UNREACHABLE',
      reason: `the connection failed (${code === '' ? error.message : code})`,
    }
  );
}

/** What the first bytes after the greeting say: undefined when they are HTTP/2's SETTINGS, as they should be. */
export function faultOfAnswer(answer: Buffer, facts: DialFacts): DialFault | undefined {
  const ALERT_RECORD = 0x15;
  const SETTINGS_FRAME = 0x04;
  if (answer[0] === ALERT_RECORD && !facts.secure) {
    return PLAIN_ON_TLS;
  }
  const text = answer.toString('latin1', 0, 512);
  if (text.startsWith('HTTP/')) {
    return /https/i.test(text)
      ? PLAIN_ON_TLS
      : { code: 'ETCD_NOT_ETCD', reason: `it answers with ${text.split('\r\n', 1)[0] ?? ''}, not with HTTP/2` };
  }
  if (answer[3] === SETTINGS_FRAME) return undefined;
  return { code: 'ETCD_NOT_ETCD', reason: 'it answers with something that is not HTTP/2' };
}

/** The names for which the certificate was issued that was not right for ours; Node's error carries it. */
function namesIn(error: Error): string {
  const certificate = 'cert' in error ? error.cert : undefined;
  const isObject = typeof certificate === 'object' && certificate !== null;
  const names = isObject && 'subjectaltname' in certificate ? certificate.subjectaltname : undefined;
  return typeof names === 'string' && names !== '' ? names : 'other names';
}

/** The code of an error; of the first one where several addresses were tried (`AggregateError`). */
function codeOf(error: Error): string {
  if (error instanceof AggregateError && error.errors[0] instanceof Error) return codeOf(error.errors[0]);
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}
