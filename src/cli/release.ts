import { JSON_OPTION, printJson, type Command } from './command.ts';
import { hubApi } from './hub-api.ts';
import { messageId } from './messages.ts';

export const releaseCommand: Command = {
  name: 'release',
  arguments: 'ID',
  takes: [1, 1],
  summary: 'Sets a parked message aside for good, so that what waits for it goes on.',
  prose: [
    'For a merge of persons that must not be carried out: later messages about these persons wait for it, and go on ' +
      'without it. The message is kept, its status becomes "ignored", and `slotwire replay ID` can still apply it.',
  ],
  options: { json: JSON_OPTION },
  async run(call) {
    const id = messageId(call.arguments[0] ?? '');
    const answer = await (await hubApi(call)).post<{ readonly released: boolean }>(`/messages/${id}/release`);
    if (call.flags.has('json')) printJson(call, answer);
    else if (answer.released) call.print(`Message ${id} is set aside. What waited for it is applied now.`);
    else call.print(`Message ${id} is not parked; nothing was changed.`);
    return answer.released ? 0 : 1;
  },
};
