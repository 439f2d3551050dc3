"""Owner references: the controller of an object, and the objects that it controls."""

from streamspace_sandbox.kubernetes.machinery.objects import name_of, namespace_of
from streamspace_sandbox.kubernetes.machinery.resources import Obj, Resource
from streamspace_sandbox.kubernetes.registry.store import Store


def controller_of(obj: Obj) -> Obj | None:
    """The reference to the owner that controls the object, None without one."""
    references = obj["metadata"].get("ownerReferences") or []
    return next((reference for reference in references if reference.get("controller")), None)


def owner_reference(owner: Obj) -> Obj:
    """A reference that makes `owner` the controller of the object that carries it."""
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": name_of(owner),
        "uid": owner["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def owned(store: Store, resource: Resource, owner: Obj) -> list[Obj]:
    """Objects of one kind that `owner` controls."""
    uid = owner["metadata"]["uid"]
    candidates = ((obj, controller_of(obj)) for obj in store.list(resource, namespace_of(owner))[0])
    return [obj for obj, reference in candidates if reference is not None and reference["uid"] == uid]
