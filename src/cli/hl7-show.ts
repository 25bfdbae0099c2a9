import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeHl7File, type DescribedMessage } from '../hub-messages.ts';
import { Problem, printJson, UsageError, type Call, type ExitCode } from './command.ts';
import { hubApi } from './hub-api.ts';
import { messageId, whyOf, type ShownMessage } from './messages.ts';
import { columns } from './table.ts';

type ShownHl7 = ShownMessage & { readonly messages: readonly DescribedMessage[]; readonly raw?: string };

export async function hl7Show(call: Call): Promise<ExitCode> {
  const masked = call.flags.has('masked');
  const file = call.values.get('file');
  if (file !== undefined) {
    if (call.arguments.length > 0) throw new UsageError('hl7 show wants a message or --file, not both.');
    const messages = describeHl7File(await readMessageFile(call, file), masked);
    if (call.flags.has('json')) printJson(call, { messages });
    else for (const message of messages) tellMessage(call, message);
    return 0;
  }
  const id = messageId(oneArgument(call, 'show'));
  const raw = call.flags.has('raw');
  const query = new URLSearchParams({ ...(masked ? { masked: 'true' } : {}), ...(raw ? { raw: 'true' } : {}) });
  const message = await (await hubApi(call)).get<ShownHl7>(`/messages/${id}/hl7?${query.toString()}`);
  if (call.flags.has('json')) printJson(call, message);
  else if (raw) call.print(asLines(Buffer.from(message.raw ?? '', 'base64')));
  else {
    call.print(`message ${id} of ${message.site}, received ${message.receivedAt}, ${message.status}`);
    const why = whyOf(message);
    if (why !== '') call.print(why);
    for (const one of message.messages) tellMessage(call, one);
  }
  return 0;
}

/** @throws UsageError */
export function oneArgument(call: Call, verb: string): string {
  const [first, second] = call.arguments;
  if (first === undefined || second !== undefined)
    throw new UsageError(`hl7 ${verb} wants one message: hl7 ${verb} ID`);
  return first;
}

/** @throws Problem */
export async function readMessageFile(call: Call, file: string): Promise<Uint8Array> {
  try {
    return await readFile(join(file.startsWith('/') ? '/' : call.cwd, file));
  } catch (error) {
    throw new Problem(`${file} cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'unknown reason'}.`, {
      cause: error,
    });
  }
}

function tellMessage(call: Call, message: DescribedMessage): void {
  const { kind, version, encoding, separators, issues, segments } = message;
  call.print('');
  call.print(`${kind || 'no message type'}, version ${version || 'not told'}, ${encoding}, separators ${separators}`);
  for (const issue of issues) call.print(`  ! ${issue.text}`);
  for (const segment of segments) {
    call.print('');
    call.print(segment.title === null ? segment.name : `${segment.name}  ${segment.title}`);
    const rows = segment.fields.flatMap((field) =>
      field.values.map((value) => [
        `  ${value.path}`,
        [field.name, value.name].filter((one) => one !== null).join(', '),
        value.value === null ? '"" (delete what is stored)' : value.value,
      ]),
    );
    for (const line of columns(rows)) call.print(line);
  }
}

/** Bytes of Latin-1 senders shown as they are would not be text; what is no UTF-8 is shown byte by byte. */
function asLines(bytes: Buffer): string {
  const text = new TextDecoder('utf-8').decode(bytes);
  return (text.includes('\uFFFD') ? bytes.toString('latin1') : text).replace(/\r\n?/g, '\n').trimEnd();
}
