/** The operations page as it is served: three texts without anything from outside. Data comes from /ops/api only. */

export const OPS_HTML = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Slotwire operations</title>
<link rel="stylesheet" href="/ops/page.css">
</head>
<body>
<header><h1>Slotwire operations</h1><p id="state" role="status">Not signed in.</p></header>
<main>
<section id="sign-in">
<label for="token">Admin token</label>
<input id="token" type="password" autocomplete="off" spellcheck="false">
<button id="show" type="button">Show</button>
<p>The token stays in this page and is gone when it is closed.</p>
</section>
<section id="data" hidden>
<h2>Sites (scheduling systems)</h2>
<table><thead><tr><th>Site</th><th>Kind</th><th>Stage</th><th>State</th><th>Feeds</th>
<th>Queued</th><th>Hints</th><th>Parked</th></tr></thead>
<tbody id="sites"></tbody></table>
<h2>HL7 v2 ports</h2>
<table><thead><tr><th>Port</th><th>Sites</th><th>TLS</th><th>Open</th><th>Refused</th><th>Messages refused</th>
<th>Last refusal</th></tr></thead>
<tbody id="listeners"></tbody></table>
<h2>Bookings</h2>
<table><thead><tr><th>State</th><th>Count</th></tr></thead><tbody id="bookings"></tbody></table>
<h2>Owed outwards</h2>
<table><thead><tr><th>Receiver</th><th>State</th><th>Count</th></tr></thead><tbody id="outbox"></tbody></table>
<h2>Parked messages</h2>
<table><thead><tr><th>Message</th><th>Site</th><th>Stage</th><th>Code</th><th>Reason</th><th>Received</th></tr></thead>
<tbody id="messages"></tbody></table>
</section>
</main>
<noscript>This page needs JavaScript to read /ops/api.</noscript>
<script src="/ops/page.js"></script>
</body>
</html>
`;

export const OPS_STYLE = `:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0 auto; max-width: 72rem; padding: 1rem; }
h1 { font-size: 1.4rem; margin: 0; } h2 { font-size: 1.1rem; margin: 1.5rem 0 .5rem; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid #8884; padding: .3rem .6rem; text-align: left; vertical-align: top; }
input { font: inherit; min-width: 20rem; padding: .3rem; } button { font: inherit; padding: .3rem .8rem; }
.attention { font-weight: bold; }
`;

export const OPS_SCRIPT = `'use strict';
const byId = (id) => document.getElementById(id);
let token = '';
let timer = 0;

async function ask(path) {
  const answer = await fetch(path, { headers: { Authorization: 'Bearer ' + token }, cache: 'no-store' });
  if (answer.status === 401 || answer.status === 403) throw new Error('This token is not an admin token.');
  if (!answer.ok) throw new Error('The hub answered ' + answer.status + '.');
  return answer.json();
}

function fill(id, rows) {
  byId(id).replaceChildren(...rows.map((cells) => {
    const row = document.createElement('tr');
    for (const text of cells) {
      const cell = document.createElement('td');
      cell.textContent = text === null || text === undefined ? '' : String(text);
      row.append(cell);
    }
    return row;
  }));
}

function feed(one) {
  const parts = [one.name + ':'];
  if (one.error !== null) parts.push('error ' + one.error);
  if (one.lag_s !== null) parts.push('lag ' + Math.round(one.lag_s) + ' s');
  if (one.silence_s !== null) parts.push('silent for ' + Math.round(one.silence_s) + ' s');
  if (one.usualPerHour !== null) parts.push('usually ' + one.usualPerHour.toFixed(1) + ' an hour');
  if (parts.length === 1) parts.push('nothing heard yet');
  return parts.join(' ');
}

function listener(one) {
  const refused = Object.values(one.refusedTotal).reduce((sum, count) => sum + count, 0);
  const last = one.lastRefusal ? one.lastRefusal.address + ': ' + one.lastRefusal.reason
    : one.lastMessageRefusal ? one.lastMessageRefusal.reason : '';
  return [one.host + ':' + one.port, one.sites.join(' '), one.tls, one.connections, refused,
    one.messagesRefusedTotal, last];
}

async function refresh() {
  clearTimeout(timer);
  try {
    const view = await ask('/ops/api/sites');
    const parked = await ask('/ops/api/messages?status=parked');
    fill('sites', view.sites.map((site) => [site.id, site.kind, site.stage + ', ' + site.environment, site.state,
      site.feeds.map(feed).join('; '), site.queued, site.hints, site.parked]));
    fill('listeners', view.listeners.map(listener));
    fill('bookings', Object.entries(view.bookings));
    fill('outbox', view.outbox.map((one) => [one.receiver, one.state, one.count]));
    fill('messages', parked.messages.map((one) => [one.id, one.site, one.stage, one.code, one.reason, one.receivedAt]));
    byId('data').hidden = false;
    byId('sign-in').hidden = true;
    byId('state').textContent = 'As of ' + view.at + '.';
    timer = setTimeout(refresh, 5000);
  } catch (error) {
    byId('data').hidden = true;
    byId('sign-in').hidden = false;
    byId('state').textContent = error.message;
  }
}

byId('show').addEventListener('click', () => {
  token = byId('token').value.trim();
  byId('token').value = '';
  refresh();
});
byId('token').addEventListener('keydown', (event) => { if (event.key === 'Enter') byId('show').click(); });
`;
