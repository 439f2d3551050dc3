"""Events: equal ones are counted, and an object's events are in order."""

from streamspace_sandbox.kubernetes.machinery.resources import CONFIGMAPS, EVENTS
from streamspace_sandbox.kubernetes.registry.events import Recorder
from streamspace_sandbox.kubernetes.registry.store import Store


def test_events_of_an_object_are_listed_in_order() -> None:
    store = Store()
    obj = store.create(CONFIGMAPS, {"metadata": {"name": "x", "namespace": "default"}})
    recorder, reasons = Recorder(store), [f"Reason{number}" for number in range(50)]
    for reason in reasons:
        recorder.normal(obj, reason, "it happened")
    assert [event["reason"] for event in store.list(EVENTS, "default")[0]] == reasons


def test_equal_events_are_counted() -> None:
    store = Store()
    obj = store.create(CONFIGMAPS, {"metadata": {"name": "x", "namespace": "default"}})
    recorder = Recorder(store)
    for message in ("a", "a", "b"):
        recorder.warning(obj, "Odd", message)
    counts = {event["message"]: event["count"] for event in store.list(EVENTS)[0]}
    assert counts == {"a": 2, "b": 1}
