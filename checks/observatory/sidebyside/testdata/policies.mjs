// Has the MDN HTTP Observatory judge policies. Standard input is JSON: package
// (its folder), and answers with fields and metas; standard output is one JSON
// array of [result, whether there is frame-ancestors].
import fs from "node:fs";
import path from "node:path";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const input = JSON.parse(fs.readFileSync(0, "utf8"));
const file = path.join(input.package, "src", "analyzer", "tests", "csp.js");
const { contentSecurityPolicyTest } = await import(pathToFileURL(file));
const { AxiosHeaders } = createRequire(file)("axios");

const judged = input.answers.map(({ fields, metas }) => {
  const headers = new AxiosHeaders();
  if (fields) headers.set("Content-Security-Policy", fields.join(", "));
  const output = contentSecurityPolicyTest({
    responses: { auto: { headers, httpEquiv: new Map([["content-security-policy", metas ?? []]]) } },
    session: { url: new URL("https://a.test/") },
  });
  return [output.result, Boolean(output.data?.["frame-ancestors"])];
});
console.log(JSON.stringify(judged));
