"""A real Kubernetes node on this machine: built from Go modules, run in namespaces of its own.

It knows how Kubernetes is built and started. It does not know StreamSpace but for the commands of its images.
"""
