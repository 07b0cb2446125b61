// Runs a program in Pyodide: node run.mjs FOLDER PROGRAM, where FOLDER holds what Python imports.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const require = createRequire(join(process.env.NODE_PATH.split(":")[0], "here.js"));
const { loadPyodide } = require("pyodide"), { Graphviz } = require("@hpcc-js/wasm-graphviz");
const [folder, program] = process.argv.slice(2);

globalThis.graphviz = process.env.WITHOUT_GRAPHVIZ ? undefined : await Graphviz.load();
const python = await loadPyodide();
python.mountNodeFS("/packages", folder);
python.runPython("import sys; sys.path.insert(0, '/packages')");
try {
  python.runPython(readFileSync(program, "utf-8"));
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
