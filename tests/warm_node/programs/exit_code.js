console.log('before'); process.exitCode = 41;
