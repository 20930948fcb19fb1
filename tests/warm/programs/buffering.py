import io, sys
for stream in (sys.stdin, sys.stdout, sys.stderr, sys.__stdout__):
    print(stream.name, stream.mode, stream.encoding, stream.errors, stream.newlines, stream.fileno())
    print(stream.line_buffering, stream.write_through, stream.isatty(), stream.seekable())
    print(type(stream.buffer), getattr(stream.buffer, "raw", None), stream._CHUNK_SIZE)
print(sys.stdin.buffer.raw._blksize, sys.stdin.buffer.peek()[:1], io.DEFAULT_BUFFER_SIZE)
print(sys.stdout is sys.__stdout__)
