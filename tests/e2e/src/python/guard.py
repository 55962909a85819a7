"""Runs a command in a session of its own, and ends all of it when standard input ends.

Whoever started this holds the other end of standard input, which closes however that process goes:
in good order, by a panic, or killed. So nothing that was started outlives it.
"""

import os
import signal
import subprocess
import sys
import threading

PATIENCE = 15.0


def main() -> int:
    # Control-C reaches the whole foreground group; what to do about it is the starter's business. A
    # handler, unlike SIG_IGN, is not inherited by the command.
    signal.signal(signal.SIGINT, lambda *_: None)
    command = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, start_new_session=True)

    def end() -> None:
        sys.stdin.buffer.read()
        kill(command.pid, signal.SIGTERM)
        try:
            command.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            kill(command.pid, signal.SIGKILL)

    threading.Thread(target=end, daemon=True).start()
    status = command.wait()
    kill(command.pid, signal.SIGKILL)
    sys.stdout.flush()
    os._exit(status if status >= 0 else 128 - status)


def kill(group: int, number: signal.Signals) -> None:
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        pass


if __name__ == "__main__":
    sys.exit(main())
