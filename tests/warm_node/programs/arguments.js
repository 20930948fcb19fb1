console.log(process.argv, process.argv0, process.execArgv, process.execPath, __filename, __dirname);
console.log(require.main === module, module.id, module.parent, module.children, module.paths);
console.log(process.cwd(), process.title, process.release.name, process.exitCode);
