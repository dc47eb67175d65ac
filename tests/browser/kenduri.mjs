// The built program, with its demo or with settings of a test's own, started for one file of tests and ended with it.
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export const built =
  process.env.TESTED_PROGRAM ?? fileURLToPath(new URL('../../target/debug/kenduri', import.meta.url));
const patience = 60_000;

export class Kenduri {
  // Starts the demo on a free port, in a folder of its own, and waits until it answers.
  static async start() {
    const data = mkdtempSync(join(tmpdir(), 'kenduri-browser-'));
    return Kenduri.run(data, ['--demo', '--data', data, '--listen', '127.0.0.1:0']);
  }

  // Starts the demo, or a folder with these files, with a clock that `advanceTo` moves. The program has none of this:
  // a library stands before it.
  static async startWithClock(files) {
    const data = mkdtempSync(join(tmpdir(), 'kenduri-browser-'));
    const [library, file] = [join(data, 'clock.so'), join(data, 'clock')];
    execFileSync('cc', ['-shared', '-fPIC', '-o', library, fileURLToPath(new URL('clock.c', import.meta.url)), '-ldl']);
    writeFileSync(file, Buffer.alloc(8));
    const own = join(data, 'data');
    const flags = files ? Kenduri.lay(own, files) : ['--demo', '--data', own, '--listen', '127.0.0.1:0'];
    const kenduri = await Kenduri.run(data, flags, process.cwd(), { LD_PRELOAD: library, KENDURI_TEST_CLOCK: file });
    kenduri.clock = { file, ahead: 0n };
    return kenduri;
  }

  // What its clock shows.
  now() {
    return new Date(Date.now() + Number(this.clock.ahead) * 1000);
  }

  // Moves its clock to an instant. Its jobs look at the clock every second.
  advanceTo(instant) {
    this.clock.ahead += BigInt(Math.ceil((instant - this.now()) / 1000));
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(this.clock.ahead);
    writeFileSync(this.clock.file, bytes, { flag: 'r+' });
  }

  // Starts it in a folder with these files, of which `kenduri.toml` holds its settings.
  static async configured(files, ...flags) {
    const data = mkdtempSync(join(tmpdir(), 'kenduri-browser-'));
    return Kenduri.run(data, [...flags, ...Kenduri.lay(data, files)]);
  }

  // Writes these files into a folder, and answers with the flags that start it there.
  static lay(data, files) {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(data, name)), { recursive: true });
      writeFileSync(join(data, name), text);
    }
    return ['--config', join(data, 'kenduri.toml'), '--data', data];
  }

  // `cwd` is where whoever starts it stands.
  static async run(data, flags, cwd = process.cwd(), environment = {}) {
    const program = spawn(built, ['serve', ...flags], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, KENDURI_LOG_LEVEL: 'warn', ...environment },
      cwd,
    });
    const kenduri = new Kenduri(program, data);
    process.once('exit', () => program.kill('SIGKILL'));
    await kenduri.ready();
    return kenduri;
  }

  constructor(program, data) {
    this.program = program;
    this.data = data;
    this.said = [];
  }

  async ready() {
    const slow = setTimeout(() => this.program.kill('SIGKILL'), patience);
    const lines = createInterface({ input: this.program.stdout });
    // What it prints last is read even if nobody waits for it, so that it never has to wait for us.
    await new Promise((answers, fails) => {
      lines.on('line', (line) => {
        this.said.push(line);
        const found = line.match(/answers at (http:\/\/\S+)(?: and (https:\/\/\S+))?/);
        if (found) answers(([, this.origin, this.secure] = found));
      });
      lines.on('close', () => fails(new Error(`the program did not start:\n${this.said.join('\n')}`)));
    });
    clearTimeout(slow);
  }

  // The first address it printed that matches, without scheme and host; waits until it is printed.
  async link(pattern) {
    const begin = Date.now();
    for (;;) {
      const found = this.said
        .flatMap((line) => line.split(/\s+/))
        .filter((word) => word.startsWith(this.origin))
        .map((word) => word.slice(this.origin.length))
        .find((path) => pattern.test(path));
      if (found) return found;
      if (Date.now() - begin > patience) throw new Error(`no link like ${pattern} in:\n${this.said.join('\n')}`);
      await new Promise((soon) => setTimeout(soon, 20));
    }
  }

  async stop() {
    const ended = new Promise((done) => this.program.once('exit', done));
    this.program.kill('SIGTERM');
    await ended;
    rmSync(this.data, { recursive: true, force: true });
  }
}
