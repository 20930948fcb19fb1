import asyncio, signal


async def main():
    process = await asyncio.create_subprocess_exec("cat", stdin=-1, stdout=-1)
    print(await process.communicate(b"through cat"), process.returncode)
    loop = asyncio.get_running_loop()
    done = asyncio.Event()
    loop.add_signal_handler(signal.SIGUSR1, done.set)
    signal.raise_signal(signal.SIGUSR1)
    await done.wait()
    print(await asyncio.to_thread(sum, [1, 2]), type(loop).__name__)
    await asyncio.gather(asyncio.sleep(0), asyncio.sleep(0.001))


asyncio.run(main(), debug=False)
