// Serves HTTPS on loopback for tests; 'servers' is defined above. It runs in
// every Node from 0.10 on.
var https = require('https');
var pem = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n?/g;
var ports = [];

servers.forEach(function (settings, index) {
  var options = settings.options;
  if (settings.certificates.length > 1) {
    options.cert = settings.certificates;
    options.key = settings.keys;
  } else {
    // By hand: Node 0.10 takes only the first certificate of a file as 'cert'
    // and wants the others as 'ca'.
    var chain = settings.certificates[0].match(pem);
    options.cert = chain[0];
    options.ca = (options.ca || []).concat(chain.slice(1));
    options.key = settings.keys[0];
  }
  if (settings.dhparam) options.dhparam = settings.dhparam;
  var server = https.createServer(options, function (request, response) {
    for (var name in settings.headers || {}) response.setHeader(name, settings.headers[name]);
    response.end('ok\n');
  });
  server.on('clientError', function (error, socket) { if (socket && socket.destroy) socket.destroy(); });
  server.on('tlsClientError', function () {});
  server.listen(0, '127.0.0.1', function () {
    ports[index] = server.address().port;
    for (var i = 0; i < servers.length; i++) if (!ports[i]) return;
    console.log('listening ' + JSON.stringify(ports));
  });
});
