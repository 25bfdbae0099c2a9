/** `slotwire identity practitioners`: who may be one person, for whoever keeps the site files. */
import { wholeOption, type Call, type ExitCode } from './command.ts';
import { hubApi } from './hub-api.ts';
import { asJson } from './identity-call.ts';
import { counted, printTable } from './table.ts';

interface Known {
  readonly site: string;
  readonly codes: readonly string[];
  readonly npi: string | null;
  readonly text: string;
}
interface Alike {
  readonly total: number;
  readonly pairs: readonly { readonly one: Known; readonly other: Known }[];
}

export async function identityPractitioners(call: Call): Promise<ExitCode> {
  const limit = wholeOption(call, 'limit', 1, 5000) ?? 100;
  const answer = await (await hubApi(call)).get<Alike>(`/identity/registry/alike?limit=${String(limit)}`);
  if (await asJson(call, answer)) return 0;
  const { total, pairs } = answer;
  if (total === 0) {
    call.print('No practitioner without an NPI may be another one.');
    return 0;
  }
  call.print(`${counted(total, 'pair')} of practitioners who may be one person; ${String(pairs.length)} shown.`);
  const cells = ({ site, codes, npi, text }: Known): readonly string[] => [site, codes.join(' '), npi ?? '', text];
  const heading = ['site', 'code', 'NPI', 'name'];
  printTable(
    call,
    [...heading, ...heading],
    pairs.map(({ one, other }) => [...cells(one), ...cells(other)]),
  );
  call.print('One person: give both codes the same NPI, in the site files or the crosswalk. Nobody is linked by this.');
  call.print('Two people: list both codes under practitioners.apart of hub.yaml.');
  return 0;
}
