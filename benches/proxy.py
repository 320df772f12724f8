#!/usr/bin/env python3
"""Stands between a tool and its database: counts the messages that the tool sends, and may hold back every byte.

    benches/proxy.py postgres|mysql LISTEN_PORT HOST:PORT [DELAY_MS] [COUNT_FILE]

A message is what the server must answer before the tool can go on: a simple query or an execution of PostgreSQL's
protocol, a command of MySQL's. Half the delay is added each way. The count is written when the proxy is ended.
"""
import asyncio
import os
import signal
import sys


class Counter:
    """Cuts a client's bytes into the protocol's packets and counts those that ask for something."""

    def __init__(self, protocol):
        self.postgres = protocol == "postgres"
        self.rest = b""
        # PostgreSQL's first packet has no type; MySQL's first is the answer to the server's greeting.
        self.greeted = False
        self.messages = 0

    def feed(self, data):
        self.rest += data
        while self.cut():
            pass

    def cut(self):
        rest = self.rest
        if self.postgres:
            start = 1 if self.greeted else 0
            if len(rest) < start + 4:
                return False
            length = start + int.from_bytes(rest[start : start + 4], "big")
            if len(rest) < length:
                return False
            # A request for encryption is no greeting yet.
            if not self.greeted:
                self.greeted = rest[4:8] != (80877103).to_bytes(4, "big")
            elif rest[:1] in (b"Q", b"E"):
                self.messages += 1
        else:
            if len(rest) < 4:
                return False
            length = 4 + int.from_bytes(rest[:3], "little")
            if len(rest) < length:
                return False
            # Each command begins a new sequence; the last one only says goodbye.
            self.messages += rest[3] == 0 and rest[4:5] != b"\x01"
        self.rest = rest[length:]
        return True


async def pump(reader, writer, delay, counter=None):
    """Passes bytes on, each so much later, in order and without slowing their flow."""
    loop = asyncio.get_running_loop()
    late = asyncio.Queue()

    async def deliver():
        while True:
            due, data = await late.get()
            await asyncio.sleep(max(0, due - loop.time()))
            if not data:
                break
            writer.write(data)
            await writer.drain()
        writer.close()

    delivery = asyncio.create_task(deliver())
    data = b"x"
    while data:
        try:
            data = await reader.read(65536)
        except ConnectionError:
            data = b""
        if counter:
            counter.feed(data)
        late.put_nowait((loop.time() + delay, data))
    await asyncio.gather(delivery, return_exceptions=True)


async def main():
    protocol, port, server = sys.argv[1:4]
    delay = float(sys.argv[4]) / 2000 if len(sys.argv) > 4 else 0
    host, server_port = server.rsplit(":", 1)
    counters = []

    async def serve(reader, writer):
        counter = Counter(protocol)
        counters.append(counter)
        far_reader, far_writer = await asyncio.open_connection(host, int(server_port))
        await asyncio.gather(pump(reader, far_writer, delay, counter), pump(far_reader, writer, delay))

    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await asyncio.start_server(serve, "127.0.0.1", int(port))
    print("listening", flush=True)
    await stop.wait()
    if len(sys.argv) > 5:
        with open(sys.argv[5], "w") as file:
            print(sum(counter.messages for counter in counters), file=file)
    # Whoever is still connected is not waited for.
    os._exit(0)


asyncio.run(main())
