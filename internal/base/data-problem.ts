/** The reason why data cannot be decompressed. The message completes a sentence about the data. */
export class DataProblem extends Error {
  /** `damaged`: the data is invalid. `unsupported`: platter does not support the format. */
  readonly kind: "damaged" | "unsupported";

  constructor(message: string, kind: DataProblem["kind"] = "damaged") {
    super(message);
    this.name = "DataProblem";
    this.kind = kind;
  }
}
