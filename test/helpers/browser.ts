/** Chromium without a window, steered by its remote debugging protocol (Chrome DevTools Protocol 1.3). */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { hostProgram } from "./scene.ts";
import { until } from "./until.ts";

interface Answer {
  id?: number;
  method?: string;
  params?: Record<string, unknown>;
  result?: Record<string, unknown>;
  error?: { message: string };
}

/** A page as the browser shows it. */
export interface Shown {
  /** Addresses that the page asked for, besides its own and those that hold their data. */
  requests: string[];
  /** Messages of the console and of the page's policy. */
  messages: string[];
  /** The value of the expression, as JSON has it. */
  value: unknown;
}

export class Browser implements AsyncDisposable {
  readonly #process: Bun.Subprocess;
  readonly #socket: WebSocket;
  readonly #answers = new Map<number, (answer: Answer) => void>();
  #events: Answer[] = [];
  #next = 1;

  private constructor(process: Bun.Subprocess, socket: WebSocket) {
    this.#process = process;
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => {
      const answer = JSON.parse(String(data)) as Answer;
      if (answer.id === undefined) this.#events.push(answer);
      else this.#answers.get(answer.id)?.(answer);
    });
  }

  /** Starts a browser that keeps everything in `folder`. */
  static async start(folder: string): Promise<Browser> {
    const flags = [
      "--headless=new",
      "--no-sandbox",
      "--disable-gpu",
      "--no-first-run",
      "--remote-debugging-port=0",
    ];
    const child = Bun.spawn([hostProgram("chromium"), ...flags, `--user-data-dir=${folder}`, "about:blank"], {
      stdio: ["ignore", "ignore", "ignore"],
      env: { ...process.env, HOME: folder },
    });
    const announced = join(folder, "DevToolsActivePort");
    await until(() => existsSync(announced) && readFileSync(announced, "utf8").includes("\n"));
    const port = readFileSync(announced, "utf8").split("\n")[0];
    const pages = (await (await fetch(`http://127.0.0.1:${port}/json`)).json()) as {
      type: string;
      webSocketDebuggerUrl: string;
    }[];
    const socket = new WebSocket(pages.find(({ type }) => type === "page")!.webSocketDebuggerUrl);
    await new Promise((resolve, reject) => {
      socket.addEventListener("open", resolve);
      socket.addEventListener("error", reject);
    });
    const browser = new Browser(child, socket);
    for (const domain of ["Page", "Network", "Log", "Runtime"]) await browser.#call(`${domain}.enable`);
    return browser;
  }

  /** Opens a page in a window of this width, and evaluates an expression in it. */
  async show(
    address: string,
    { width, scheme, expression }: { width: number; scheme: "light" | "dark"; expression: string },
  ): Promise<Shown> {
    await this.#call("Emulation.setDeviceMetricsOverride", {
      width,
      height: 1000,
      deviceScaleFactor: 1,
      mobile: false,
    });
    await this.#call("Emulation.setEmulatedMedia", {
      features: [{ name: "prefers-color-scheme", value: scheme }],
    });
    this.#events = [];
    await this.#call("Page.navigate", { url: address });
    await until(() => this.#events.some(({ method }) => method === "Page.loadEventFired"));
    const evaluated = await this.#call("Runtime.evaluate", { expression, returnByValue: true });
    const urls = this.#events.flatMap(({ method, params }) =>
      method === "Network.requestWillBeSent" ? [(params!.request as { url: string }).url] : [],
    );
    return {
      requests: urls.filter((url) => url !== address && !url.startsWith("data:")),
      messages: this.#events.flatMap(({ method, params }) =>
        method === "Log.entryAdded" || method === "Runtime.consoleAPICalled" ? [JSON.stringify(params)] : [],
      ),
      value: (evaluated.result as { value: unknown }).value,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#call("Browser.close");
    await this.#process.exited;
  }

  async #call(method: string, params: Record<string, unknown> = {}): Promise<Record<string, unknown>> {
    const id = this.#next++;
    const answered = new Promise<Answer>((resolve) => this.#answers.set(id, resolve));
    this.#socket.send(JSON.stringify({ id, method, params }));
    const { result, error } = await answered;
    if (error !== undefined) throw new Error(`${method}: ${error.message}`);
    return result ?? {};
  }
}
