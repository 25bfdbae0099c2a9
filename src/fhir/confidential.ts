/** What is told for a confidential visit, and whom that protects. */
import { DAY_MS, type Instant } from '../core/instant.ts';

/** v3-Confidentiality up to normal: everybody's who may see the site. */
export const OPEN_LABELS: readonly string[] = ['U', 'L', 'M', 'N'];

export function isConfidential(labels: readonly string[]): boolean {
  return labels.some((label) => !OPEN_LABELS.includes(label));
}

const ADULT_MS = 18 * 365.25 * DAY_MS;

/** @param birthDate `YYYY`, `YYYY-MM` or `YYYY-MM-DD`; of whom none is told nobody knows the age */
export function mayBeMinor(birthDate: string | undefined, at: Instant): boolean {
  const born = birthDate === undefined ? Number.NaN : Date.parse(birthDate);
  return !(at - born >= ADULT_MS);
}

/** Whether there is anything to be kept apart of whoever is told of, so that more has to be looked up. */
export function mayBeKeptApart(
  told: { readonly [Name in 'phone' | 'email' | 'address']?: unknown } & { readonly birthDate?: string },
  at: Instant,
): boolean {
  const { phone, email, address, birthDate } = told;
  const isTold = phone !== undefined || email !== undefined || address !== undefined;
  return isTold && mayBeMinor(birthDate, at);
}
