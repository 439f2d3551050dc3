"""StreamSpace's agents: whether they are there, as the API says over time and as Kubernetes has their pods."""
