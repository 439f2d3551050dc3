"""The Kubernetes agent: carries out the API's commands in its cluster and tells what it sees there."""
