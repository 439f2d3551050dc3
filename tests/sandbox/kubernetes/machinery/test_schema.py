"""Structural schemas: pruning, defaults, violations."""

from streamspace_sandbox.kubernetes.machinery.schema import apply_defaults, prune, violations


def test_a_schema_prunes_fills_and_judges() -> None:
    schema = {
        "type": "object",
        "required": ["a"],
        "properties": {
            "a": {"type": "string"},
            "b": {"type": "object", "properties": {"c": {"type": "integer", "default": 5}}},
            "open": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
            "n": {"type": "string", "nullable": True},
            "either": {"x-kubernetes-int-or-string": True},
            "long": {"type": "string", "maxLength": 2},
        },
    }
    value = {"b": {"x": 1}, "open": {"y": 1}, "z": 1, "n": None, "either": "25%", "long": "abc"}
    assert sorted(prune(schema, value)) == ["b.x", "z"]
    apply_defaults(schema, value)
    assert value["b"] == {"c": 5}
    assert value["open"] == {"y": 1}
    assert {cause.field: cause.reason for cause in violations(schema, value)} == {
        "a": "FieldValueRequired",
        "long": "FieldValueTooLong",
    }
