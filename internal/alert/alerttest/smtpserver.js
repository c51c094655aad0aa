'use strict';
// A mail server on loopback for tests. Its settings are the first line of
// standard input, as JSON; each later line holds new faults. It writes one
// JSON line for each event, and ends when standard input does, so that it
// never outlives the test.
const fs = require('node:fs');
const readline = require('node:readline');
const { SMTPServer } = require('smtp-server');

let faults = {};
let order = 0;
const write = (event) => fs.writeSync(1, JSON.stringify(event) + '\n');

// take says whether a fault with a number of times applies once more.
const take = (name) => {
  if (!faults[name]) return false;
  if (faults[name] > 0) faults[name]--;
  return true;
};
const reply = (code, text) => Object.assign(new Error(text), { responseCode: code });
const reject = (at) => {
  if (faults.at !== at || !take('times')) return null;
  return reply(faults.code, faults.text || 'rejected by the test');
};

function start(settings) {
  const server = new SMTPServer({
    name: 'mail.test',
    secure: settings.mode === 'implicit',
    cert: settings.certificate,
    key: settings.key,
    hideSTARTTLS: settings.mode === 'plain',
    authOptional: !settings.user,
    allowInsecureAuth: settings.mode === 'plain',
    authMethods: settings.mechanisms || ['PLAIN', 'LOGIN'],
    disableReverseLookup: true,
    closeTimeout: 100,
    onAuth(auth, session, done) {
      if (auth.username === settings.user && auth.password === settings.password) return done(null, { user: auth.username });
      // A rude server repeats what it was sent: no answer may show it.
      done(reply(535, '5.7.8 wrong: ' + auth.username + ' ' + auth.password));
    },
    onConnect: (session, done) => done(reject('connect')),
    onMailFrom: (address, session, done) => done(reject('mail')),
    onRcptTo: (address, session, done) => done(reject('rcpt')),
    onData: (stream, session, done) => receive(server, stream, session, done),
  });
  server.on('error', (error) => write({ event: 'error', text: String(error) }));
  server.listen(0, '127.0.0.1', () => write({ event: 'listening', port: server.server.address().port }));
}

function receive(server, stream, session, done) {
  const parts = [];
  stream.on('data', (part) => parts.push(part));
  stream.on('end', () => {
    const refusal = reject('data');
    if (refusal) return done(refusal);
    const socket = [...server.connections].find((one) => one.session === session || one.id === session.id)._socket;
    if (take('drop_before_accepting')) return socket.destroy();
    if (take('silent')) return;
    accept(session, Buffer.concat(parts), (answered) => {
      if (answered) done(null, 'Ok: queued as ' + order);
      else socket.destroy();
      if (take('drop_after_answer')) socket.end();
    });
  });
}

// accept logs the mail before it is answered: from here on the server has
// taken responsibility for it.
function accept(session, raw, finish) {
  const answered = !take('drop_before_answer');
  order++;
  write({
    event: 'accepted', order, at: new Date().toISOString(), answered,
    from: session.envelope.mailFrom.address, to: session.envelope.rcptTo.map((one) => one.address),
    secure: !!session.secure, user: session.user || '', raw: raw.toString('base64'),
  });
  finish(answered);
}

let settings = null;
const lines = readline.createInterface({ input: process.stdin });
lines.on('line', (line) => {
  const value = JSON.parse(line);
  if (settings === null) {
    settings = value;
    faults = value.faults || {};
    start(settings);
  } else {
    faults = value;
    write({ event: 'faults' });
  }
});
lines.on('close', () => process.exit(0));
