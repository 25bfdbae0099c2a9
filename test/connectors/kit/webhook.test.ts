import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import type { RawRequest } from '../../../src/connectors/contract.ts';
import { readForm, verifySignature, type SignatureMode } from '../../../src/connectors/kit/webhook.ts';

const BASE64: SignatureMode = { kind: 'hmac', algorithm: 'sha256', encoding: 'base64', header: 'x-sig' };
const HEX: SignatureMode = { kind: 'hmac', algorithm: 'sha256', encoding: 'hex', header: 'x-sig', prefix: 'sha256=' };
const SECRET: SignatureMode = { kind: 'shared-secret', header: 'authorization', prefix: 'Bearer ' };

function request(body: string | Uint8Array, headers: Record<string, string>): RawRequest {
  return { method: 'POST', url: '/intake/x', headers, body: Buffer.from(body), remoteAddress: '127.0.0.1' };
}

function verdictOf(
  mode: SignatureMode,
  keys: readonly string[],
  body: string,
  headers: Record<string, string>,
): string {
  const verdict = verifySignature(request(body, headers), mode, keys);
  return verdict.genuine ? 'genuine' : verdict.error.code;
}

test('a signature over the very bytes is genuine in each mode, with any of the keys', () => {
  const sign = (encoding: 'base64' | 'hex'): string => createHmac('sha256', 'k1').update('a=1&b=%20').digest(encoding);
  assert.equal(verdictOf(BASE64, ['k1'], 'a=1&b=%20', { 'x-sig': sign('base64') }), 'genuine');
  assert.equal(verdictOf(BASE64, ['new', 'k1'], 'a=1&b=%20', { 'x-sig': sign('base64') }), 'genuine');
  assert.equal(verdictOf(HEX, ['k1'], 'a=1&b=%20', { 'x-sig': `sha256=${sign('hex')}` }), 'genuine');
  assert.equal(verdictOf(SECRET, ['s3'], 'x', { authorization: 'Bearer s3' }), 'genuine');
});

test('another body, another key, another encoding or no key at all is a wrong signature', () => {
  const signature = createHmac('sha256', 'k1').update('a=1').digest('base64');
  assert.equal(verdictOf(BASE64, ['k1'], 'a=2', { 'x-sig': signature }), 'SIGNATURE_WRONG');
  assert.equal(verdictOf(BASE64, ['k2'], 'a=1', { 'x-sig': signature }), 'SIGNATURE_WRONG');
  assert.equal(verdictOf(BASE64, [], 'a=1', { 'x-sig': signature }), 'SIGNATURE_WRONG');
  assert.equal(verdictOf(HEX, ['k1'], 'a=1', { 'x-sig': signature }), 'SIGNATURE_WRONG');
  assert.equal(verdictOf(BASE64, ['k1'], 'a=1', { 'x-sig': 'short' }), 'SIGNATURE_WRONG');
});

test('no signature is told from a wrong one', () => {
  assert.equal(verdictOf(BASE64, ['k1'], 'a=1', {}), 'SIGNATURE_MISSING');
  assert.equal(verdictOf(BASE64, ['k1'], 'a=1', { 'x-sig': '' }), 'SIGNATURE_MISSING');
});

test('a form is read only when it says that it is one and is text', () => {
  const form = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' };
  assert.equal(readForm(request('a=1&b=c+d', form)).get('b'), 'c d');
  assert.throws(() => readForm(request('a=1', { 'content-type': 'application/json' })), { code: 'WEBHOOK_UNREADABLE' });
  assert.throws(() => readForm(request('a=1', {})), { code: 'WEBHOOK_UNREADABLE' });
  assert.throws(() => readForm(request(Uint8Array.of(0xff, 0xfe), form)), { code: 'WEBHOOK_UNREADABLE' });
});
