"""The log of a container: read whole in pages, followed over rotations, and its beginning judged."""

from __future__ import annotations

import pytest

from streamspace_acceptance.cluster import logs
from streamspace_acceptance.cluster.connection import ClusterError
from streamspace_acceptance.cluster.logs import ContainerLog, LogFollower, nanoseconds


class Server:
    """A node's log, of which `kept` lines are left."""

    namespace = "streamspace"

    def __init__(self, *lines: str) -> None:
        self.lines = list(lines)
        self.queries: list[dict[str, str]] = []

    def raw(self, path: str, **query: str) -> bytes:
        assert path.endswith("/pods/p/log")
        self.queries.append(query)
        since = nanoseconds(query["sinceTime"]) if "sinceTime" in query else 0
        lines = [line for line in self.lines if nanoseconds(line.partition(" ")[0]) >= since]
        lines = lines[-int(query["tailLines"]) :] if "tailLines" in query else lines
        body = "".join(f"{line}\n" for line in lines).encode()
        return body[: int(query["limitBytes"])] if "limitBytes" in query else body


def line(second: float, text: str) -> str:
    whole, fraction = divmod(round(second * 1000), 1000)
    return f"2026-01-01T00:{whole // 60:02}:{whole % 60:02}.{fraction:03}Z {text}"


def test_log_is_read_whole_in_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "PAGE_BYTES", 240)
    server = Server(*(line(n * 0.4, f"line {n}") for n in range(40)))
    found = ContainerLog(server, "p", "api").since()
    assert [entry.text for entry in found] == [f"line {n}" for n in range(40)]
    assert len(server.queries) > 4


def test_log_of_one_second_longer_than_a_page_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "PAGE_BYTES", 60)
    monkeypatch.setattr(logs, "LARGEST_PAGE_BYTES", 120)
    server = Server(*(line(1 + n / 1000, f"line {n}") for n in range(40)))
    with pytest.raises(ClusterError, match="in one second"):
        ContainerLog(server, "p", "api").since()


def test_follower_takes_what_comes_after_its_beginning() -> None:
    server = Server(line(1, "before"), line(1.2, "before too"))
    follower = LogFollower(ContainerLog(server, "p", "api"))
    server.lines += [line(1.3, "first"), line(5, "second")]
    assert [entry.text for entry in follower.look()] == ["first", "second"]
    server.lines += [line(5, "second"), line(6, "third")]
    assert [entry.text for entry in follower.look()] == ["first", "second", "third"]
    assert not follower.has_gap


def test_follower_knows_when_lines_were_moved_away() -> None:
    server = Server(line(1, "before"))
    follower = LogFollower(ContainerLog(server, "p", "api"))
    server.lines = [line(60, "much later")]
    assert [entry.text for entry in follower.look()] == ["much later"]
    assert follower.has_gap


def test_follower_of_an_empty_log_takes_all_of_it() -> None:
    server = Server()
    follower = LogFollower(ContainerLog(server, "p", "api"))
    server.lines = [line(2, "first")]
    assert [entry.text for entry in follower.look()] == ["first"]
    assert not follower.has_gap


@pytest.mark.parametrize("stamp", ["", "x", "2026-01-01", "2026-01-01T00:00:00"])
def test_line_without_a_time_is_an_error(stamp: str) -> None:
    with pytest.raises(ValueError, match="not the time of a line"):
        nanoseconds(stamp)


def test_times_of_lines_have_nine_digits() -> None:
    first, second = (nanoseconds(f"2026-01-01T00:00:00.{digits}Z") for digits in ("5", "500000001"))
    assert second - first == 1


def test_follower_of_a_log_that_may_not_be_read_says_so() -> None:
    class Forbidden(Server):
        def raw(self, path: str, **query: str) -> bytes:
            raise ClusterError("403 Forbidden", status=403)

    follower = LogFollower(ContainerLog(Forbidden(), "p", "api"))
    assert follower.look() == []
    assert follower.refusal == "this user may not read logs (get pods/log in namespace streamspace)"
