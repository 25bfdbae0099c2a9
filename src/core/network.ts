/** Addresses of the network, for lists of who may connect. */

export interface Network {
  readonly family: 4 | 6;
  /** 4 or 16 numbers from 0 to 255. */
  readonly bytes: readonly number[];
  readonly prefix: number;
}

/** One address or a range: `10.1.2.3`, `10.1.0.0/16`, `2001:db8::/32`. Null when it is neither. */
export function parseNetwork(text: string): Network | null {
  const [address = '', prefix, ...more] = text.split('/');
  const bytes = addressBytes(address);
  if (bytes === null || more.length > 0) return null;
  const longest = bytes.length * 8;
  if (prefix !== undefined && (!/^\d{1,3}$/.test(prefix) || Number(prefix) > longest)) return null;
  return { family: bytes.length === 4 ? 4 : 6, bytes, prefix: prefix === undefined ? longest : Number(prefix) };
}

/** An IPv4 address in its IPv6 form (`::ffff:10.1.2.3`) is that IPv4 address. */
export function isWithin(network: Network, address: string): boolean {
  const bytes = addressBytes(address);
  if (bytes?.length !== network.bytes.length) return false;
  return network.bytes.every((byte, at) => {
    const bits = Math.max(0, Math.min(8, network.prefix - at * 8));
    const mask = (0xff << (8 - bits)) & 0xff;
    return (byte & mask) === ((bytes[at] ?? 0) & mask);
  });
}

function addressBytes(text: string): readonly number[] | null {
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) {
    // 010 is eight to some and ten to others.
    const parts = text.split('.');
    return parts.every((part) => Number(part) <= 255 && String(Number(part)) === part) ? parts.map(Number) : null;
  }
  const [address = ''] = text.split('%', 1);
  if (!/^[0-9a-fA-F:.]+$/.test(address) || !URL.canParse(`http://[${address}]/`)) return null;
  const bytes = expanded(new URL(`http://[${address}]/`).hostname.slice(1, -1));
  const mapped = bytes.slice(0, 12).every((byte, at) => byte === (at < 10 ? 0 : 0xff));
  return mapped ? bytes.slice(12) : bytes;
}

/** Of the form that a URL has: hexadecimal groups, at most one `::`. */
function expanded(address: string): readonly number[] {
  const [left = '', right] = address.split('::', 2);
  const groups = (part: string): readonly number[] =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16));
  const [before, after] = [groups(left), groups(right ?? '')];
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => 0);
  return [...before, ...zeros, ...after].flatMap((group) => [group >> 8, group & 0xff]);
}
