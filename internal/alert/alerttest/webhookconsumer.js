'use strict';
// A consumer of webhooks on loopback, as a partner would write one: it verifies
// with the public library standardwebhooks. Its settings are the first line of
// standard input, as JSON. It writes one JSON line for each request, and ends
// when standard input does.
const fs = require('node:fs');
const https = require('node:https');
const readline = require('node:readline');
const { Webhook } = require('standardwebhooks');

const write = (event) => fs.writeSync(1, JSON.stringify(event) + '\n');

function start(settings) {
  const verifier = new Webhook(settings.secret);
  const server = https.createServer({ cert: settings.certificate, key: settings.key }, (request, response) => {
    const parts = [];
    request.on('data', (part) => parts.push(part));
    request.on('end', () => {
      let event;
      try {
        const message = verifier.verify(Buffer.concat(parts).toString('utf8'), request.headers);
        event = { event: 'verified', text: `${request.headers['webhook-id']} ${message.type} ${message.data.title}` };
      } catch (error) {
        event = { event: 'refused', text: error.message };
      }
      response.statusCode = event.event === 'verified' ? 204 : 401;
      response.end(() => write(event));
    });
  });
  server.listen(0, '127.0.0.1', () => write({ event: 'listening', port: server.address().port }));
}

const lines = readline.createInterface({ input: process.stdin });
lines.once('line', (line) => start(JSON.parse(line)));
lines.on('close', () => process.exit(0));
