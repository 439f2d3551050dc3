"""Allure's view of a run. It knows no Kubernetes and no product."""
