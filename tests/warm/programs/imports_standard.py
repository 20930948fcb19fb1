import argparse, base64, collections, csv, datetime, decimal, email, functools, hashlib, heapq, http.client
import itertools, json, logging, math, os, pathlib, queue, re, select, shutil, signal, socket, sqlite3, ssl
import statistics, string, tempfile, textwrap, threading, types, typing, unittest, urllib.request, uuid, zlib
print(json.dumps({"a": [1, 2.5, None]}), re.findall("a+", "aabaa"), hashlib.sha256(b"x").hexdigest())
logging.warning("logged")
print(decimal.Decimal(1) / 3, sqlite3.connect(":memory:").execute("select 1 + 1").fetchall())
