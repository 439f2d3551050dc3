"""Events as people read them."""

from streamspace_sandbox.kubernetes.machinery.resources import CONFIGMAPS, EVENTS
from streamspace_sandbox.kubernetes.registry.events import Recorder
from streamspace_sandbox.kubernetes.registry.store import Store


def test_the_events_of_an_object_are_listed_in_the_order_in_which_they_happened() -> None:
    store = Store()
    obj = store.create(CONFIGMAPS, {"metadata": {"name": "x", "namespace": "default"}})
    recorder, reasons = Recorder(store), [f"Reason{number}" for number in range(50)]
    for reason in reasons:
        recorder.normal(obj, reason, "it happened")
    assert [event["reason"] for event in store.list(EVENTS, "default")[0]] == reasons
