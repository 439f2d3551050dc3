"""All that a proxy does to a healthy product in the proof: defects, and what no user would notice."""

from tests.proof.answer_faults import ANSWER_FAULTS
from tests.proof.call_cases import CALL_FAULTS, CALL_PRODUCTS
from tests.proof.equivalent_products import EQUIVALENT_PRODUCTS
from tests.proof.field_cases import FIELD_FAULTS, FIELD_PRODUCTS
from tests.proof.later_cases import LATER_FAULTS, LATER_PRODUCTS
from tests.proof.proxy_faults import PROXY_FAULTS
from tests.proof.session_cases import SESSION_FAULTS, SESSION_PRODUCTS
from tests.proof.surrounding_cases import SURROUNDING_FAULTS, SURROUNDING_PRODUCTS

FAULTS = (
    *PROXY_FAULTS,
    *ANSWER_FAULTS,
    *FIELD_FAULTS,
    *CALL_FAULTS,
    *SESSION_FAULTS,
    *LATER_FAULTS,
    *SURROUNDING_FAULTS,
)
PRODUCTS = (
    *EQUIVALENT_PRODUCTS,
    *FIELD_PRODUCTS,
    *CALL_PRODUCTS,
    *SESSION_PRODUCTS,
    *LATER_PRODUCTS,
    *SURROUNDING_PRODUCTS,
)
