const input = require('fs').readFileSync(0, 'utf8');
console.log(input.length, JSON.stringify(input.slice(0, 40)), require('fs').readFileSync('/dev/stdin').length);
