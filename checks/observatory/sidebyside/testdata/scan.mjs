// Lets the MDN HTTP Observatory scan local servers: its own scan function, with
// names and ports sent to where the servers are. Standard input is JSON:
// package (its folder), places ("host:port" to a port of loopback), closed (the
// port for what is not there), preload (the list that it reads from
// conf/hsts-preload.json) and hosts. Standard output is
// one JSON object a host.
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { pathToFileURL } from "node:url";

const input = JSON.parse(fs.readFileSync(0, "utf8"));

const connect = net.Socket.prototype.connect;
net.Socket.prototype.connect = function (...args) {
  const options = Array.isArray(args[0]) ? args[0][0] : args[0];
  const port = input.places[`${options.host}:${options.port}`] ?? input.closed;
  const moved = { ...options, host: "127.0.0.1", port };
  if (Array.isArray(args[0])) args[0][0] = moved;
  else args[0] = moved;
  return connect.apply(this, args);
};

const readFileSync = fs.readFileSync;
fs.readFileSync = (file, ...rest) =>
  path.basename(String(file)) === "hsts-preload.json"
    ? JSON.stringify(input.preload)
    : readFileSync(file, ...rest);

const load = (file) => import(pathToFileURL(path.join(input.package, "src", file)));
const { scan } = await load("scanner/index.js");
const { Expectation } = await load("types.js");
// As hydrateTests of its API has it, whose module needs a database driver.
const notApplicable = [
  Expectation.ReferrerPolicyNotImplemented,
  Expectation.SriNotImplementedResponseNotHtml,
  Expectation.SriNotImplementedButNoScriptsLoaded,
  Expectation.SriNotImplementedButAllScriptsLoadedFromSecureOrigin,
  Expectation.CookiesNotFound,
  Expectation.CrossOriginResourcePolicyNotImplemented,
];

const hosts = input.hosts.slice();
async function work() {
  for (let host = hosts.shift(); host; host = hosts.shift()) {
    const line = { host };
    try {
      const { scan: sum, tests } = await scan(host);
      Object.assign(line, { algorithm: sum.algorithmVersion, score: sum.score, grade: sum.grade });
      line.rules = Object.entries(tests).map(([name, test]) => ({
        name, result: test.result, modifier: test.scoreModifier,
        pass: notApplicable.includes(test.result) ? null : test.pass,
      }));
    } catch (error) {
      line.error = String(error);
    }
    console.log(JSON.stringify(line));
  }
}
await Promise.all(Array.from({ length: 4 }, work));
process.exit(0);
