import { UsageError, type Command } from './command.ts';
import { hubApi } from './hub-api.ts';

export const resyncCommand: Command = {
  name: 'resync',
  arguments: 'SITE',
  takes: [1, 1],
  summary: 'Has the running hub ask one site for everything again.',
  prose: [
    'The hub forgets how far it has read, loads what is booked and open anew and asks for every window of open ' +
      'time. What the ' +
      'site says unchanged changes nothing. A site that only sends cannot be asked. It is written to the audit log.',
  ],
  options: {},
  async run(call) {
    const site = call.arguments[0] ?? '';
    if (!/^[a-z0-9-]{1,64}$/.test(site)) throw new UsageError(`${site} is no site id.`);
    await (await hubApi(call)).post(`/sites/${site}/resync`);
    call.print(`${site} is asked for everything again; \`slotwire sites\` and \`slotwire lag\` show how far it is.`);
    return 0;
  },
};
