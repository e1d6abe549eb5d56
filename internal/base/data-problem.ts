/** Why data cannot be decompressed; the message is the end of a sentence about it. */
export class DataProblem extends Error {
  /** Whether the data is not valid, or platter does not read such data. */
  readonly kind: "damaged" | "unsupported";

  constructor(message: string, kind: DataProblem["kind"] = "damaged") {
    super(message);
    this.name = "DataProblem";
    this.kind = kind;
  }
}
