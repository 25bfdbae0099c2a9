import { JSON_OPTION, printJson, type Command } from './command.ts';
import { hubApi } from './hub-api.ts';
import { printTable } from './table.ts';

interface Answer {
  readonly at: string;
  readonly listeners: readonly Listener[];
  readonly outbox: readonly { readonly receiver: string; readonly state: string; readonly count: number }[];
  readonly requests: readonly Waiting[];
}

/** Requests (SRM) of a client. */
interface Waiting {
  readonly client: string;
  readonly state: string;
  readonly count: number;
  readonly oldest_s: number;
}

/** A port that HL7 v2 arrives at. */
interface Listener {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly sites: readonly string[];
  readonly tls: string;
  readonly certificateUntil: string | null;
  readonly connections: number;
  readonly connectedTotal: number;
  readonly refusedTotal: Readonly<Record<string, number>>;
  readonly lastRefusal: { readonly at: string; readonly address: string; readonly reason: string } | null;
  readonly messagesRefusedTotal: number;
  readonly lastMessageRefusal: { readonly at: string; readonly site: string | null; readonly reason: string } | null;
}

export const listenersCommand: Command = {
  name: 'listeners',
  arguments: '',
  takes: [0, 0],
  summary: 'Shows the ports of the running hub that HL7 v2 arrives at, and whom they refused.',
  prose: [
    'Open: connections now. Connected, refused and messages refused count since the hub started. A connection is ' +
      'refused for its address or certificate (not on the list), because there are too many, or because TLS did not ' +
      'come about; a message is refused by AR or CR, and its sender reads why.',
    'Clients that ask by SRM follow: requests that are not answered, and answers that wait to be taken by the ' +
      'client. Queued for long: nobody listens at hl7.answers. Parked: the client refused the answer itself.',
  ],
  options: { json: JSON_OPTION },
  async run(call) {
    const { at, listeners, outbox, requests } = await (await hubApi(call)).get<Answer>('/sites');
    const owed = outbox.filter(({ receiver }) => receiver.startsWith('client '));
    if (call.flags.has('json')) {
      printJson(call, { at, listeners, requests, owed });
      return 0;
    }
    const rows = listeners.map((one) => [
      `${one.host}:${one.port}`,
      one.sites.join(' ') || 'none',
      one.certificateUntil === null ? one.tls : `${one.tls} until ${one.certificateUntil.slice(0, 10)}`,
      String(one.connections),
      String(one.connectedTotal),
      String(Object.values(one.refusedTotal).reduce((sum, count) => sum + count, 0)),
      String(one.messagesRefusedTotal),
    ]);
    const heads = ['port', 'sites', 'tls', 'open', 'connected', 'refused', 'messages refused'];
    printTable(call, heads, rows);
    for (const { host, port, lastRefusal, lastMessageRefusal } of listeners) {
      if (lastRefusal !== null)
        call.print(`${host}:${port} last refused ${lastRefusal.address} at ${lastRefusal.at}: ${lastRefusal.reason}`);
      if (lastMessageRefusal !== null) {
        const { at: when, site, reason } = lastMessageRefusal;
        call.print(`${host}:${port} last refused a message of ${site ?? 'no known site'} at ${when}: ${reason}`);
      }
    }
    for (const { client, state, count, oldest_s } of requests)
      call.print(`client ${client}: ${count} requests ${state}, the oldest for ${oldest_s} s`);
    for (const { receiver, state, count } of owed) call.print(`${receiver}: ${count} messages owed to it, ${state}`);
    return 0;
  },
};
