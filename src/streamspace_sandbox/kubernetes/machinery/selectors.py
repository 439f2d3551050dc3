"""Label and field selectors: the text that a client sends, as a predicate on objects."""

import re
from collections.abc import Callable, Mapping

from streamspace_sandbox.kubernetes.machinery.errors import ApiError, bad_request
from streamspace_sandbox.kubernetes.machinery.resources import Obj, Resource

Predicate = Callable[[Obj], bool]

_KEY = r"(?:[A-Za-z0-9.-]+/)?[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_VALUE = r"(?:[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)?"
_SET = re.compile(rf"\s*({_KEY})\s+(in|notin)\s*\(([^()]*)\)\s*")
_EQUALITY = re.compile(rf"\s*({_KEY})\s*(==|=|!=)\s*({_VALUE})\s*")
_EXISTENCE = re.compile(rf"\s*(!?)\s*({_KEY})\s*")

_COMMON_FIELDS = frozenset({"metadata.name", "metadata.namespace"})
_FIELDS: Mapping[str, frozenset[str]] = {
    "pods": frozenset(
        {
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "spec.hostNetwork",
            "status.phase",
            "status.podIP",
            "status.nominatedNodeName",
        }
    ),
    "events": frozenset(
        {f"involvedObject.{f}" for f in ("kind", "namespace", "name", "uid", "apiVersion", "fieldPath")}
        | {"involvedObject.resourceVersion", "reason", "reportingComponent", "source", "type"}
    ),
    "nodes": frozenset({"spec.unschedulable"}),
    "namespaces": frozenset({"status.phase"}),
    "secrets": frozenset({"type"}),
    "replicasets": frozenset({"status.replicas"}),
}


def _labels(obj: Obj) -> Mapping[str, str]:
    return obj["metadata"].get("labels") or {}


def _set_term(key: str, operator: str, values: frozenset[str]) -> Predicate:
    if operator == "in":
        return lambda obj: _labels(obj).get(key) in values
    return lambda obj: _labels(obj).get(key) not in values


def _equality_term(key: str, operator: str, value: str) -> Predicate:
    if operator == "!=":
        return lambda obj: _labels(obj).get(key) != value
    return lambda obj: _labels(obj).get(key) == value


def _existence_term(key: str, absent: bool) -> Predicate:
    return lambda obj: (key not in _labels(obj)) is absent


def _label_term(text: str) -> Predicate:
    if match := _SET.fullmatch(text):
        values = frozenset(value.strip() for value in match[3].split(","))
        return _set_term(match[1], match[2], values)
    if match := _EQUALITY.fullmatch(text):
        return _equality_term(match[1], match[2], match[3])
    if match := _EXISTENCE.fullmatch(text):
        return _existence_term(match[2], bool(match[1]))
    raise bad_request(f"unable to parse requirement: {text.strip()!r} is not a label requirement")


def _terms(selector: str) -> list[str]:
    """The comma-separated requirements, commas inside parentheses left alone."""
    return [term for term in re.split(r",(?![^()]*\))", selector) if term.strip()]


def _all(terms: list[Predicate]) -> Predicate:
    return lambda obj: all(term(obj) for term in terms)


def label_selector(selector: str) -> Predicate:
    """`a=b,c!=d,e in (f,g),h,!i`. Raises `ApiError` 400."""
    return _all([_label_term(term) for term in _terms(selector)])


def _field(obj: Obj, path: str) -> str:
    value: object = obj
    for part in path.split("."):
        if not isinstance(value, dict):
            return ""
        value = value.get(part)
    if isinstance(value, dict) and path == "source":
        value = value.get("component")
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _unsupported(path: str) -> ApiError:
    return bad_request(f"field label not supported: {path}")


def _field_term(resource: Resource, text: str) -> Predicate:
    match = re.fullmatch(r"\s*([A-Za-z0-9.]+)\s*(==|=|!=)\s*(.*?)\s*", text)
    if not match:
        raise bad_request(f"invalid field selector: {text!r}; it must be field=value or field!=value")
    path, operator, wanted = match[1], match[2], match[3]
    allowed = frozenset() if resource.custom else _FIELDS.get(resource.plural, frozenset())
    if path not in _COMMON_FIELDS and path not in allowed:
        raise _unsupported(path)
    boolean_default = path in ("spec.unschedulable", "spec.hostNetwork")

    def matches(obj: Obj) -> bool:
        actual = _field(obj, path) or ("false" if boolean_default else "")
        return (actual == wanted) is (operator != "!=")

    return matches


def field_selector(resource: Resource, selector: str) -> Predicate:
    """`status.phase=Running,metadata.name!=x`, limited to the fields that the kind supports. Raises `ApiError` 400."""
    return _all([_field_term(resource, term) for term in _terms(selector)])


def selector(resource: Resource, labels: str | None, fields: str | None) -> Predicate | None:
    """Both selectors as one predicate; None when everything matches."""
    terms = [label_selector(labels)] if labels else []
    if fields:
        terms.append(field_selector(resource, fields))
    return _all(terms) if terms else None


def matches_selector(selector: Obj | None, labels: Mapping[str, str]) -> bool:
    """Whether labels satisfy a `LabelSelector` object (matchLabels, matchExpressions); None matches nothing."""
    if selector is None:
        return False
    if any(labels.get(key) != value for key, value in (selector.get("matchLabels") or {}).items()):
        return False
    return all(_expression_holds(expression, labels) for expression in selector.get("matchExpressions") or [])


def _expression_holds(expression: Obj, labels: Mapping[str, str]) -> bool:
    key, values = expression["key"], expression.get("values") or []
    match expression["operator"]:
        case "In":
            return labels.get(key) in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
    raise ValueError(f"unknown operator {expression['operator']!r}")


def selector_text(selector: Obj | None) -> str:
    """A `LabelSelector` object in the form that a query takes."""
    selector = selector or {}
    terms = [f"{key}={value}" for key, value in sorted((selector.get("matchLabels") or {}).items())]
    for expression in selector.get("matchExpressions") or []:
        values = ",".join(expression.get("values") or [])
        terms.append(
            {
                "In": f"{expression['key']} in ({values})",
                "NotIn": f"{expression['key']} notin ({values})",
                "Exists": expression["key"],
                "DoesNotExist": f"!{expression['key']}",
            }[expression["operator"]]
        )
    return ",".join(terms)
