/**
 * Peers of the hub, each in a process of its own, that do the least which must be done:
 *
 *   express                     GET / answers 200
 *   webhook SIMULATOR AUTH DB   POST / reads the appointment at the site, inserts it, then answers 200
 *   acknowledger                answers every MLLP frame at once and stores nothing
 *
 * Prints its port as the first line.
 */
import type { AddressInfo, Server } from 'node:net';
import express from 'express';
import pg from 'pg';
import { acknowledger } from './bare.ts';
import { fine, openClient } from './client.ts';

const [kind = '', ...args] = process.argv.slice(2);

function listening(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
      resolve();
    });
  });
}

function serve(app: express.Express): void {
  const server = app.listen(0, '127.0.0.1', () => {
    process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
  });
}

async function webhook([simulator = '', authorization = '', url = '']: readonly string[]): Promise<void> {
  const site = openClient(simulator, { authorization });
  const database = new pg.Client({ connectionString: url });
  await database.connect();
  await database.query('CREATE TABLE IF NOT EXISTS bare_row (id bigserial PRIMARY KEY, body text NOT NULL)');
  const app = express();
  app.post('/', express.raw({ type: () => true }), async (req, res) => {
    const id = new URLSearchParams((req.body as Buffer).toString('utf8')).get('id') ?? '';
    const { text } = fine(await site.send('GET', `/api/v1/appointments/${id}`));
    await database.query({ name: 'bare', text: 'INSERT INTO bare_row (body) VALUES ($1)', values: [text] });
    res.status(200).end();
  });
  serve(app);
}

if (kind === 'acknowledger') await listening(acknowledger());
else if (kind === 'webhook') await webhook(args);
else {
  const app = express();
  app.get('/', (_req, res) => {
    res.status(200).end();
  });
  serve(app);
}
