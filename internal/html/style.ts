/** The look of all pages: colours for light and dark, texts, cards, tables, and folded parts. */
export const BASE_STYLE = `
:root {
  color-scheme: light dark;
  --page: #f4f5f7; --card: #ffffff; --text: #1b1f24; --quiet: #57606a; --line: #d5dae0; --track: #e8ebef;
  --good: #116b32; --good-back: #dff5e5; --bad: #a8121d; --bad-back: #fde7e8; --link: #0550ae;
  --part-1: #5b6b7f; --part-2: #8a4fbf; --part-3: #1f6fc4; --part-4: #0f8577; --part-5: #a86200; --part-6: #4b7f1f;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0f1216; --card: #181c22; --text: #e8ebef; --quiet: #a3adb8; --line: #323a44; --track: #2a313a;
    --good: #6fdd8e; --good-back: #12351f; --bad: #ff9a94; --bad-back: #43171a; --link: #7cb7ff;
    --part-1: #94a3b8; --part-2: #c39bf0; --part-3: #6db0ff; --part-4: #4fcdbb; --part-5: #f0ad4e; --part-6: #9bd05f;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--text);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
  overflow-wrap: anywhere;
}
main { max-width: 1200px; margin: 0 auto; padding: 24px 16px 48px; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0; }
h2 { font-size: 1.15rem; line-height: 1.3; margin: 0; }
h2 + dl { margin-top: 10px; }
h3 { font-size: 1rem; margin: 0 0 4px; }
p { margin: 4px 0; }
a { color: var(--link); }
code, pre { font-family: ui-monospace, "Cascadia Mono", "DejaVu Sans Mono", Menlo, Consolas, monospace; font-size: 0.85em; }
pre { margin: 0; white-space: pre-wrap; }
dl { display: grid; grid-template-columns: minmax(6rem, max-content) 1fr; gap: 6px 16px; margin: 0; }
dt { color: var(--quiet); }
dd { margin: 0; min-width: 0; }
.quiet { color: var(--quiet); }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 16px; margin-top: 16px; }
.row { display: flex; flex-wrap: wrap; gap: 8px 12px; align-items: center; }
.badge { border-radius: 999px; padding: 1px 10px; font-size: 0.9rem; font-weight: 600; white-space: nowrap; }
.good { color: var(--good); background: var(--good-back); }
.bad { color: var(--bad); background: var(--bad-back); }
.bar { display: block; width: 100%; height: 20px; border-radius: 5px; background: var(--track); }
.bar rect { stroke: var(--card); stroke-width: 2px; vector-effect: non-scaling-stroke; }
.parts { list-style: none; display: flex; flex-wrap: wrap; gap: 2px 16px; margin: 8px 0 0; padding: 0; font-variant-numeric: tabular-nums; }
.swatch { display: inline-block; width: 10px; height: 10px; border-radius: 2px; margin-right: 6px; }
.part-1 { fill: var(--part-1); background: var(--part-1); }
.part-2 { fill: var(--part-2); background: var(--part-2); }
.part-3 { fill: var(--part-3); background: var(--part-3); }
.part-4 { fill: var(--part-4); background: var(--part-4); }
.part-5 { fill: var(--part-5); background: var(--part-5); }
.part-6 { fill: var(--part-6); background: var(--part-6); }
details { margin-top: 12px; }
summary { cursor: pointer; color: var(--link); }
summary:focus-visible, a:focus-visible, pre:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
details pre { margin-top: 8px; padding: 10px; background: var(--page); border: 1px solid var(--line); border-radius: 6px; max-height: 26rem; overflow-y: auto; }
`;
