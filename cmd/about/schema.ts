import type { Command } from "@commander-js/extra-typings";
import {
  DOCUMENT_NAMES,
  documentNamed,
  documentSchema,
  titleOf,
} from "../../internal/documents/catalogue.ts";
import { withExamples } from "../reference/examples.ts";
import { COMMAND_GROUPS } from "../reference/groups.ts";
import type { WorldOf } from "../world.ts";

export function addSchema(program: Command, worldOf: WorldOf): void {
  withExamples(
    program.command("schema"),
    ["platter schema", "list all documents"],
    ["platter schema verify > verify.schema.json", "the result of `platter verify --json`"],
    ["platter schema iso.yaml > iso.yaml.schema.json", "for an editor that checks `iso.yaml`"],
  )
    .helpGroup(COMMAND_GROUPS.other)
    .argument("[document]", "name of a document")
    .summary("print the JSON Schema of a document")
    .description(
      "Prints the JSON Schema (draft 2020-12) of a document that platter reads or writes, or a list of all documents.",
    )
    .action(async (name) => {
      const text = name === undefined ? documentList() : schemaText(name);
      await worldOf().printData(text);
    });
}

function schemaText(name: string): string {
  return `${JSON.stringify(documentSchema(documentNamed(name)), null, 2)}\n`;
}

/** One line for each document. */
function documentList(): string {
  const width = Math.max(...DOCUMENT_NAMES.map((name) => name.length)) + 2;
  return DOCUMENT_NAMES.map((name) => `${name.padEnd(width)}${titleOf(name)}\n`).join("");
}
