console.log('now'); process.kill(process.pid, 'SIGTERM'); setTimeout(() => {}, 5000);
