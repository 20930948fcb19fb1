console.log(process.env, Object.keys(process.env));
console.log('NODE_OPTIONS' in process.env, process.env.NODE_OPTIONS, process.env.ASKED);
const { execFileSync } = require('child_process');
console.log(execFileSync('env', { encoding: 'utf8' }));
process.env.LATE = '1';
console.log(execFileSync('sh', ['-c', 'echo $LATE $HOME'], { encoding: 'utf8' }));
console.log(new Date(0).toString(), Intl.DateTimeFormat().resolvedOptions());
