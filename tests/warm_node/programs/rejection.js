async function f() { await null; throw new Error('nobody caught it'); } f(); console.log('first');
