import assert from 'node:assert/strict';
import { createPublicKey, verify } from 'node:crypto';
import { test } from 'node:test';
import { makeSigningKey, signedJwt, SIGNING_ALGORITHMS } from '../../src/core/jwt.ts';

const PRIVATE = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

for (const alg of SIGNING_ALGORITHMS) {
  test(`what is signed by ${alg} is verified with the public part alone, and with no other`, async () => {
    const [{ jwk, privatePart }, other] = await Promise.all([makeSigningKey(alg, 2048), makeSigningKey(alg, 2048)]);
    const jwt = signedJwt({ alg, kid: jwk.kid, privatePart }, { iss: 'client', exp: 5 });
    const [head = '', body = '', signature = ''] = jwt.split('.');
    const read = (part: string): unknown => JSON.parse(Buffer.from(part, 'base64url').toString());
    assert.deepEqual(read(head), { alg, typ: 'JWT', kid: jwk.kid });
    assert.deepEqual(read(body), { iss: 'client', exp: 5 });
    const by = (key: object): boolean => {
      const publicKey = createPublicKey({ key: { ...key }, format: 'jwk' });
      const asked = { key: publicKey, dsaEncoding: 'ieee-p1363' as const };
      return verify('sha384', Buffer.from(`${head}.${body}`), asked, Buffer.from(signature, 'base64url'));
    };
    assert.equal(by(jwk), true);
    assert.equal(by(other.jwk), false);
  });

  test(`the public part of a key for ${alg} says what it is for and has no private member`, async () => {
    const { jwk } = await makeSigningKey(alg, 2048);
    assert.deepEqual([jwk.use, jwk.alg, jwk.kid.length], ['sig', alg, 43]);
    assert.deepEqual(
      Object.keys(jwk).filter((member) => PRIVATE.includes(member)),
      [],
    );
  });
}

test('an RSA key is as long as asked', async () => {
  const { jwk } = await makeSigningKey('RS384', 3072);
  assert.equal(Buffer.from(jwk.n ?? '', 'base64url').length * 8, 3072);
});
