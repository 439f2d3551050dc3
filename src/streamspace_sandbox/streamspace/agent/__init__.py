"""The Kubernetes agent: carries out the API's commands in its cluster and reports the sessions' state."""
