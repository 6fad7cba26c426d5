"""The real server as a process on a free port, with certificates of its own, ended by SIGTERM."""

import os
import re
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Self

import pytest

from demo.channel import PROJECT, Address


def binary() -> Path:
    """Returns the server's binary; without one the test is skipped, or fails where a server is required."""
    named = os.environ.get("ARROWLINK_SERVER_BIN")
    path = Path(named) if named else PROJECT / "target" / "debug" / "arrowlink-server"
    if not path.is_file():
        message = f"no server at `{path}`; build it with `cargo build --workspace --bin arrowlink-server`"
        if os.environ.get("ARROWLINK_REQUIRE_SERVER") == "1":
            pytest.fail(message)
        pytest.skip(message)
    return path


def example(name: str) -> Path:
    """Returns the binary of an example of the server's crate, which lies beside its own."""
    path = binary().parent / "examples" / name
    if not path.is_file():
        message = f"no example at `{path}`; build it with `cargo build --workspace --example {name}`"
        if os.environ.get("ARROWLINK_REQUIRE_SERVER") == "1":
            pytest.fail(message)
        pytest.skip(message)
    return path


class RealServer:
    """A running server, used as a context manager: leaving it ends the server and looks at how it ended."""

    def __init__(
        self,
        folder: Path,
        *arguments: object,
        settings: Mapping[str, str] | None = None,
        program: Path | None = None,
    ) -> None:
        """Starts the server in `folder` and waits until it listens; `settings` are environment variables.

        Another `program` has its certificates in `certs` and finds out by itself where to listen.
        """
        self.ca = folder / "certs" / "ca.crt"
        self.log = folder / "server.log"
        own = [binary(), "--listen", "127.0.0.1:0", "--tls-dir", self.ca.parent]
        command = [*([program] if program else own), *arguments]
        with self.log.open("w") as log:
            self._process = subprocess.Popen(  # noqa: S603 - the binary that was just built
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=folder,
                env={**os.environ, **(settings or {})},
            )
        # Examples end at Ctrl-C alone.
        self._ending = signal.SIGINT if program else signal.SIGTERM
        try:
            self.address = self._wait_until_listening()
        except BaseException:
            self.kill()
            raise

    def kill(self) -> None:
        """Ends the server at once, as a crash would."""
        self._process.kill()
        self._process.wait(LIMIT_SECONDS)
        self._close()

    def stop(self) -> None:
        """Ends the server as an operator would and expects it to say that all went well."""
        self._process.send_signal(self._ending)
        try:
            code = self._process.wait(LIMIT_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        self._close()
        assert code == 0, self.log.read_text()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.returncode is None:
            self.stop()

    def _wait_until_listening(self) -> Address:
        deadline = time.monotonic() + LIMIT_SECONDS
        seen = b""
        while (
            listening := re.search(rb"^listening.*?(\d+\.\d+\.\d+\.\d+):(\d+).*\n", seen, re.MULTILINE)
        ) is None:
            more = self._read_some(deadline - time.monotonic())
            assert more, f"the server did not say that it listens, only {seen!r}; {self.log.read_text()}"
            seen += more
        return Address(listening[1].decode(), int(listening[2]))

    def _read_some(self, seconds: float) -> bytes:
        output = self._process.stdout
        assert output is not None
        with selectors.DefaultSelector() as selector:
            selector.register(output, selectors.EVENT_READ)
            return os.read(output.fileno(), 65536) if selector.select(max(0.0, seconds)) else b""

    def _close(self) -> None:
        if self._process.stdout is not None:
            self._process.stdout.close()


LIMIT_SECONDS = 60
