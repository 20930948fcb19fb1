console.log(process.eventNames(), process.getMaxListeners(), process._getActiveHandles().length);
console.log(process.getActiveResourcesInfo(), require('async_hooks').executionAsyncId());
console.log(Error.stackTraceLimit, typeof Error.prepareStackTrace, process.exitCode);
console.log(process.memoryUsage().rss > 1e6, process.resourceUsage().maxRSS > 0, process.umask());
console.log(process.getuid() === process.geteuid(), process.getgroups(), process.pid, process.ppid);
