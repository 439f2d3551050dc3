"""Kubernetes as the suite sees it: typed views of a few objects, lists, watches, exec and logs."""
