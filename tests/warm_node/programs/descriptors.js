const fs = require('fs');
const all = fs.readdirSync('/proc/self/fd').map(Number).sort((a, b) => a - b);
const kind = (fd) => {
  try {
    return fs.readlinkSync(`/proc/self/fd/${fd}`).replace(/\d{3,}/, 'N');
  } catch (error) {
    return error.code;
  }
};
console.log(all.map((fd) => [fd, kind(fd)]));
console.log(fs.openSync('/dev/null', 'r'), process.stdout.isTTY, process.stdin.isTTY);
console.log(process.stdin.constructor.name, process.stdout.constructor.name, process.stderr._type);
console.log(fs.readFileSync('/proc/self/fdinfo/0', 'utf8').split('\n').slice(0, 2));
try { fs.writeSync(0, 'x'); } catch (error) { console.log(error.message); }
