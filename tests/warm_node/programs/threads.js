const { Worker, isMainThread, threadId } = require('worker_threads');
const code = `const { parentPort, workerData } = require('worker_threads');
const Module = require('module');
parentPort.postMessage([workerData, process.argv.slice(2), process.execArgv, process.env.ASKED,
  Object.keys(require.cache), Object.keys(Module._pathCache), process._preload_modules]);`;
console.log(isMainThread, threadId);
const worker = new Worker(code, { eval: true, workerData: 5 });
worker.on('message', (message) => console.log(message)).on('exit', (status) => {
  console.log(status);
  new Worker(code, { eval: true, env: { ASKED: 'other' } }).on('message', (message) => console.log(message));
});
