const { spawnSync, fork, execFileSync } = require('child_process');
console.log(execFileSync('cat', { input: 'through', encoding: 'utf8' }));
console.log(spawnSync(process.execPath, ['-p', 'process.env.NODE_OPTIONS + process.execArgv']).stdout.toString());
require('fs').writeFileSync('child.js', 'process.send([process.argv, process.execArgv, Object.keys(require.cache)])');
fork('child.js').on('message', (message) => console.log(message)).on('exit', (code) => console.log(code));
