/** python3-jsonschema as the judge of JSON Schemas and of documents. */

/** Reads `{ schema, documents }`, and prints the problems of the schema and of each document. */
const JUDGE = `
import json, sys
from jsonschema import Draft202012Validator as V, FormatChecker
asked = json.load(sys.stdin)
V.check_schema(asked["schema"])
validator = V(asked["schema"], format_checker=FormatChecker())
problems = [[e.json_path + ": " + e.message for e in validator.iter_errors(d)] for d in asked["documents"]]
json.dump(problems, sys.stdout)
`;

/** The problems of each document by the schema. Throws if the schema itself is not valid. */
export function judge(schema: object, documents: readonly unknown[]): string[][] {
  // Debian's package belongs to this interpreter.
  const done = Bun.spawnSync(["/usr/bin/python3", "-c", JUDGE], {
    stdin: Buffer.from(JSON.stringify({ schema, documents })),
    maxBuffer: 2 ** 26,
  });
  if (done.exitCode !== 0) throw new Error(done.stderr.toString());
  return JSON.parse(done.stdout.toString());
}
