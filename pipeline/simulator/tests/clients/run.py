"""Runs published KIS client libraries against the simulator, unchanged but for the address.

    python3 -m venv VENV && VENV/bin/pip install -r requirements.txt && VENV/bin/python run.py FEED_SIMULATOR_BINARY

Each library gets a simulator of its own and registers issues; after 500 ticks the market is paused, and every tick that the
library has handed to its user is compared with the simulator's log. Exit 0: all agree. Not part of `cargo test`, because
the libraries come from PyPI.
"""

import json
import re
import subprocess
import sys
import threading
import time
import urllib.request

TICKS = 500
PATIENCE = 30.0  # seconds


class Simulator:
    """The binary on a free port, with its control endpoints."""

    def __init__(self, binary, width):
        self.process = subprocess.Popen(
            [binary, "--listen", "127.0.0.1:0", "--rate", "500", "--width", str(width), "--idle", "1", "--keep-log"],
            stderr=subprocess.PIPE,
            text=True,
        )
        for line in self.process.stderr:
            if found := re.search(r"address=(\S+)", line):
                self.address = found[1]
                break
        threading.Thread(target=self.process.stderr.read, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def call(self, method, path):
        request = urllib.request.Request(f"http://{self.address}{path}", method=method)
        with urllib.request.urlopen(request) as answer:
            return answer.read().decode()

    def sent(self):
        """(issue, price, accumulated volume) of each tick, in order."""
        ticks = []
        for line in self.call("GET", "/control/log").splitlines():
            tr, count, payload = line.split(" ", 2)[2].split("|")[1:]
            fields = payload.split("^")
            width = len(fields) // int(count)
            symbol, price, volume = (1, 11, 20) if tr == "HDFSCNT0" else (0, 2, 13)
            for at in range(0, len(fields), width):
                ticks.append((fields[at + symbol], float(fields[at + price]), int(fields[at + volume])))
        return ticks


def redirect(package, old, new):
    """Replaces an address that a library keeps as a constant in its modules."""
    for name, module in list(sys.modules.items()):
        if name.split(".")[0] == package:
            for attribute, value in list(vars(module).items()):
                if value == old:
                    setattr(module, attribute, new)


def kis_trader(simulator, got):
    from kis_trader._internal import _endpoints
    from kis_trader.realtime._approval import fetch_approval_key
    from kis_trader.realtime.client import RealtimeClient

    _endpoints._BASE_URL_BY_ENVIRONMENT["real"] = f"http://{simulator.address}"
    approval_key = fetch_approval_key("A" * 36, "s" * 180, "real")
    client = RealtimeClient(approval_key, f"ws://{simulator.address}")
    take = lambda tick: got.append((tick.symbol, float(tick.current_price), tick.accumulated_volume))
    client.domestic.stock("005930").trades(on=take)
    client.domestic.stock("000660").trades("NXT", on=take)
    overseas = lambda message: take(message.data)
    client.subscribe(tr_id="HDFSCNT0", tr_key="DNASAAPL", on=overseas)
    client.start()
    return client.stop


def python_kis(simulator, got):
    import pykis
    import pykis.client.websocket

    redirect("pykis", "https://openapi.koreainvestment.com:9443", f"http://{simulator.address}")
    redirect("pykis", "ws://ops.koreainvestment.com:21000", f"ws://{simulator.address}")
    kis = pykis.PyKis(id="tester", account="00000000-01", appkey="B" * 36, secretkey="s" * 180)
    take = lambda _, event: got.append((event.response.symbol, float(event.response.price), event.response.volume))
    tickets = [
        kis.websocket.on(id="H0STCNT0", key="005930", callback=take),
        kis.websocket.on(id="HDFSCNT0", key="DNASAAPL", callback=take),
    ]

    def stop():
        for ticket in tickets:
            ticket.unsubscribe()
        kis.websocket.disconnect()

    return stop


def mojito2(simulator, got):
    import types

    import mojito.koreainvestment
    import websockets

    # The address is a literal inside the library's only method.
    connect = lambda _, **options: websockets.connect(f"ws://{simulator.address}", **options)
    mojito.koreainvestment.websockets = types.SimpleNamespace(connect=connect)
    client = mojito.koreainvestment.KoreaInvestmentWS("C" * 36, "s" * 180, ["H0STCNT0"], ["005930", "000660"])
    client.base_url = f"http://{simulator.address}"
    client.start()

    def read():
        while True:
            _, tick = client.get()
            values = list(tick.values())
            got.append((values[0], float(values[2]), int(values[13])))

    threading.Thread(target=read, daemon=True).start()
    return client.terminate


def wait(condition, what):
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            sys.exit(f"waited in vain for {what()}")
        time.sleep(0.02)


def run(binary, library, width):
    got = []
    with Simulator(binary, width) as simulator:
        stop = library(simulator, got)
        wait(lambda: len(got) >= TICKS, lambda: f"{library.__name__}: {len(got)} of {TICKS} ticks")
        simulator.call("POST", "/control/rate?ticks_per_second=0")
        sent = simulator.sent()
        wait(lambda: len(got) >= len(sent), lambda: f"{library.__name__}: {len(got)} of {len(sent)} ticks")
        # Two heartbeats of the idle session, answered in the library's own way or not at all.
        time.sleep(2.5)
        living = json.loads(simulator.call("GET", "/control/sessions"))["sessions"]
        assert [session["ended"] for session in living] == [None], living
        assert sorted(got) == sorted(sent), f"{library.__name__} saw other ticks than were sent"
        issues = len({tick[0] for tick in got})
        print(f"{library.__name__}: {len(got)} ticks of {issues} issues, width {width}, all as sent")
        stop()


if __name__ == "__main__":
    for library, width in [(kis_trader, 47), (python_kis, 46), (mojito2, 46)]:
        run(sys.argv[1], library, width)
