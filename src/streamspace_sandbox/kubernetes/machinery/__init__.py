"""Objects, patches, selectors and errors of the Kubernetes API, without a store and without HTTP."""
