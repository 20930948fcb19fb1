// What a worker does before it looks at its program. `node` loads this first, because NODE_OPTIONS
// says so; the program itself is then loaded by node as ever. In short:
//
//   worker to keeper: the modules that could not be loaded beforehand, one per line, after a "ready"
//   keeper to worker: its environment, each variable as NAME=value with a NUL behind it
//
// Each is one message on the descriptor that RINGBACK_WORKER_FD names. Then all of this is forgotten,
// so that the program finds everything as if node had just been started for it. A thread of the
// program loads this file as well, since it has the options of its process, and only forgets it.
'use strict';
{
  // The longest environment is 96 KiB: see `ENVIRONMENT_BYTES_MAX` in pool/worker.rs.
  const MESSAGE_BYTES_MAX = 128 * 1024;
  const number = process.env.RINGBACK_WORKER_FD;
  // Threads share no environment with what is told here, and a child of the program has none of it.
  if (number !== undefined && require('worker_threads').isMainThread) {
    wait(require('fs'), Number(number), (process.env.RINGBACK_WORKER_PRELOAD || '').split(','));
  }
  forget(require('module'));

  function wait(fs, line, preload) {
    const missing = preload.filter((name) => name !== '' && !isLoaded(name));
    // What every program uses for its first line of output. They are node's own, and so in no cache
    // that a program sees.
    for (const name of ['net', 'tty', 'stream', 'util', 'events']) require(name);
    require('util').format('%s', { warm: [1, 'x'] });
    fs.writeSync(line, ['ready', ...missing].join('\n'));
    const environment = hear(fs, line);
    fs.closeSync(line);
    for (const name of Object.keys(process.env)) delete process.env[name];
    for (const variable of environment) {
      const end = variable.indexOf('=', 1);
      process.env[variable.slice(0, end)] = variable.slice(end + 1);
    }
  }

  function isLoaded(name) {
    try {
      require('module').createRequire(process.argv[1])(name);
      return true;
    } catch {
      return false;
    }
  }

  function hear(fs, line) {
    const message = Buffer.allocUnsafeSlow(MESSAGE_BYTES_MAX);
    for (;;) {
      try {
        const length = fs.readSync(line, message);
        // Whoever would have told has gone.
        if (length === 0) process.exit(1);
        return message.toString('utf8', 0, length - 1).split('\0');
      } catch (error) {
        // A process that is stopped and goes on is interrupted.
        if (error.code !== 'EINTR') throw error;
      }
    }
  }

  function forget(Module) {
    delete require.cache[__filename];
    for (const [asked, found] of Object.entries(Module._pathCache)) {
      if (found === __filename) delete Module._pathCache[asked];
    }
    const others = (process._preload_modules || []).filter((name) => name !== __filename);
    Object.defineProperty(process, '_preload_modules', { value: others });
  }
}
