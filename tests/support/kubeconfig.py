"""A kubeconfig of one cluster, of which the address is left open."""

KUBECONFIG = """\
apiVersion: v1
kind: Config
current-context: c
contexts: [{name: c, context: {cluster: k, user: u}}]
clusters: [{name: k, cluster: {server: "%s"}}]
users: [{name: u, user: {token: t}}]
"""
