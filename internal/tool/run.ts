import { open } from "node:fs/promises";
import { PlatterError } from "../error.ts";
