/** Every label that OpenSSL writes for a private key: PKCS#8, encrypted or not, and the older ones per algorithm. */
const privateKeyLine = /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----/;

/** Whether the content holds a private key in PEM form, wherever it stands in it. */
export function containsPrivateKey(content: Uint8Array): boolean {
  // latin1 keeps one character per byte, so content that is not text is searched as well.
  return privateKeyLine.test(
    Buffer.from(content.buffer, content.byteOffset, content.byteLength).toString('latin1'),
  );
}
