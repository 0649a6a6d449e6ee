/** Every label that OpenSSL writes for a private key: PKCS#8, encrypted or not, and the older ones per algorithm. */
const privateKeyLine = /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----/;

/** The line (from 1) on which a private key in PEM form begins, wherever on it; undefined without one. */
export function lineOfPrivateKey(content: Uint8Array): number | undefined {
  // latin1 keeps one character per byte, so content that is not text is searched as well.
  const text = Buffer.from(content.buffer, content.byteOffset, content.byteLength).toString('latin1');
  const start = text.search(privateKeyLine);
  return start === -1 ? undefined : text.slice(0, start).split('\n').length;
}
