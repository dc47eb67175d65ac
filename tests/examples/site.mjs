// A site of examples/ in a folder of its own, run by the built program: the files as they stand, what
// was installed beside them by `cargo xtask example NAME --no-run`, and nothing kept from before.
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Kenduri, built } from '../browser/kenduri.mjs';

const examples = fileURLToPath(new URL('../../examples/', import.meta.url));
const installed = ['.venv', 'node_modules'];
const patience_ms = 60_000;
const output = async (...command) => (await promisify(execFile)(...command)).stdout;

export class Site {
  // Runs `name`, by the settings in `file` as `adapt` leaves them and more `words`, on a free port.
  // `prepare` may have the built program do something there before.
  static async run(name, file = 'kenduri.toml', adapt = (settings) => settings, words = [], prepare = async () => {}) {
    const from = join(examples, name);
    const folder = mkdtempSync(join(tmpdir(), 'kenduri-example-'));
    const isOurs = (path) => ![...installed, 'data', '__pycache__'].includes(basename(path));
    cpSync(from, folder, { recursive: true, filter: isOurs });
    for (const part of ['flask', 'node', 'express']) {
      for (const packages of installed) {
        const there = join(from, part, packages);
        if (existsSync(there)) symlinkSync(there, join(folder, part, packages));
      }
    }
    // A command that replaces a service need not wait for as long as on a server.
    const settings = readFileSync(join(folder, file), 'utf8').replace(/^\[service\.\w+\]$/gm, '$&\nkeep_former = "1s"');
    writeFileSync(join(folder, file), adapt(settings));
    await prepare(async (...command) => (await promisify(execFile)(built, command, { cwd: folder })).stdout);
    // By its bare name, as a person in that folder would; services stand in folders of their own.
    const kenduri = await Kenduri.run(folder, ['--config', file, '--listen', '127.0.0.1:0', '--data', 'data', ...words], folder);
    const site = new Site(kenduri, folder, file);
    try {
      await site.until('every instance is ready', () => site.isReady());
    } catch (cause) {
      // Nothing that was begun here is left behind.
      await kenduri.stop();
      throw cause;
    }
    return site;
  }

  constructor(kenduri, folder, settings) {
    this.kenduri = kenduri;
    this.folder = folder;
    this.settings = settings;
  }

  get origin() {
    return this.kenduri.origin;
  }

  stop() {
    return this.kenduri.stop();
  }

  // What a word of Kenduri's prints.
  say(word, ...more) {
    return output(built, [word, ...more, '--config', this.settings, '--data', 'data'], { cwd: this.folder });
  }

  // The lines of `kenduri ps`.
  async list() {
    return JSON.parse(await this.say('ps', '--json'));
  }

  // Those of one service.
  async instances(service) {
    return (await this.list()).filter((row) => row.service === service);
  }

  // Whether everything runs that should, what is kept in reserve too.
  async isReady() {
    return (await this.list()).every(({ state }) => state === 'ready' || state === 'spare');
  }

  // Kills every process of a service in the middle of what it does; answers with their ids.
  async kill(service) {
    const pids = (await this.instances(service)).flatMap(({ pid }) => pid ?? []);
    for (const pid of pids) process.kill(pid, 'SIGKILL');
    return pids;
  }

  // Waits until something is so; fails when it takes too long.
  async until(what, isSo) {
    const end = Date.now() + patience_ms;
    while (!(await isSo())) {
      if (Date.now() > end) {
        const [rows, lines] = await Promise.all([this.say('ps'), this.say('logs')]);
        throw new Error(`not in ${patience_ms} ms: ${what}\n${rows}${lines}`);
      }
      await pause(20);
    }
  }

  // The rows of a question to a SQLite file of the site.
  async read(database, question) {
    const program = 'import json, sqlite3, sys; print(json.dumps(sqlite3.connect(sys.argv[1]).execute(sys.argv[2]).fetchall()))';
    return JSON.parse(await output('python3', ['-c', program, join(this.folder, database), question]));
  }
}

// One request over a connection of its own; `where` is an address or the options of node:http.
export function ask(where, { method = 'GET', headers = {}, body } = {}) {
  return new Promise((answered, failed) => {
    const asked = request(where, { method, headers, agent: false }, async (answer) => {
      try {
        let text = '';
        for await (const piece of answer.setEncoding('utf8')) text += piece;
        answered({ status: answer.statusCode, headers: answer.headers, text });
      } catch (cause) {
        failed(cause);
      }
    });
    asked.on('error', failed);
    asked.end(body);
  });
}

export const askJson = (where, value, headers = {}) =>
  ask(where, { method: 'POST', headers: { 'Content-Type': 'application/json', ...headers }, body: JSON.stringify(value) });
